#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/byte_level_bpe.h"
#include "model/tokenizers/readers.h"

namespace orrery {

namespace {

using nlohmann::json;

const json& member(const json& object, const char* name) {
  static const json null;
  auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? null : *found;
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

void read_vocabulary(const json& vocabulary, BpeDescription& description) {
  if (!vocabulary.is_object())
    throw Error(
        say("{0}: the vocabulary must be a JSON object of token and id.", description.vocabulary_file));
  for (const auto& [text, id] : vocabulary.items()) {
    if (!id.is_number_integer() || (id.is_number_unsigned() && id.get<std::uint64_t>() > 0x7fffffff))
      throw Error(
          say("{0}: the token {1} has no valid id.", description.vocabulary_file, json_excerpt(text)));
    description.tokens.emplace_back(text, id.get<long long>());
  }
}

/// "left right", with exactly one space between.
void read_merge(std::string_view line, BpeDescription& description) {
  size_t space = line.find(' ');
  if (space == 0 || space == line.npos || space + 1 == line.size() || line.find(' ', space + 1) != line.npos)
    throw Error(say("{0}: merge {1} must be two tokens with a space between.", description.merges_file,
                    description.merges.size() + 1));
  description.merges.emplace_back(line.substr(0, space), line.substr(space + 1));
}

void read_merge(const json& merge, BpeDescription& description) {
  if (merge.is_string())
    return read_merge(std::string_view(merge.get_ref<const std::string&>()), description);
  if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string())
    throw Error(say("{0}: merge {1} must be two tokens with a space between.", description.merges_file,
                    description.merges.size() + 1));
  description.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
}

void read_added_tokens(const json& added, BpeDescription& description) {
  if (added.is_null()) return;
  if (!added.is_array())
    throw Error(say("{0}: the field {1} must be a list.", description.vocabulary_file, "added_tokens"));
  for (const json& token : added) {
    const json &text = member(token, "content"), &id = member(token, "id");
    if (!text.is_string() || text.get_ref<const std::string&>().empty() || !id.is_number_unsigned() ||
        id.get<std::uint64_t>() > 0x7fffffff)
      throw Error(say("{0}: an entry of {1} has no valid content and id.", description.vocabulary_file,
                      "added_tokens"));
    for (const char* option : {"single_word", "lstrip", "rstrip"})
      if (member(token, option) == true)
        throw Error(say("{0}: the token {1} has the option {2}, which cannot be read.",
                        description.vocabulary_file, json_excerpt(text), option));
    description.special.push_back({text.get<std::string>(), id.get<int>()});
  }
}

[[noreturn]] void refuse(const std::string& file, const char* part, const json& value) {
  const json& type = member(value, "type");
  throw Error(
      say("{0}: a {1} of the type {2} cannot be read; only characters and GPT-2's byte-level BPE can.", file,
          part, json_excerpt(type.is_null() ? value : type)));
}

/// Steps around the BPE that would change its tokens must be absent, for they would be left out silently.
void check_steps(const json& file_json, const std::string& file, BpeDescription& description) {
  const json& normalizer = member(file_json, "normalizer");
  if (!normalizer.is_null()) refuse(file, "normalizer", normalizer);
  const json* pre_tokenizer = &member(file_json, "pre_tokenizer");
  const json& steps = member(*pre_tokenizer, "pretokenizers");
  if (text_of(member(*pre_tokenizer, "type")) == "Sequence" && steps.is_array() && steps.size() == 1)
    pre_tokenizer = &steps[0];
  if (text_of(member(*pre_tokenizer, "type")) != "ByteLevel" || member(*pre_tokenizer, "use_regex") == false)
    refuse(file, "pre_tokenizer", *pre_tokenizer);
  description.add_prefix_space = member(*pre_tokenizer, "add_prefix_space") == true;
  const json& after = member(file_json, "post_processor");
  bool adds_nothing =
      after.is_null() || text_of(member(after, "type")) == "ByteLevel" ||
      (text_of(member(after, "type")) == "TemplateProcessing" &&
       member(after, "special_tokens").is_object() && member(after, "special_tokens").empty());
  if (!adds_nothing) refuse(file, "post_processor", after);
}

void check_model(const json& model, const std::string& file) {
  const json& type = member(model, "type");
  bool bpe = type == "BPE" || (type.is_null() && model.is_object() && model.contains("merges"));
  if (!bpe) refuse(file, "tokenizer", model);
  for (const char* option : {"byte_fallback", "ignore_merges", "fuse_unk"})
    if (member(model, option) == true) throw Error(say("{0}: the option {1} cannot be read.", file, option));
  for (const char* option : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!text_of(member(model, option)).empty())
      throw Error(say("{0}: the option {1} cannot be read.", file, option));
}

}  // namespace

std::shared_ptr<const Tokenizer> read_hugging_face_bpe(const json& file_json, const std::string& file) {
  const json& model = member(file_json, "model");
  check_model(model, file);
  BpeDescription description;
  description.vocabulary_file = description.merges_file = file;
  check_steps(file_json, file, description);
  read_vocabulary(member(model, "vocab"), description);
  const json& merges = member(model, "merges");
  if (!merges.is_array()) throw Error(say("{0}: the field {1} must be a list.", file, "merges"));
  for (const json& merge : merges) read_merge(merge, description);
  read_added_tokens(member(file_json, "added_tokens"), description);
  return std::make_shared<ByteLevelBpe>(description);
}

std::shared_ptr<const Tokenizer> read_gpt2_tokenizer(std::string_view vocabulary,
                                                     const std::string& vocabulary_file,
                                                     std::string_view merges, const std::string& merges_file,
                                                     SpecialTokens special) {
  BpeDescription description;
  description.vocabulary_file = vocabulary_file;
  description.merges_file = merges_file;
  read_vocabulary(parse_json(vocabulary, vocabulary_file), description);
  check_utf8(merges, merges_file);
  for (bool first = true; !merges.empty(); first = false) {
    std::string_view line = merges.substr(0, merges.find('\n'));
    merges.remove_prefix(std::min(merges.size(), line.size() + 1));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || (first && line.starts_with("#version"))) continue;
    read_merge(line, description);
  }
  // The one special token of GPT-2 stands in its vocabulary, with nothing to mark it.
  constexpr char end_of_text[] = "<|endoftext|>";
  for (const auto& [text, id] : description.tokens)
    if (special == SpecialTokens::matched && text == end_of_text)
      description.special.push_back({text, int(id)});
  return std::make_shared<ByteLevelBpe>(description);
}

}  // namespace orrery
