#include "model/tokenizer.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "model/message.h"
#include "model/tokenizers/readers.h"
#include "model/tokenizers/sentence_piece.h"
#include "model/tokenizers/world.h"

using namespace orrery;

namespace {

/// Encodes a text; whatever the tokenizer, the tokens' places must follow each other in the text, and the
/// steps must end in the same tokens.
void check_text(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenSpan> spans = tokenizer.encode(text);
  std::vector<int> ids;
  size_t end = 0;
  for (const TokenSpan& span : spans) {
    if (span.begin < end || span.end < span.begin || span.id < 0 || span.id >= tokenizer.size())
      __builtin_trap();
    end = span.end;
    display_token(tokenizer.bytes(span.id));
    ids.push_back(span.id);
  }
  if (end > text.size()) __builtin_trap();
  TokenizingSteps steps = tokenizer.steps(text);
  std::vector<int> shown = steps.prefix;
  for (const TokenizingSteps::Piece& piece : steps.pieces) {
    if (piece.end < piece.begin || piece.end > text.size()) __builtin_trap();
    for (const TokenizingSteps::Token& token : piece.tokens) shown.push_back(token.id);
  }
  if (shown != ids) __builtin_trap();
  tokenizer.decode(ids);
}

/// The bytes as a tokenizer of llama2.c, its tokens as those of a GGUF file.
void check_other_formats(std::string_view input) {
  try {
    auto tokenizer = read_llama2c_tokenizer(std::as_bytes(std::span(input.data(), input.size())), "input");
    check_text(*tokenizer, input.substr(0, whole_characters(input)));
  } catch (const Error&) {
  }
  GgufTokenizer source;
  source.model = input.size() % 2 ? "llama" : "gpt2";
  source.pre = input.size() % 4 ? "qwen2" : "llama-bpe";
  source.unknown_id = 0;
  for (size_t begin = 0, end; begin < input.size(); begin = end + 1) {
    end = std::min(input.find('\n', begin), input.size());
    std::string line(input.substr(begin, end - begin));
    if (line.find(' ') != line.npos) {
      source.merges.push_back(line);
    } else {
      source.tokens.push_back(line);
      source.scores.push_back(float(line.empty() ? 0 : line[0]));
      source.token_types.push_back(1 + int(line.size() % 6));
    }
  }
  try {
    check_text(*make_gguf_tokenizer(source, "input"), input.substr(0, whole_characters(input)));
  } catch (const Error&) {
  }
}

}  // namespace

/// Bytes cut at zero bytes: a tokenizer.json, vocab.txt or RWKV's vocabulary and a text, or a vocab.json, a
/// merges.txt and a text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> parts;
  for (size_t end; parts.size() < 2 && (end = input.find('\0')) != input.npos; input.remove_prefix(end + 1))
    parts.push_back(input.substr(0, end));
  parts.push_back(input);
  std::string pending(parts.back());
  std::string shown = take_printable(pending, true);
  if (!pending.empty() || whole_characters(shown) != shown.size()) __builtin_trap();
  std::string drawn = display_token(parts.back());
  if (whole_characters(drawn) != drawn.size()) __builtin_trap();
  check_other_formats(std::string_view(reinterpret_cast<const char*>(data), size));
  try {
    if (parts.size() == 2) check_text(*read_word_piece_vocabulary(parts[0], "input", nullptr), parts.back());
  } catch (const Error&) {
  }
  try {
    is_world_vocabulary(parts[0]);
    if (parts.size() == 2) check_text(*read_world_vocabulary(parts[0], "input"), parts.back());
  } catch (const Error&) {
  }
  try {
    std::shared_ptr<const Tokenizer> tokenizer =
        parts.size() == 3 ? read_gpt2_tokenizer(parts[0], "vocab", parts[1], "merges")
                          : read_tokenizer_json(parts[0], "input");
    check_text(*tokenizer, parts.back());
  } catch (const Error&) {
  }
  return 0;
}
