#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/json_fields.h"
#include "model/tokenizers/pipeline.h"
#include "model/tokenizers/readers.h"
#include "model/tokenizers/unigram.h"
#include "model/tokenizers/vocabulary_fields.h"
#include "model/tokenizers/word_piece.h"

namespace orrery {

namespace {

using nlohmann::json;

bool is_id(const json& value) {
  return value.is_number_unsigned() && value.get<std::uint64_t>() <= 0x7fffffff;
}

std::vector<AddedToken> read_added_tokens(const json& added, const std::string& file) {
  std::vector<AddedToken> tokens;
  if (added.is_null()) return tokens;
  if (!added.is_array()) throw Error(say("{0}: the field {1} must be a list.", file, "added_tokens"));
  for (const json& token : added) {
    const json &text = member(token, "content"), &id = member(token, "id");
    if (!text.is_string() || text.get_ref<const std::string&>().empty() || !is_id(id))
      throw Error(say("{0}: an entry of {1} has no valid content and id.", file, "added_tokens"));
    auto on = [&](const char* name) { return member(token, name) == true; };
    tokens.push_back({text.get<std::string>(), id.get<int>(), on("single_word"), on("lstrip"), on("rstrip"),
                      on("normalized")});
  }
  return tokens;
}

/// Tokens that TemplateProcessing puts before a single text. Those behind it end a sequence; a text that a
/// model shall go on with has no end. Other processors put nothing before a model's text that it goes on
/// with.
void read_prefix(const json& processor, PipelineParts& parts) {
  const std::string type = text_of(member(processor, "type"));
  if (type == "Sequence" && member(processor, "processors").is_array()) {
    for (const json& inner : member(processor, "processors")) read_prefix(inner, parts);
    return;
  }
  if (processor.is_null() || type == "ByteLevel" || type == "BertProcessing" || type == "RobertaProcessing")
    return;
  const json& single = member(processor, "single");
  if (type != "TemplateProcessing" || !single.is_array())
    refuse_part(parts.file, "post_processor", processor);
  for (const json& entry : single) {
    const json& special = member(entry, "SpecialToken");
    if (special.is_null()) return;
    const std::string name = text_of(member(special, "id"));
    const json& ids = member(member(member(processor, "special_tokens"), name.c_str()), "ids");
    if (!ids.is_array()) throw Error(say("{0}: the field {1} must be a list.", parts.file, "ids"));
    for (const json& id : ids) {
      if (!is_id(id)) throw Error(say("{0}: the token {1} has no valid id.", parts.file, json_excerpt(name)));
      parts.prefix.push_back(id.get<int>());
    }
  }
}

void read_bpe(const json& model, bool byte_level, PipelineParts& parts) {
  auto options = std::make_shared<BpeOptions>();
  options->merges_file = parts.file;
  options->byte_level = byte_level;
  options->byte_fallback = member(model, "byte_fallback") == true && !byte_level;
  options->fuse_unknown = member(model, "fuse_unk") == true;
  options->ignore_merges = member(model, "ignore_merges") == true;
  for (const char* option : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!text_of(member(model, option)).empty())
      throw Error(say("{0}: the option {1} cannot be read.", parts.file, option));
  parts.tokens = read_vocabulary(member(model, "vocab"), parts.file);
  const json& merges = member(model, "merges");
  if (!merges.is_array()) throw Error(say("{0}: the field {1} must be a list.", parts.file, "merges"));
  for (const json& merge : merges) read_merge(merge, *options);
  parts.make_model = [options, unknown = text_of(member(model, "unk_token"))](const Vocabulary& vocabulary) {
    options->unknown = vocabulary.id(unknown);
    return std::make_unique<Bpe>(vocabulary, *options);
  };
}

void read_unigram(const json& model, PipelineParts& parts) {
  const json &list = member(model, "vocab"), &unknown = member(model, "unk_id");
  if (!list.is_array()) throw Error(say("{0}: the field {1} must be a list.", parts.file, "vocab"));
  std::vector<double> scores;
  for (const json& entry : list) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
      throw Error(say("{0}: an entry of {1} has no valid content and score.", parts.file, "vocab"));
    parts.tokens.emplace_back(entry[0].get<std::string>(), (long long)scores.size());
    scores.push_back(entry[1].get<double>());
  }
  if (!unknown.is_null() && !(is_id(unknown) && unknown.get<size_t>() < scores.size()))
    throw Error(say("{0}: the token {1} has no valid id.", parts.file, "unk_id"));
  parts.make_model = [scores = std::move(scores), id = unknown.is_null() ? -1 : unknown.get<int>(),
                      bytes = member(model, "byte_fallback") == true,
                      file = parts.file](const Vocabulary& vocabulary) {
    return std::make_unique<Unigram>(vocabulary, scores, id, bytes, file);
  };
}

void read_word_piece(const json& model, PipelineParts& parts) {
  WordPieceOptions options;
  parts.tokens = read_vocabulary(member(model, "vocab"), parts.file);
  if (const json& text = member(model, "unk_token"); text.is_string()) options.unknown = text;
  if (const json& text = member(model, "continuing_subword_prefix"); text.is_string())
    options.continuation = text;
  if (const json& longest = member(model, "max_input_chars_per_word"); !longest.is_null())
    options.longest_word = is_id(longest) ? longest.get<int>() : 0;
  parts.make_model = [options, file = parts.file](const Vocabulary& vocabulary) {
    return std::make_unique<WordPiece>(vocabulary, options, file);
  };
}

/// The model's type; older files leave it out.
std::string model_type(const json& model) {
  if (std::string type = text_of(member(model, "type")); !type.empty()) return type;
  if (member(model, "merges").is_array()) return "BPE";
  if (member(model, "vocab").is_array()) return "Unigram";
  return member(model, "max_input_chars_per_word").is_null() ? "" : "WordPiece";
}

}  // namespace

std::shared_ptr<const Tokenizer> read_hugging_face(const json& root, const std::string& file, int vocabulary,
                                                   std::vector<std::string>* left_out) {
  PipelineParts parts;
  parts.file = file;
  const json& model = member(root, "model");
  const std::string type = model_type(model);
  PreTokenizers pre_tokenizers = read_pre_tokenizers(member(root, "pre_tokenizer"), file);
  if (type == "BPE")
    read_bpe(model, pre_tokenizers.byte_level, parts);
  else if (type == "Unigram" && !pre_tokenizers.byte_level)
    read_unigram(model, parts);
  else if (type == "WordPiece" && !pre_tokenizers.byte_level)
    read_word_piece(model, parts);
  else
    refuse_part(file, "tokenizer", model);
  parts.added = read_added_tokens(member(root, "added_tokens"), file);
  std::erase_if(parts.added, [&](const AddedToken& token) {
    if (token.id >= vocabulary && left_out) left_out->push_back(token.text);
    return token.id >= vocabulary;
  });
  parts.normalizers = read_normalizers(member(root, "normalizer"), file);
  parts.pre_tokenizers = std::move(pre_tokenizers.steps);
  parts.decoders = read_decoders(member(root, "decoder"), file);
  if (member(root, "decoder").is_null() && pre_tokenizers.byte_level)
    parts.decoders = {byte_level_decoder()};  // nothing else makes text of byte characters
  read_prefix(member(root, "post_processor"), parts);
  return std::make_shared<PipelineTokenizer>(std::move(parts));
}

}  // namespace orrery
