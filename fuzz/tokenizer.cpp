#include "model/tokenizer.h"

#include <cstdint>
#include <vector>

#include "model/message.h"
#include "model/tokenizers/readers.h"

using namespace orrery;

namespace {

/// Encodes a text; whatever the tokenizer, the tokens' places must follow each other through the whole text.
void check_text(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenSpan> spans = tokenizer.encode(text);
  size_t end = 0;
  for (const TokenSpan& span : spans) {
    if (span.begin != end || span.end < span.begin || span.id < 0 || span.id >= tokenizer.size())
      __builtin_trap();
    end = span.end;
    display_token(tokenizer.bytes(span.id));
  }
  if (end != text.size()) __builtin_trap();
}

}  // namespace

/// Bytes cut at zero bytes: a tokenizer.json and a text, or a vocab.json, a merges.txt and a text.
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
  try {
    std::shared_ptr<const Tokenizer> tokenizer =
        parts.size() == 3 ? read_gpt2_tokenizer(parts[0], "vocab", parts[1], "merges")
                          : read_tokenizer_json(parts[0], "input");
    check_text(*tokenizer, parts.back());
  } catch (const Error&) {
  }
  return 0;
}
