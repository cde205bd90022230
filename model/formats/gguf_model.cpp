#include "model/formats/gguf_model.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "model/formats/gguf_names.h"
#include "model/formats/json.h"
#include "model/message.h"
#include "model/rope.h"

namespace orrery {

namespace {

using nlohmann::json;

constexpr int most = 1 << 24;  // a sane bound of every size

/// Turns one file's names and keys into Hugging Face's.
class Translator {
 public:
  Translator(const Gguf& gguf, const Config& metadata)
      : gguf_(gguf),
        metadata_(metadata),
        file_(metadata.file()),
        architecture_(metadata.text("general.architecture", "")),
        dialect_(find_gguf_dialect(architecture_)) {
    if (metadata.integer("split.count", 0, 1 << 16, 0) > 1)
      throw Error(
          say("{0} holds one part of a model in several GGUF files, which must be joined first.", file_));
    if (architecture_.empty())
      throw Error(say("{0}: the field {1} is missing.", file_, "general.architecture"));
    if (!dialect_)
      throw Error(say("{0}: {1} is an architecture of GGUF that Orrery cannot read; it can read {2}.", file_,
                      json_excerpt(architecture_), gguf_architectures()));
  }

  json settings() {
    json result = {{"model_type", dialect_->model_type}};
    for (const GgufKey& known : dialect_->keys) copy(known, result);
    result["vocab_size"] = vocabulary();
    (this->*special())(result);
    return result;
  }

  std::vector<StoredTensor> tensors() {
    std::vector<StoredTensor> result;
    for (const GgufTensor& tensor : gguf_.tensors)
      if (tensor.name != "rope_freqs.weight") translate(tensor, result);
    return result;
  }

 private:
  std::string key(const std::string& name) const { return architecture_ + "." + name; }
  bool has(const char* name) const { return metadata_.has(key(name)); }
  int size(const char* name) const { return metadata_.integer(key(name), 1, most); }
  double number(const char* name, double missing) const { return metadata_.number(key(name), missing); }
  const GgufTensor* find(const std::string& name) const {
    const auto found = std::ranges::find(gguf_.tensors, name, &GgufTensor::name);
    return found == gguf_.tensors.end() ? nullptr : &*found;
  }

  void copy(const GgufKey& known, json& result) const {
    const std::string name = key(known.gguf);
    if (!metadata_.has(name)) {
      if (known.needed) throw Error(say("{0}: the field {1} is missing.", file_, name));
    } else if (known.whole) {
      result[known.name] = metadata_.integer(name, 0, most);
    } else {
      result[known.name] = metadata_.number(name, 0);
    }
  }

  int vocabulary() const {
    const GgufTensor* table = find("token_embd.weight");
    if (!table) throw Error(say("{0}: the tensor {1} is missing.", file_, "token_embd.weight"));
    if (table->shape.size() != 2 || table->shape[0] < 1 || table->shape[0] > most)
      throw Error(say("{0}: the tensor {1} has no valid {2}.", file_, "token_embd.weight", "shape"));
    return int(table->shape[0]);
  }

  // ---- what one architecture has beyond names

  using Special = void (Translator::*)(json&);
  Special special() const {
    switch (dialect_->family) {
      case GgufFamily::llama:
        return &Translator::llama_settings;
      case GgufFamily::gpt_neox:
        return &Translator::gpt_neox_settings;
      case GgufFamily::mpt:
        return &Translator::mpt_settings;
      case GgufFamily::mamba:
        return &Translator::mamba_settings;
      case GgufFamily::plain:
        break;
    }
    return &Translator::no_settings;
  }
  void no_settings(json&) {}

  void llama_settings(json& result) {
    const int heads = size("attention.head_count"), channels = size("embedding_length");
    const int whole = result.contains("head_dim") ? result["head_dim"].get<int>() : channels / heads;
    if (has("rope.dimension_count") && size("rope.dimension_count") != whole)
      throw Error(say("{0}: the field {1} has the value {2}, which cannot be read.", file_,
                      key("rope.dimension_count"), size("rope.dimension_count")));
    result["tie_word_embeddings"] = !find("output.weight");
    if (architecture_ == "llama" && has("expert_count") &&
        metadata_.integer(key("expert_count"), 0, 4096) > 0) {
      result["model_type"] = "mixtral";
      result["num_local_experts"] = size("expert_count");
      result["num_experts_per_tok"] = size("expert_used_count");
    }
    const std::string kind = metadata_.text(key("rope.scaling.type"), "none");
    if (find("rope_freqs.weight"))
      result["rope_scaling"] = llama3_scaling(result);
    else if (kind != "none" || has("rope.scale_linear"))
      result["rope_scaling"] = scaling(has("rope.scale_linear") ? "linear" : kind);
  }

  json scaling(const std::string& kind) const {
    json result = {{"rope_type", kind},
                   {"factor", number("rope.scaling.factor", number("rope.scale_linear", 1))}};
    if (kind == "linear") return result;
    if (kind != "yarn")
      throw Error(say("{0}: the field {1} has the value {2}, which cannot be read.", file_,
                      key("rope.scaling.type"), json_excerpt(kind)));
    result["original_max_position_embeddings"] = size("rope.scaling.original_context_length");
    return result;
  }

  /// LLaMA 3 divides its frequencies by the numbers of a tensor. They come from a few settings, which the
  /// file does not hold; those that all of Meta's models have are tried.
  json llama3_scaling(const json& settings) const {
    const GgufTensor& tensor = *find("rope_freqs.weight");
    const int heads = size("attention.head_count"), channels = size("embedding_length");
    const int turning = settings.contains("head_dim") ? settings["head_dim"].get<int>() : channels / heads;
    const std::int64_t count = tensor.shape.empty() ? 0 : tensor.shape.back();
    if (tensor.type == NumberType::other || count < 1 || turning / 2 != count ||
        tensor.data.size() != size_t(count) * 4)
      throw Error(say("{0}: the tensor {1} has no valid {2}.", file_, tensor.name, "shape"));
    std::vector<float> divisors(static_cast<size_t>(count));
    convert_numbers(tensor.type, tensor.data.data(), 0, int(count), divisors.data());
    const json result = {{"rope_type", "llama3"},
                         {"factor", *std::ranges::max_element(divisors)},
                         {"low_freq_factor", 1.0},
                         {"high_freq_factor", 4.0},
                         {"original_max_position_embeddings",
                          metadata_.integer(key("rope.scaling.original_context_length"), 1, most, 8192)}};
    check_divisors(result, divisors, turning);
    return result;
  }

  void check_divisors(const json& scaled, const std::vector<float>& divisors, int turning) const {
    const double base = number("rope.freq_base", 10000);
    const auto frequencies = [&](const json& scaling) {
      const json json = {{"rope_theta", base}, {"rope_scaling", scaling}};
      return rope_frequencies(rope_settings(Config(json, file_), turning, size("context_length")), 1);
    };
    const std::vector<double> plain = frequencies(nullptr), divided = frequencies(scaled);
    for (size_t i = 0; i < divisors.size(); ++i)
      if (!(std::abs(plain[i] / divided[i] / divisors[i] - 1) < 1e-4))
        throw Error(say("{0}: the tensor {1} scales the rotation in a way that cannot be read.", file_,
                        "rope_freqs.weight"));
  }

  void gpt_neox_settings(json& result) {
    const int head = size("embedding_length") / size("attention.head_count"),
              turning = size("rope.dimension_count");
    if (turning > head)
      throw Error(say("{0}: the field {1} has the value {2}, which cannot be read.", file_,
                      key("rope.dimension_count"), turning));
    double share = double(turning) / head;  // whose product with the head's size is rounded down later
    if (int(head * share) < turning) share = std::nextafter(share, 2);
    result["rotary_pct"] = share;
    result["use_parallel_residual"] = metadata_.boolean(key("use_parallel_residual"), true);
    result["tie_word_embeddings"] = !find("output.weight");
  }

  void mpt_settings(json& result) {
    json attention = {{"alibi", number("attention.max_alibi_bias", 0) > 0},
                      {"alibi_bias_max", number("attention.max_alibi_bias", 0)}};
    if (number("attention.clamp_kqv", 0) > 0) attention["clip_qkv"] = number("attention.clamp_kqv", 0);
    result["attn_config"] = attention;
    result["expansion_ratio"] = ratio("feed_forward_length", "embedding_length");
  }

  void mamba_settings(json& result) {
    if (metadata_.boolean(key("ssm.dt_b_c_rms"), false))
      throw Error(say("{0}: the field {1} has the value {2}, which cannot be read.", file_,
                      key("ssm.dt_b_c_rms"), "true"));
    result["expand"] = ratio("ssm.inner_size", "embedding_length");
  }

  int ratio(const char* large, const char* small) const {
    if (size(large) % size(small) != 0)
      throw Error(say("{0}: {1} = {2} cannot be divided by {3} = {4}", file_, key(large), size(large),
                      key(small), size(small)));
    return size(large) / size(small);
  }

  // ---- tensors

  /// "blk.3.attn_q.weight" is the part "attn_q" of layer 3.
  struct Name {
    std::string part, layer, suffix;
  };
  Name parse(const std::string& name) const {
    Name result;
    std::string rest = name;
    for (const char* suffix : {".weight", ".bias"})
      if (rest.ends_with(suffix)) {
        result.suffix = suffix;
        rest.erase(rest.size() - result.suffix.size());
      }
    if (rest.starts_with("blk.")) {
      const size_t dot = rest.find('.', 4);
      result.layer = rest.substr(4, dot == rest.npos ? dot : dot - 4);
      rest = dot == rest.npos ? "" : rest.substr(dot + 1);
    }
    result.part = rest;
    return result;
  }

  void translate(const GgufTensor& tensor, std::vector<StoredTensor>& result) {
    Name name = parse(tensor.name);
    std::string expert;
    // Older files hold each expert as a tensor of its own: ffn_gate.3.
    if (const size_t dot = name.part.rfind('.'); dot != name.part.npos && name.part.starts_with("ffn_")) {
      expert = name.part.substr(dot + 1);
      name.part = name.part.substr(0, dot) + "_exps";
    }
    const auto known = std::ranges::find_if(dialect_->names, [&](const GgufName& candidate) {
      return candidate.gguf == name.part && candidate.in_layer == !name.layer.empty();
    });
    if (known == dialect_->names.end())
      throw Error(say("{0}: the tensor {1} is no part of the architecture {2} as Orrery knows it.", file_,
                      json_excerpt(tensor.name), json_excerpt(architecture_)));
    StoredTensor stored;
    stored.type = tensor.type;
    stored.type_name = tensor.type_name;
    stored.shape = tensor.shape;
    stored.data = tensor.data.data();
    stored.file = file_;
    stored.name = filled(known->name, "{layer}", name.layer) + name.suffix;
    change(stored, *known);
    if (known->change != GgufChange::experts)
      result.push_back(std::move(stored));
    else if (!expert.empty())
      result.push_back(named(std::move(stored), expert));
    else
      split_experts(tensor, stored, result);
  }

  static std::string filled(std::string text, const std::string& place, const std::string& words) {
    const size_t at = text.find(place);
    return at == text.npos ? text : text.replace(at, place.size(), words);
  }
  static StoredTensor named(StoredTensor tensor, const std::string& expert) {
    tensor.name = filled(tensor.name, "{expert}", expert);
    return tensor;
  }

  void change(StoredTensor& stored, const GgufName& known) const {
    const bool matrix = stored.shape.size() == 2;
    switch (known.change) {
      case GgufChange::turned_queries:
        return reorder(stored, RowOrder::pairs, size("attention.head_count"));
      case GgufChange::turned_keys:
        return reorder(
            stored, RowOrder::pairs,
            has("attention.head_count_kv") ? size("attention.head_count_kv") : size("attention.head_count"));
      case GgufChange::fused:
        return reorder(stored, RowOrder::parts, size("attention.head_count"));
      case GgufChange::transposed:
        if (matrix) std::swap(stored.shape[0], stored.shape[1]);
        stored.transposed = matrix;
        return;
      case GgufChange::taps:
        if (matrix) stored.shape = {stored.shape[0], 1, stored.shape[1]};
        return;
      case GgufChange::decay:
        stored.rule = NumberRule::exponential;
        return;
      case GgufChange::plus_one:
        stored.rule = NumberRule::plus_one;
        return;
      case GgufChange::experts:
      case GgufChange::none:
        return;
    }
  }

  /// Only where the rows can be dealt out to the heads: otherwise the shape is wrong, which is found later.
  static void reorder(StoredTensor& stored, RowOrder order, int heads) {
    const std::int64_t parts = std::int64_t(heads) * (order == RowOrder::pairs ? 2 : 3);
    if (stored.shape.empty() || stored.shape[0] % parts != 0) return;
    stored.order = order;
    stored.heads = heads;
  }

  void split_experts(const GgufTensor& tensor, const StoredTensor& whole,
                     std::vector<StoredTensor>& result) const {
    const std::int64_t experts = tensor.shape.empty() ? 0 : tensor.shape[0];
    if (tensor.shape.size() != 3 || experts > 4096)
      throw Error(say("{0}: the tensor {1} has no valid {2}.", file_, json_excerpt(tensor.name), "shape"));
    for (std::int64_t i = 0; i < experts; ++i) {
      StoredTensor one = named(whole, std::to_string(i));
      one.shape = {tensor.shape[1], tensor.shape[2]};
      if (one.data) one.data += tensor.data.size() / size_t(experts) * size_t(i);
      result.push_back(std::move(one));
    }
  }

  const Gguf& gguf_;
  const Config& metadata_;
  const std::string& file_;
  std::string architecture_;
  const GgufDialect* dialect_;
};

}  // namespace

std::vector<StoredTensor> read_gguf_model(const Gguf& gguf, const Config& metadata,
                                          nlohmann::json& settings) {
  Translator translator(gguf, metadata);
  settings = translator.settings();
  return translator.tensors();
}

}  // namespace orrery
