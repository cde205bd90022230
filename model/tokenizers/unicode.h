#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace orrery {

/// The length in bytes of the valid UTF-8 character at the start of `bytes`; 0 if there is none. Surrogates,
/// overlong forms and numbers above U+10FFFF are not valid.
size_t character_length(std::string_view bytes);

/// The code point of the valid character at the start of `bytes`; -1 if there is none.
int code_point(std::string_view bytes);

/// How many bytes at the start of `bytes`, which are no valid character, one U+FFFD stands for: the longest
/// start of a valid character, or one byte (Unicode's "maximal subparts", as Python and browsers do it).
/// `unfinished` says that more bytes could make them a character.
size_t invalid_length(std::string_view bytes, bool& unfinished);

/// Unicode's White_Space.
bool is_white_space(int point);
/// Letters, marks, digits and connectors: what `\w` stands for.
bool is_word_character(int point);
/// ASCII's signs and Unicode's punctuation (reference: BERT's tokenizer).
bool is_punctuation(int point);
/// Decimal digits and all other numbers.
bool is_number(int point);
/// Control, format, unassigned and private characters, but not tab, line feed and carriage return.
bool is_control(int point);
/// Ideographs, which BERT's tokenizer takes one by one.
bool is_ideograph(int point);
/// Appends a character.
void append_character(std::string& text, int point);

/// Calls `visit(begin, end, code point)` for every character of valid UTF-8.
template <class Visit>
void for_each_character(std::string_view text, Visit&& visit) {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + character_length(text.substr(begin));
    if (end == begin) return;
    visit(begin, end, code_point(text.substr(begin)));
    begin = end;
  }
}

/// Removes the first line of a text and returns it without its end.
std::string_view take_line(std::string_view& text);

/// Throws Error naming the byte if a text that is to be encoded is not valid UTF-8.
void check_text(std::string_view text);
/// Throws Error if a text is too long for its steps to be kept.
void check_steps_size(std::string_view text);

}  // namespace orrery
