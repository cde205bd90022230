#pragma once
#include <functional>
#include <string>

namespace orrery::ui {

/// `words` with line breaks put in, so that no line is wider than `width` where that is possible. Latin words
/// stay whole; Chinese may break between any two characters, but no line begins with closing punctuation or
/// ends with an opening bracket. `measure` gives the width of a piece of text.
std::string broken_into_lines(const std::string& words, float width,
                              const std::function<float(const char* begin, const char* end)>& measure);

/// Whether a text has characters between which Chinese lines break.
bool has_ideographs(const std::string& words);

}  // namespace orrery::ui
