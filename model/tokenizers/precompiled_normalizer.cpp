#include <utf8proc.h>

#include <cstring>
#include <memory>

#include "model/message.h"
#include "model/tokenizer.h"
#include "model/tokenizers/normalizers.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

/// Throws Error naming `file` if a character is none of base64's.
std::string from_base64(std::string_view text, const std::string& file) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (char letter : text) {
    if (letter == '=') break;
    int value = letter >= 'A' && letter <= 'Z'   ? letter - 'A'
                : letter >= 'a' && letter <= 'z' ? letter - 'a' + 26
                : letter >= '0' && letter <= '9' ? letter - '0' + 52
                : letter == '+'                  ? 62
                : letter == '/'                  ? 63
                                                 : -1;
    if (value < 0) throw Error(say("{0}: the field {1} cannot be read.", file, "precompiled_charsmap"));
    bits = bits << 6 | std::uint32_t(value);
    if ((count += 6) >= 8) bytes += char(bits >> (count -= 8) & 0xFF);
  }
  return bytes;
}

/// The table: the size of a double-array trie in bytes, the trie, and texts that end in a zero byte each
/// (format: darts-clone, as SentencePiece writes it).
class Table {
 public:
  Table(std::string_view base64, const std::string& file) {
    std::string bytes = from_base64(base64, file);
    std::uint32_t size = 0;
    if (bytes.size() >= 4) std::memcpy(&size, bytes.data(), 4);
    if (bytes.size() < 4 || size % 4 || size == 0 || size > bytes.size() - 4)
      throw Error(say("{0}: the field {1} cannot be read.", file, "precompiled_charsmap"));
    units_.resize(size / 4);
    std::memcpy(units_.data(), bytes.data() + 4, size);
    texts_ = bytes.substr(4 + size);
    if (whole_characters(texts_) < texts_.size())
      throw Error(say("{0}: the field {1} cannot be read.", file, "precompiled_charsmap"));
  }

  /// What the shortest entry that `text` starts with is replaced by; false if there is none.
  bool find(std::string_view text, std::string_view& replacement) const {
    auto offset = [](std::uint32_t unit) { return size_t((unit >> 10) << ((unit & 0x200) >> 6)); };
    size_t node = offset(units_[0]);
    for (char letter : text) {
      auto byte = static_cast<unsigned char>(letter);
      node ^= byte;
      if (byte == 0 || node >= units_.size()) return false;
      std::uint32_t unit = units_[node];
      if ((unit & 0x800000FF) != byte) return false;
      node ^= offset(unit);
      if (!(unit >> 8 & 1)) continue;
      if (node >= units_.size()) return false;
      size_t begin = units_[node] & 0x7FFFFFFF;
      if (begin > texts_.size()) return false;
      std::string_view rest = std::string_view(texts_).substr(begin);
      replacement = rest.substr(0, rest.find('\0'));
      return whole_characters(replacement) == replacement.size();
    }
    return false;
  }

 private:
  std::vector<std::uint32_t> units_;
  std::string texts_;
};

void normalize_cluster(const Table& table, const AlignedText& text, size_t begin, size_t end,
                       AlignedText& result) {
  constexpr size_t longest_entry = 6;  // bytes; the reference does not look up longer clusters as a whole
  std::string_view cluster = std::string_view(text.text()).substr(begin, end - begin), replacement;
  if (cluster.size() < longest_entry && table.find(cluster, replacement))
    return result.put(replacement, text.place(begin, end));
  for_each_character(cluster, [&](size_t first, size_t last, int) {
    if (table.find(cluster.substr(first, last - first), replacement))
      result.put(replacement, text.place(begin + first, begin + last));
    else
      result.keep(text, begin + first, begin + last);
  });
}

}  // namespace

Normalizer precompiled_normalizer(std::string_view base64, const std::string& file) {
  if (base64.empty()) return [](const AlignedText& text) { return text; };
  auto table = std::make_shared<const Table>(base64, file);
  return [table](const AlignedText& text) {
    constexpr size_t longest_growth = 64;
    AlignedText result;
    utf8proc_int32_t state = 0;
    int previous = -1;
    size_t cluster = 0;
    auto finish = [&](size_t end) {
      if (cluster < end) normalize_cluster(*table, text, cluster, end, result);
      cluster = end;
      if (result.text().size() > (size_t(1) << 16) + longest_growth * text.text().size())
        throw Error(say("The tokenizer's replacements make the text too long."));
    };
    for_each_character(text.text(), [&](size_t begin, size_t, int point) {
      if (previous >= 0 && utf8proc_grapheme_break_stateful(previous, point, &state)) finish(begin);
      previous = point;
    });
    finish(text.text().size());
    return result;
  };
}

}  // namespace orrery
