#include "model/tokenizer.h"

#include <utf8proc.h>

#include "model/message.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  for (unsigned char byte : bytes) {
    if (!text.empty()) text += ' ';
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

/// Whether a character can be seen when drawn: no control or format character, no separator, assigned.
bool visible(int point) {
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

}  // namespace

std::vector<int> Tokenizer::ids(std::string_view text) const {
  std::vector<int> ids;
  for (const TokenSpan& span : encode(text)) ids.push_back(span.id);
  return ids;
}

TokenizingSteps Tokenizer::steps(std::string_view text) const {
  TokenizingSteps steps;
  steps.normalized = text;
  for (const TokenSpan& span : encode(text)) {
    std::string part(text.substr(span.begin, span.end - span.begin));
    steps.pieces.push_back(
        {part, span.begin, span.end, false, {}, {}, {}, {{span.id, 0, span.end - span.begin, 0}}});
  }
  return steps;
}

std::string Tokenizer::decode(const std::vector<int>& ids) const {
  std::string text;
  for (int id : ids) text += bytes(id);
  return text;
}

std::string display_token(std::string_view bytes) {
  std::string text;
  bool after_hex = false;
  while (!bytes.empty()) {
    size_t length = character_length(bytes);
    std::string shown;
    // Signs that Noto Sans CJK has: a sign without a glyph would be drawn as a question mark.
    if (bytes[0] == ' ') shown = "␣";
    if (bytes[0] == '\n') shown = "⏎";
    if (bytes[0] == '\t') shown = "→";
    if (shown.empty() && length > 0 && visible(code_point(bytes))) shown = bytes.substr(0, length);
    bool in_hex = shown.empty();
    if (length == 0) length = 1;
    if (in_hex) shown = hex(bytes.substr(0, length));
    if (!text.empty() && (in_hex || after_hex)) text += ' ';
    text += shown;
    after_hex = in_hex;
    bytes.remove_prefix(length);
  }
  return text;
}

size_t whole_characters(std::string_view bytes) {
  size_t end = 0;
  while (size_t length = character_length(bytes.substr(end))) end += length;
  return end;
}

std::string take_printable(std::string& pending, bool finished) {
  std::string text;
  size_t taken = 0;
  while (taken < pending.size()) {
    std::string_view rest = std::string_view(pending).substr(taken);
    if (size_t length = character_length(rest)) {
      text += rest.substr(0, length);
      taken += length;
      continue;
    }
    bool unfinished;
    size_t length = invalid_length(rest, unfinished);
    if (unfinished && !finished) break;
    text += "\uFFFD";
    taken += length;
  }
  pending.erase(0, taken);
  return text;
}

void check_utf8(std::string_view text, const std::string& what) {
  size_t valid = whole_characters(text);
  if (valid < text.size()) throw Error(say("{0} is not valid UTF-8 (byte {1}).", what, valid));
}

}  // namespace orrery
