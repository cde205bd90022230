#include "model/tokenizers/unicode.h"

#include <utf8proc.h>

#include <algorithm>

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

void check_text(std::string_view text) {
  size_t valid = whole_characters(text);
  if (valid < text.size()) throw Error(say("The text is not valid UTF-8 (byte {0}).", valid));
}

}  // namespace orrery
