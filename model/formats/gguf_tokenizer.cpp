#include <cmath>

#include "model/formats/gguf_model.h"
#include "model/formats/json.h"
#include "model/message.h"

namespace orrery {

namespace {

constexpr char prefix[] = "tokenizer.ggml.";

/// A list of that name; null if there is none.
const nlohmann::json* find_list(const Config& metadata, const std::string& key) {
  if (!metadata.has(key)) return nullptr;
  const nlohmann::json& value = metadata.json().at(key);
  if (!value.is_array()) throw Error(say("{0}: the field {1} must be a list.", metadata.file(), key));
  return &value;
}

std::vector<std::string> texts(const Config& metadata, const std::string& key) {
  std::vector<std::string> result;
  if (const nlohmann::json* list = find_list(metadata, key))
    for (const nlohmann::json& item : *list) {
      if (!item.is_string())
        throw Error(say("{0}: the field {1} must be a list of texts.", metadata.file(), key));
      result.push_back(item.get<std::string>());
    }
  return result;
}

template <class Number>
std::vector<Number> numbers(const Config& metadata, const std::string& key) {
  std::vector<Number> result;
  if (const nlohmann::json* list = find_list(metadata, key))
    for (const nlohmann::json& item : *list) {
      const bool whole = item.is_number_integer() && std::abs(item.get<double>()) < 2e9;
      if (!(whole || (std::is_floating_point_v<Number> && item.is_number_float())))
        throw Error(say("{0}: the field {1} must be a list of numbers.", metadata.file(), key));
      result.push_back(item.get<Number>());
    }
  return result;
}

}  // namespace

GgufTokenizer read_gguf_tokenizer(const Config& metadata) {
  const auto key = [](const char* name) { return prefix + std::string(name); };
  GgufTokenizer source;
  source.model = metadata.text(key("model"), "");
  if (source.model == "no_vocab" || source.model == "none") source.model.clear();
  if (source.model.empty()) return source;
  source.pre = metadata.text(key("pre"), "");
  source.tokens = texts(metadata, key("tokens"));
  source.scores = numbers<float>(metadata, key("scores"));
  source.token_types = numbers<int>(metadata, key("token_type"));
  source.merges = texts(metadata, key("merges"));
  constexpr int most = 1 << 30;
  source.beginning_id = metadata.integer(key("bos_token_id"), -1, most, -1);
  source.unknown_id = metadata.integer(key("unknown_token_id"), -1, most, -1);
  // llama.cpp's own choices where a file says nothing.
  source.add_beginning =
      metadata.boolean(key("add_bos_token"), source.model == "llama" || gguf_ignores_merges(source));
  source.add_space_prefix = metadata.boolean(key("add_space_prefix"), true);
  for (int* id : {&source.beginning_id, &source.unknown_id})
    if (*id >= int(source.tokens.size())) *id = -1;
  return source;
}

}  // namespace orrery
