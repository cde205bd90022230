#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// The bytes [begin, end) of a text.
struct TextRange {
  size_t begin = 0, end = 0;
  bool operator==(const TextRange&) const = default;
};

/// A text on its way to tokens, that knows for each of its bytes where in the person's text it came from.
class AlignedText {
 public:
  AlignedText() = default;
  /// A part of the person's text as it is; `origin` is its place there.
  AlignedText(std::string_view text, size_t origin) : text_(text), origin_(origin) {}

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  AlignedText slice(size_t begin, size_t end) const;
  /// Where the bytes [begin, end) came from; an empty range lies where the next byte came from.
  TextRange place(size_t begin, size_t end) const;

  /// Appends bytes of another text, with their places.
  void keep(const AlignedText& from, size_t begin, size_t end);
  /// Appends bytes that stand for `place` as a whole.
  void put(std::string_view text, TextRange place);

 private:
  void spell_out_places();

  std::string text_;
  size_t origin_ = 0;              // of byte 0, where places_ is empty: the bytes follow each other there
  std::vector<TextRange> places_;  // by byte
};

}  // namespace orrery
