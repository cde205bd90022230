#pragma once
#include "app/app.h"
#include "app/style.h"

namespace orrery {

/// A text that does something: a button that looks like words. True if it was pressed.
bool text_link(const char* id, ui::Font which, const ImVec4& colour, const std::string& words);
/// The hook name of a tensor; hovering underlines it, a click flies there. `width`: where it is cut; 0:
/// nowhere.
void name_link(App& app, const char* id, const Tensor& tensor, ui::Font font, float width = 0);

/// A sentence on one line in which every hook name is a link. Cut where the line ends.
void linked_sentence(App& app, const char* id, const Message& sentence, ui::Font font, const ImVec4& colour);

}  // namespace orrery
