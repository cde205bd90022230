#include "model/formats/llama2c.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "model/formats/byte_reader.h"

namespace orrery {

namespace {

constexpr std::uint32_t llama2c_magic = 0x616b3432;  // "ak42"
constexpr size_t header_size = 256;                  // of version 1

struct Sizes {
  std::int32_t channels, features, layers, heads, key_heads, vocabulary, context;
};

class Llama2cReader {
 public:
  Llama2cReader(std::span<const std::byte> bytes, const std::string& file)
      : file_(file), reader_(bytes, file) {
    const bool numbered = bytes.size() >= 4 && ByteReader(bytes, file).read<std::uint32_t>() == llama2c_magic;
    if (numbered) {
      reader_.read<std::uint32_t>();
      result_.version = reader_.read<std::int32_t>();
      if (result_.version != 1)
        throw Error(say("{0} has version {1} of llama2.c's format; versions 0 and 1 can be read.", file,
                        result_.version));
    }
    sizes_ = reader_.read<Sizes>();
    if (numbered) {
      shared_ = reader_.read<std::uint8_t>() != 0;
      reader_.take(header_size - reader_.at());
    } else {
      shared_ = sizes_.vocabulary > 0;
      sizes_.vocabulary = std::abs(std::max(sizes_.vocabulary, -limit));
    }
    check();
  }

  Llama2c read() {
    result_.version == 0 ? read_version_0() : read_version_1();
    if (reader_.left() != 0)
      throw Error(say("{0} holds {1} bytes that belong to no tensor.", file_, reader_.left()));
    return std::move(result_);
  }

  nlohmann::json settings() const {
    return {{"model_type", "llama"},
            {"architectures", {"LlamaForCausalLM"}},
            {"hidden_size", sizes_.channels},
            {"intermediate_size", sizes_.features},
            {"num_hidden_layers", sizes_.layers},
            {"num_attention_heads", sizes_.heads},
            {"num_key_value_heads", sizes_.key_heads},
            {"vocab_size", sizes_.vocabulary},
            {"max_position_embeddings", sizes_.context},
            {"rms_norm_eps", 1e-5},
            {"rope_theta", 10000.0},
            {"tie_word_embeddings", shared_},
            {"bos_token_id", 1},
            {"eos_token_id", {2, 1}}};  // its own program stops at 1, which stands between the stories
  }

 private:
  static constexpr std::int32_t limit = 1 << 24;

  void check() const {
    const auto in_range = [](std::int32_t size) { return size >= 1 && size <= limit; };
    if (!in_range(sizes_.channels) || !in_range(sizes_.features) || !in_range(sizes_.layers) ||
        !in_range(sizes_.heads) || !in_range(sizes_.key_heads) || !in_range(sizes_.vocabulary) ||
        !in_range(sizes_.context) || sizes_.channels % sizes_.heads != 0 ||
        sizes_.channels / sizes_.heads % 2 != 0 || sizes_.heads % sizes_.key_heads != 0)
      throw Error(say("{0} is no model of llama2.c: its header holds impossible sizes.", file_));
  }

  int head_size() const { return sizes_.channels / sizes_.heads; }

  void take(std::string name, std::vector<std::int64_t> shape, int turning_heads = 0) {
    StoredTensor tensor;
    tensor.shape = std::move(shape);
    std::uint64_t bytes = 4;
    for (std::int64_t size : tensor.shape)
      if (__builtin_mul_overflow(bytes, std::uint64_t(size), &bytes)) bytes = UINT64_MAX;
    tensor.data = reader_.take(bytes).data();
    tensor.name = std::move(name);
    tensor.file = file_;
    if (turning_heads > 0) {
      tensor.order = RowOrder::pairs;
      tensor.heads = turning_heads;
    }
    result_.tensors.push_back(std::move(tensor));
  }

  /// One weight of every layer, all layers behind each other.
  void take_layers(const std::string& part, const std::vector<std::int64_t>& shape, int turning_heads = 0) {
    for (int i = 0; i < sizes_.layers; ++i)
      take("model.layers." + std::to_string(i) + "." + part + ".weight", shape, turning_heads);
  }

  void take_attention() {
    const std::int64_t channels = sizes_.channels, keys = std::int64_t(head_size()) * sizes_.key_heads;
    take_layers("self_attn.q_proj", {channels, channels}, sizes_.heads);
    take_layers("self_attn.k_proj", {keys, channels}, sizes_.key_heads);
    take_layers("self_attn.v_proj", {keys, channels});
    take_layers("self_attn.o_proj", {channels, channels});
  }

  void take_feed_forward() {
    take_layers("mlp.gate_proj", {sizes_.features, sizes_.channels});
    take_layers("mlp.down_proj", {sizes_.channels, sizes_.features});
    take_layers("mlp.up_proj", {sizes_.features, sizes_.channels});
  }

  void read_version_0() {
    take("model.embed_tokens.weight", {sizes_.vocabulary, sizes_.channels});
    take_layers("input_layernorm", {sizes_.channels});
    take_attention();
    take_layers("post_attention_layernorm", {sizes_.channels});
    take_feed_forward();
    take("model.norm.weight", {sizes_.channels});
    reader_.take(std::uint64_t(sizes_.context) * unsigned(head_size()) * 4);  // cosines and sines
    if (!shared_) take("lm_head.weight", {sizes_.vocabulary, sizes_.channels});
  }

  void read_version_1() {
    take_layers("input_layernorm", {sizes_.channels});
    take_layers("post_attention_layernorm", {sizes_.channels});
    take("model.norm.weight", {sizes_.channels});
    take("model.embed_tokens.weight", {sizes_.vocabulary, sizes_.channels});
    take_attention();
    take_feed_forward();
    if (!shared_) take("lm_head.weight", {sizes_.vocabulary, sizes_.channels});
  }

  const std::string& file_;
  ByteReader reader_;
  Sizes sizes_{};
  bool shared_ = false;
  Llama2c result_;
};

}  // namespace

Llama2c read_llama2c(std::span<const std::byte> bytes, const std::string& file, nlohmann::json& settings) {
  Llama2cReader reader(bytes, file);
  settings = reader.settings();
  return reader.read();
}

}  // namespace orrery
