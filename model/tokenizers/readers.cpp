#include "model/tokenizers/readers.h"

#include <algorithm>

#include "model/checkpoint.h"
#include "model/formats/json.h"
#include "model/formats/mapped_file.h"
#include "model/message.h"
#include "model/tokenizers/character_tokenizer.h"
#include "model/tokenizers/sentence_piece.h"
#include "model/tokenizers/world.h"

namespace orrery {

namespace {

constexpr size_t largest_tokenizer_file = 256 << 20;  // bytes

std::shared_ptr<const Tokenizer> read_characters(const nlohmann::json& json, const std::string& file) {
  auto found = json.find("tokens");
  if (found == json.end() || !found->is_array())
    throw Error(say("{0}: the field {1} must be a list of texts.", file, "tokens"));
  std::vector<std::string> tokens;
  for (const nlohmann::json& token : *found) {
    if (!token.is_string()) throw Error(say("{0}: the field {1} must be a list of texts.", file, "tokens"));
    tokens.push_back(token.get<std::string>());
  }
  return std::make_shared<CharacterTokenizer>(std::move(tokens), file);
}

/// A text file of tokens: RWKV's by its name or first line, else BERT's.
std::shared_ptr<const Tokenizer> read_vocabulary_file(const std::filesystem::path& path,
                                                      const nlohmann::json& configuration) {
  const std::string text = read_text_file(path, largest_tokenizer_file);
  if (path.filename() == world_vocabulary_file || is_world_vocabulary(text))
    return read_world_vocabulary(text, path.string());
  return read_word_piece_vocabulary(text, path.string(), configuration);
}

/// What a folder may hold in place of a tokenizer.json and of GPT-2's files; null if it has neither.
std::shared_ptr<const Tokenizer> open_other_vocabulary(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::path words = folder / "vocab.txt", configuration = folder / "tokenizer_config.json",
                        llama = folder / "tokenizer.bin";
  if (std::filesystem::exists(words, error)) {
    nlohmann::json options;
    if (std::filesystem::exists(configuration, error))
      options = parse_json(read_text_file(configuration, largest_tokenizer_file), configuration.string());
    return read_vocabulary_file(words, options);
  }
  if (is_there(folder / world_vocabulary_file))
    return read_vocabulary_file(folder / world_vocabulary_file, nullptr);
  if (!std::filesystem::exists(llama, error)) return nullptr;
  std::string bytes = read_text_file(llama, largest_tokenizer_file);
  return read_llama2c_tokenizer(std::as_bytes(std::span(bytes)), llama.string());
}

}  // namespace

std::shared_ptr<const Tokenizer> read_tokenizer_json(std::string_view text, const std::string& file,
                                                     int vocabulary, std::vector<std::string>* left_out) {
  nlohmann::json json = parse_json(text, file);
  if (!json.is_object()) throw Error(say("{0} holds no JSON object.", file));
  auto type = json.find("type");
  if (type != json.end() && *type == "char") return read_characters(json, file);
  if (!json.empty() &&
      std::all_of(json.begin(), json.end(), [](const auto& id) { return id.is_number_integer(); }))
    throw Error(say(
        "{0} is a vocabulary without its merges: Orrery reads vocab.json with merges.txt beside it.", file));
  return read_hugging_face(json, file, vocabulary, left_out);
}

std::shared_ptr<const Tokenizer> open_tokenizer(const std::filesystem::path& folder, int model_vocabulary,
                                                std::vector<std::string>* left_out) {
  std::filesystem::path file = folder / "tokenizer.json";
  if (is_there(file))
    return read_tokenizer_json(read_text_file(file, largest_tokenizer_file), file.string(), model_vocabulary,
                               left_out);
  auto first_of = [&](const char* name, const char* other) {
    return is_there(folder / name)    ? folder / name
           : is_there(folder / other) ? folder / other
                                      : std::filesystem::path();
  };
  std::filesystem::path vocabulary = first_of("vocab.json", "encoder.json");
  std::filesystem::path merges = first_of("merges.txt", "vocab.bpe");
  if (vocabulary.empty() && merges.empty()) return open_other_vocabulary(folder);
  if (merges.empty())
    throw Error(say("{0} has {1}, but no {2} to go with it.", folder.string(), vocabulary.filename().string(),
                    "merges.txt"));
  if (vocabulary.empty())
    throw Error(say("{0} has {1}, but no {2} to go with it.", folder.string(), merges.filename().string(),
                    "vocab.json"));
  return read_gpt2_tokenizer(read_text_file(vocabulary, largest_tokenizer_file), vocabulary.string(),
                             read_text_file(merges, largest_tokenizer_file), merges.string());
}

std::shared_ptr<const Tokenizer> open_tokenizer_alone(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const bool half =
      name == "vocab.json" || name == "encoder.json" || name == "merges.txt" || name == "vocab.bpe";
  if (half || (is_there(path) && std::filesystem::is_directory(path))) {
    const std::filesystem::path folder = half ? path.parent_path() : path;
    if (auto tokenizer = open_tokenizer(folder.empty() ? "." : folder)) return tokenizer;
    throw Error(say("{0} holds no tokenizer: no tokenizer.json, vocab.json, vocab.txt, {1} or tokenizer.bin.",
                    path.string(), world_vocabulary_file));
  }
  const std::string ending = path.extension().string();
  if (ending != ".json" && ending != ".txt" && ending != ".bin")
    throw Error(say("{0} is no tokenizer that can be read: tokenizer.json, vocab.txt and tokenizer.bin are.",
                    path.string()));
  if (ending == ".txt") return read_vocabulary_file(path, nullptr);
  const std::string bytes = read_text_file(path, largest_tokenizer_file);
  if (ending == ".json") return read_tokenizer_json(bytes, path.string());
  return read_llama2c_tokenizer(std::as_bytes(std::span(bytes)), path.string());
}

}  // namespace orrery
