#include "model/formats/llm_viz.h"

#include <algorithm>

#include "model/config.h"
#include "model/formats/json.h"
#include "model/message.h"

namespace orrery {

namespace {

using nlohmann::json;

/// The value of a digit of Base64 (RFC 4648); -1 for anything else.
int digit(char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= 'a' && letter <= 'z') return letter - 'a' + 26;
  if (letter >= '0' && letter <= '9') return letter - '0' + 52;
  return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

/// Empty if the text is not Base64.
std::vector<std::byte> decode(std::string_view text) {
  std::vector<std::byte> bytes;
  if (text.size() % 4 != 0) return bytes;
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  std::uint32_t bits = 0;
  int held = 0;
  bytes.reserve(text.size() / 4 * 3 + 2);
  for (char letter : text) {
    const int value = digit(letter);
    if (value < 0) return {};
    bits = bits << 6 | std::uint32_t(value);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    bytes.push_back(std::byte(bits >> held & 0xff));
  }
  return bytes;
}

/// Of layers whose matrices GPT-2 keeps as [in, out] and minGPT as [out, in].
bool is_turned(const std::string& name) {
  return std::ranges::any_of(
      std::initializer_list<const char*>{"c_attn.weight", "c_proj.weight", "c_fc.weight"},
      [&](const char* end) { return name.ends_with(end); });
}

StoredTensor read_tensor(const std::string& name, const json& fields, const std::string& file,
                         std::vector<std::byte>& numbers) {
  const auto fail = [&](const char* field) {
    return Error(say("{0}: the tensor {1} has no valid {2}.", file, json_excerpt(name), field));
  };
  if (!fields.is_object()) throw fail("entry");
  const auto shape = fields.find("shape"), type = fields.find("dtype"), data = fields.find("data");
  if (type == fields.end() || *type != "torch.float32") throw fail("dtype");
  if (shape == fields.end() || !shape->is_array() || shape->size() > 4) throw fail("shape");
  if (data == fields.end() || !data->is_string()) throw fail("data");
  numbers = decode(data->get_ref<const std::string&>());
  StoredTensor tensor;
  tensor.name = name;
  tensor.file = file;
  std::uint64_t size = 4;
  for (const json& dimension : *shape) {
    if (!dimension.is_number_unsigned() ||
        __builtin_mul_overflow(size, dimension.get<std::uint64_t>(), &size) ||
        size > std::uint64_t(INT64_MAX))
      throw fail("shape");
    tensor.shape.push_back(dimension.get<std::int64_t>());
  }
  if (size != numbers.size()) throw fail("data");
  tensor.data = numbers.data();
  if (tensor.shape.size() == 2 && is_turned(name)) {
    std::swap(tensor.shape[0], tensor.shape[1]);
    tensor.transposed = true;
  }
  return tensor;
}

}  // namespace

LlmViz read_llm_viz(std::string_view text, const std::string& file, json& settings) {
  const json root = parse_json(text, file, {.depth = 6, .values = 1'000'000});
  if (!root.is_object() || !root.contains("config"))
    throw Error(say("{0} is no model of llm-viz: it has no 'config'.", file));
  const Config config = Config(root, file).section("config");
  constexpr int most = 1 << 24;
  settings = {{"model_type", "gpt2"},
              {"n_layer", config.integer("n_layer", 1, most)},
              {"n_head", config.integer("n_head", 1, most)},
              {"n_embd", config.integer("n_embd", 1, most)},
              {"n_positions", config.integer("block_size", 1, most)},
              {"vocab_size", config.integer("vocab_size", 1, most)},
              {"activation_function", "gelu_new"},
              {"tie_word_embeddings", !root.contains("lm_head.weight")}};
  LlmViz result;
  for (const auto& [name, fields] : root.items())
    if (name != "config" && fields.is_object() && fields.contains("data"))
      result.tensors.push_back(read_tensor(name, fields, file, result.numbers.emplace_back()));
  return result;
}

}  // namespace orrery
