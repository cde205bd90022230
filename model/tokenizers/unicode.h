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

/// Throws Error naming the byte if a text that is to be encoded is not valid UTF-8.
void check_text(std::string_view text);

}  // namespace orrery
