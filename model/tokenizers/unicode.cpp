#include "model/tokenizers/unicode.h"

#include <utf8proc.h>

#include <algorithm>
#include <cctype>

#include "model/message.h"
#include "model/tokenizer.h"

namespace orrery {

namespace {

/// utf8proc's length of the first character (negative: an error) and its code point.
std::ptrdiff_t decode_first(std::string_view bytes, utf8proc_int32_t& point) {
  auto length = utf8proc_ssize_t(std::min<size_t>(bytes.size(), 4));
  return utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()), length, &point);
}

}  // namespace

size_t character_length(std::string_view bytes) {
  utf8proc_int32_t point;
  return size_t(std::max<std::ptrdiff_t>(decode_first(bytes, point), 0));
}

int code_point(std::string_view bytes) {
  utf8proc_int32_t point = -1;
  return decode_first(bytes, point) > 0 ? point : -1;
}

size_t invalid_length(std::string_view bytes, bool& unfinished) {
  unfinished = false;
  if (bytes.empty()) return 0;
  auto byte = [&](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  unsigned char first = byte(0);
  size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                  : first >= 0xE0 && first <= 0xEF ? 3
                  : first >= 0xF0 && first <= 0xF4 ? 4
                                                   : 1;
  size_t fitting = 1;
  for (; fitting < length && fitting < bytes.size(); ++fitting) {
    // The second byte's range is narrower after four lead bytes (Unicode standard, table 3-7).
    unsigned char low = 0x80, high = 0xBF;
    if (fitting == 1 && first == 0xE0) low = 0xA0;
    if (fitting == 1 && first == 0xED) high = 0x9F;
    if (fitting == 1 && first == 0xF0) low = 0x90;
    if (fitting == 1 && first == 0xF4) high = 0x8F;
    if (byte(fitting) < low || byte(fitting) > high) return fitting;
  }
  unfinished = length > 1 && fitting == bytes.size();
  return fitting;
}

bool is_white_space(int point) {
  return (point >= 9 && point <= 13) || point == 0x20 || point == 0x85 || point == 0xA0 || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 || point == 0x202F ||
         point == 0x205F || point == 0x3000;
}

bool is_word_character(int point) {
  if (point >= 0x24B6 && point <= 0x24E9) return true;  // circled letters
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_PC:
      return true;
    default:
      return false;
  }
}

bool is_punctuation(int point) {
  if (point < 128) return point > 32 && point < 127 && !std::isalnum(point);
  utf8proc_category_t category = utf8proc_category(point);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool is_number(int point) {
  utf8proc_category_t category = utf8proc_category(point);
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool is_control(int point) {
  if (point == '\t' || point == '\n' || point == '\r') return false;
  utf8proc_category_t category = utf8proc_category(point);
  return category == UTF8PROC_CATEGORY_CN || category >= UTF8PROC_CATEGORY_CC;
}

bool is_ideograph(int point) {
  constexpr int ranges[][2] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF},
                               {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF},
                               {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};
  for (const auto& range : ranges)
    if (point >= range[0] && point <= range[1]) return true;
  return false;
}

void append_character(std::string& text, int point) {
  utf8proc_uint8_t bytes[4];
  utf8proc_ssize_t length = utf8proc_encode_char(point, bytes);
  text.append(reinterpret_cast<const char*>(bytes), size_t(length));
}

std::string_view take_line(std::string_view& text) {
  std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

void check_text(std::string_view text) {
  size_t valid = whole_characters(text);
  if (valid < text.size()) throw Error(say("The text is not valid UTF-8 (byte {0}).", valid));
}

void check_steps_size(std::string_view text) {
  constexpr size_t most = 1 << 20;  // bytes: a unit of a piece takes some 50
  if (text.size() > most) throw Error(say("The text is longer than {0} bytes.", most));
}

}  // namespace orrery
