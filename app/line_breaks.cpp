#include "app/line_breaks.h"

#include <string_view>

namespace orrery::ui {
namespace {

constexpr std::u32string_view never_first = U"，。、；：？！）」』》〉】〕…—％·.,;:?!)%]}";
constexpr std::u32string_view never_last = U"（「『《〈【〔([{";

/// The character that begins at `at`, which moves behind it. Bytes that are no UTF-8 count one by one.
char32_t next_character(const std::string& words, size_t& at) {
  const auto byte = static_cast<unsigned char>(words[at++]);
  if (byte < 0xc0) return byte;
  char32_t code = byte >= 0xf0 ? byte & 7 : byte >= 0xe0 ? byte & 15 : byte & 31;
  for (; at < words.size() && (words[at] & 0xc0) == 0x80; ++at) code = code << 6 | (words[at] & 0x3f);
  return code;
}

bool is_ideograph(char32_t code) { return code >= 0x2e80 && code != 0xfeff; }

bool may_break(char32_t before, char32_t after) {
  if (before == ' ') return true;
  if (after == ' ' || never_first.find(after) != never_first.npos ||
      never_last.find(before) != never_last.npos)
    return false;
  return is_ideograph(before) || is_ideograph(after);
}

/// Behind the piece that begins at `begin`: up to where a line may break, or with a line break at its end.
size_t piece_end(const std::string& words, size_t begin) {
  size_t at = begin;
  char32_t before = next_character(words, at);
  while (at < words.size() && before != '\n') {
    size_t next = at;
    const char32_t after = next_character(words, next);
    if (may_break(before, after)) break;
    before = after;
    at = next;
  }
  return at;
}

}  // namespace

bool has_ideographs(const std::string& words) {
  for (size_t at = 0; at < words.size();)
    if (is_ideograph(next_character(words, at))) return true;
  return false;
}

std::string broken_into_lines(const std::string& words, float width,
                              const std::function<float(const char* begin, const char* end)>& measure) {
  std::string lines;
  float used = 0;
  for (size_t begin = 0; begin < words.size();) {
    const size_t end = piece_end(words, begin);
    size_t seen = end;  // spaces and line breaks at the end need no room
    while (seen > begin && (words[seen - 1] == ' ' || words[seen - 1] == '\n')) --seen;
    const char* text = words.data();
    if (used > 0 && used + measure(text + begin, text + seen) > width) {
      while (!lines.empty() && lines.back() == ' ') lines.pop_back();
      lines += '\n';
      used = 0;
    }
    lines.append(words, begin, end - begin);
    used = words[end - 1] == '\n' ? 0 : used + measure(text + begin, text + end);
    begin = end;
  }
  return lines;
}

}  // namespace orrery::ui
