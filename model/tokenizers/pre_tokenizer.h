#pragma once
#include <string_view>
#include <vector>

namespace orrery {

/// Cuts valid UTF-8 text into the pieces that GPT-2 encodes one by one: words with the space before them,
/// numbers, signs, white space. The pieces in a row are the text.
std::vector<std::string_view> gpt2_pieces(std::string_view text);

}  // namespace orrery
