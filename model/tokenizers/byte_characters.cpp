#include "model/tokenizers/byte_characters.h"

#include <array>

#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

struct ByteMap {
  std::array<int, 256> points;
  std::array<int, 324> bytes;  // by code point; -1: no byte character

  ByteMap() {
    bytes.fill(-1);
    int next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
      bool visible = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      points[size_t(byte)] = visible ? byte : next++;
      bytes[size_t(points[size_t(byte)])] = byte;
    }
  }
};

const ByteMap& byte_map() {
  static const ByteMap map;
  return map;
}

}  // namespace

std::string byte_character(unsigned char byte) {
  int point = byte_map().points[byte];
  if (point < 0x80) return std::string(1, char(point));
  return {char(0xC0 | point >> 6), char(0x80 | (point & 0x3F))};
}

bool from_byte_characters(std::string_view text, std::string& bytes) {
  std::string result;
  while (!text.empty()) {
    size_t length = character_length(text);
    int point = length ? code_point(text) : -1;
    if (point < 0 || point >= int(byte_map().bytes.size()) || byte_map().bytes[size_t(point)] < 0)
      return false;
    result += char(byte_map().bytes[size_t(point)]);
    text.remove_prefix(length);
  }
  bytes = std::move(result);
  return true;
}

}  // namespace orrery
