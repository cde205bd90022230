#include "model/tokenizers/aligned_text.h"

namespace orrery {

AlignedText AlignedText::slice(size_t begin, size_t end) const {
  AlignedText part;
  part.text_ = text_.substr(begin, end - begin);
  if (places_.empty())
    part.origin_ = origin_ + begin;
  else
    part.places_.assign(places_.begin() + std::ptrdiff_t(begin), places_.begin() + std::ptrdiff_t(end));
  return part;
}

TextRange AlignedText::place(size_t begin, size_t end) const {
  if (places_.empty()) return {origin_ + begin, origin_ + end};
  if (begin == end) {
    size_t at = begin < places_.size() ? places_[begin].begin : places_.back().end;
    return {at, at};
  }
  return {places_[begin].begin, places_[end - 1].end};
}

void AlignedText::keep(const AlignedText& from, size_t begin, size_t end) {
  if (begin == end) return;
  if (places_.empty() && from.places_.empty()) {
    if (text_.empty()) origin_ = from.origin_ + begin;
    if (origin_ + text_.size() == from.origin_ + begin) {
      text_.append(from.text_, begin, end - begin);
      return;
    }
  }
  spell_out_places();
  text_.append(from.text_, begin, end - begin);
  for (size_t i = begin; i < end; ++i) places_.push_back(from.place(i, i + 1));
}

void AlignedText::put(std::string_view text, TextRange place) {
  if (text.empty()) return;
  spell_out_places();
  text_ += text;
  places_.insert(places_.end(), text.size(), place);
}

void AlignedText::spell_out_places() {
  if (!places_.empty()) return;
  for (size_t i = 0; i < text_.size(); ++i) places_.push_back({origin_ + i, origin_ + i + 1});
}

}  // namespace orrery
