#pragma once
#include <string>

namespace orrery {

/// A line to type a text or a path in; `hint` stands in it while it is empty. `width` is in pixels, 60 design
/// pixels at least. True when Enter was pressed.
bool text_field(const char* name, const char* hint, std::string& words, float width);

}  // namespace orrery
