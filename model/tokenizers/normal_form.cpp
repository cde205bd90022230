#include <utf8proc.h>

#include <memory>
#include <new>

#include "model/message.h"
#include "model/tokenizers/normalizers.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

struct Free {
  void operator()(utf8proc_uint8_t* text) const { std::free(text); }
};

utf8proc_option_t options_of(NormalForm form) {
  int options = UTF8PROC_STABLE;
  bool composed = form == NormalForm::nfc || form == NormalForm::nfkc;
  options |= composed ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE;
  if (form == NormalForm::nfkc || form == NormalForm::nfkd) options |= UTF8PROC_COMPAT;
  return utf8proc_option_t(options);
}

std::string mapped(std::string_view text, NormalForm form) {
  utf8proc_uint8_t* raw = nullptr;
  utf8proc_ssize_t length = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                         utf8proc_ssize_t(text.size()), &raw, options_of(form));
  std::unique_ptr<utf8proc_uint8_t, Free> owner(raw);
  if (length < 0) throw std::bad_alloc();
  return std::string(reinterpret_cast<const char*>(raw), size_t(length));
}

/// Sorting combining marks takes quadratic time in their number; real text has a few on a character.
void check_marks(std::string_view text) {
  constexpr size_t most = 1000;
  size_t marks = 0;
  for_each_character(text, [&](size_t begin, size_t, int point) {
    marks = utf8proc_get_property(point)->combining_class ? marks + 1 : 0;
    if (marks > most) throw Error(say("Too many combining marks follow each other (byte {0}).", begin));
  });
}

}  // namespace

AlignedText normal_form(const AlignedText& aligned, NormalForm form) {
  const std::string& text = aligned.text();
  check_marks(text);
  std::string whole = mapped(text, form);
  if (whole == text) return aligned;
  // Characters that change each other stand in one grapheme cluster, so clusters give the places.
  AlignedText result;
  utf8proc_int32_t state = 0;
  int previous = -1;
  size_t cluster = 0;
  auto finish = [&](size_t end) {
    std::string_view part = std::string_view(text).substr(cluster, end - cluster);
    std::string form_of_part = mapped(part, form);
    if (form_of_part == part)
      result.keep(aligned, cluster, end);
    else
      result.put(form_of_part, aligned.place(cluster, end));
    cluster = end;
  };
  for_each_character(text, [&](size_t begin, size_t, int point) {
    if (previous >= 0 && utf8proc_grapheme_break_stateful(previous, point, &state)) finish(begin);
    previous = point;
  });
  finish(text.size());
  if (result.text() == whole) return result;
  // A few compatibility characters do it across clusters (halfwidth Hangul): places are as coarse as it gets.
  AlignedText coarse;
  coarse.put(whole, aligned.place(0, text.size()));
  return coarse;
}

AlignedText lower_case(const AlignedText& aligned) {
  AlignedText result;
  for_each_character(aligned.text(), [&](size_t begin, size_t end, int point) {
    int lower = utf8proc_tolower(point);
    constexpr int i_with_dot = 0x130;  // the one letter whose small form is two characters
    std::string text;
    if (point == i_with_dot)
      text = "i\u0307";
    else
      append_character(text, lower);
    if (lower == point && point != i_with_dot)
      result.keep(aligned, begin, end);
    else
      result.put(text, aligned.place(begin, end));
  });
  return result;
}

}  // namespace orrery
