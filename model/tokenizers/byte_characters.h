#pragma once
#include <string>
#include <string_view>

namespace orrery {

/// GPT-2's vocabulary files write each byte as a visible character: 0x21-0x7E, 0xA1-0xAC and 0xAE-0xFF as the
/// character of that number, the other 68 bytes in increasing order as U+0100, U+0101, ...
std::string byte_character(unsigned char byte);

/// The bytes that a text in byte characters stands for. Returns false and leaves `bytes` alone if the text
/// holds any other character.
bool from_byte_characters(std::string_view text, std::string& bytes);

}  // namespace orrery
