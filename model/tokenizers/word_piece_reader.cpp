#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/json_fields.h"
#include "model/tokenizers/pipeline.h"
#include "model/tokenizers/readers.h"
#include "model/tokenizers/unicode.h"
#include "model/tokenizers/word_piece.h"

namespace orrery {

std::shared_ptr<const Tokenizer> read_word_piece_vocabulary(std::string_view vocabulary,
                                                            const std::string& file,
                                                            const nlohmann::json& configuration) {
  check_utf8(vocabulary, file);
  PipelineParts parts;
  parts.file = file;
  while (!vocabulary.empty()) {
    const std::string_view line = take_line(vocabulary);
    std::string text(line);
    int id = int(parts.tokens.size());
    for (const char* special : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"})
      if (text == special) parts.added.push_back({text, id});
    parts.tokens.emplace_back(std::move(text), id);
  }
  auto on = [&](const char* name, bool otherwise) {
    const nlohmann::json& value = member(configuration, name);
    return value.is_boolean() ? value.get<bool>() : otherwise;
  };
  bool lower = on("do_lower_case", true);
  BertNormalizerOptions options{true, on("tokenize_chinese_chars", true), on("strip_accents", lower), lower};
  parts.normalizers = {[options](const AlignedText& text) { return bert_normalized(text, options); }};
  parts.pre_tokenizers = {bert_pre_tokenizer()};
  parts.decoders = {word_piece_decoder("##", true)};
  parts.make_model = [&file](const Vocabulary& tokens) {
    return std::make_unique<WordPiece>(tokens, WordPieceOptions(), file);
  };
  return std::make_shared<PipelineTokenizer>(std::move(parts));
}

}  // namespace orrery
