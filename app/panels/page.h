#pragma once

namespace orrery {

/// Opens a page in the middle of the window, over the scene: its title and the button that closes it. False
/// if the person pressed that. `width` is in design pixels.
bool begin_page(const char* name, const char* title, float width);

}  // namespace orrery
