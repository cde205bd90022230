#pragma once
// What the pages of the insight pane are made of.
#include <string>
#include <vector>

#include "app/app.h"
#include "app/style.h"

namespace orrery {

/// The colour of an attention weight 0..1, and of a number as a part of its range -1..1, in the theme in use.
ImU32 weight_colour(const App& app, double part);
ImU32 signed_colour(const App& app, double part);
/// A text colour that is legible on a cell of that colour.
ImU32 text_on(ImU32 colour);

/// The sentence of a message, or of a literal that tr() has translated, in small type.
void note(const Message& message);
/// In place of an answer that is not there yet.
void waiting(float progress);

/// A button of a row of which one is chosen; `padding` pixels beside its words, negative: as usual. True if
/// it was pressed.
bool choice(const char* name, const char* label, bool chosen, float padding = -1);

/// The token at a row of the recording, as drawn.
std::string token_at(const App& app, int row);
/// A line of token chips that scrolls sideways; returns the row that was clicked, or -1.
int token_chips(const App& app, const char* name, int rows, int chosen);
/// One token to be chosen from a list of ids; `none`: what the entry for no token is called (null: there is
/// none). True if `id` changed.
bool token_choice(const App& app, const char* name, const std::vector<int>& ids, const char* none, int& id);

/// One line: a name, a bar from the middle to the side of its sign, a number. Clicked: true.
struct BarLine {
  std::string name;
  double value = 0;
  double largest = 1;  ///< the value at which the bar is full
  bool muted = false;
  bool chosen = false;
  bool one_sided = false;  ///< no value is negative: the bar starts at the left
};
bool bar_line(const App& app, const std::string& id, const BarLine& line);

/// Text that runs upwards to the right from a point.
void slanted_text(ImDrawList* list, ImVec2 at, ImU32 colour, const std::string& words);

}  // namespace orrery
