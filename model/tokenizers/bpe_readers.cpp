#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/bpe.h"
#include "model/tokenizers/json_fields.h"
#include "model/tokenizers/pipeline.h"
#include "model/tokenizers/readers.h"
#include "model/tokenizers/unicode.h"
#include "model/tokenizers/vocabulary_fields.h"

namespace orrery {

namespace {

/// "left right", with exactly one space between.
void read_merge_line(std::string_view line, BpeOptions& options) {
  size_t space = line.find(' ');
  if (space == 0 || space == line.npos || space + 1 == line.size() || line.find(' ', space + 1) != line.npos)
    throw Error(say("{0}: merge {1} must be two tokens with a space between.", options.merges_file,
                    options.merges.size() + 1));
  options.merges.emplace_back(line.substr(0, space), line.substr(space + 1));
}

}  // namespace

void read_merge(const nlohmann::json& merge, BpeOptions& options) {
  if (merge.is_string())
    return read_merge_line(std::string_view(merge.get_ref<const std::string&>()), options);
  if (!merge.is_array() || merge.size() != 2 || !merge[0].is_string() || !merge[1].is_string())
    throw Error(say("{0}: merge {1} must be two tokens with a space between.", options.merges_file,
                    options.merges.size() + 1));
  options.merges.emplace_back(merge[0].get<std::string>(), merge[1].get<std::string>());
}

TokenList read_vocabulary(const nlohmann::json& vocabulary, const std::string& file) {
  if (!vocabulary.is_object())
    throw Error(say("{0}: the vocabulary must be a JSON object of token and id.", file));
  TokenList tokens;
  for (const auto& [text, id] : vocabulary.items()) {
    if (!id.is_number_integer() || (id.is_number_unsigned() && id.get<std::uint64_t>() > 0x7fffffff))
      throw Error(say("{0}: the token {1} has no valid id.", file, json_excerpt(text)));
    tokens.emplace_back(text, id.get<long long>());
  }
  return tokens;
}

std::shared_ptr<const Tokenizer> make_byte_level_bpe(PipelineParts parts, BpeOptions options) {
  options.byte_level = true;
  parts.decoders = {byte_level_decoder()};
  parts.make_model = [&options](const Vocabulary& vocabulary) {
    return std::make_unique<Bpe>(vocabulary, options);
  };
  return std::make_shared<PipelineTokenizer>(std::move(parts));
}

std::shared_ptr<const Tokenizer> read_gpt2_tokenizer(std::string_view vocabulary,
                                                     const std::string& vocabulary_file,
                                                     std::string_view merges, const std::string& merges_file,
                                                     SpecialTokens special) {
  PipelineParts parts;
  parts.file = vocabulary_file;
  parts.tokens = read_vocabulary(parse_json(vocabulary, vocabulary_file), vocabulary_file);
  BpeOptions options;
  options.merges_file = merges_file;
  check_utf8(merges, merges_file);
  for (bool first = true; !merges.empty(); first = false) {
    const std::string_view line = take_line(merges);
    if (line.empty() || (first && line.starts_with("#version"))) continue;
    read_merge_line(line, options);
  }
  // The one special token of GPT-2 stands in its vocabulary, with nothing to mark it.
  constexpr char end_of_text[] = "<|endoftext|>";
  for (const auto& [text, id] : parts.tokens)
    if (special == SpecialTokens::matched && text == end_of_text) parts.added.push_back({text, int(id)});
  parts.pre_tokenizers = {byte_level_pre_tokenizer(false, true)};
  return make_byte_level_bpe(std::move(parts), std::move(options));
}

}  // namespace orrery
