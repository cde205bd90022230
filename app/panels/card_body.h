#pragma once
#include "app/app.h"

namespace orrery {

/// Fills the window that is open with what is known of a cell. `card`: the pinned card that it is, whose
/// numbers can be clicked; null: a card that only shows.
void card_body(App& app, const CellFacts& facts, Card* card);

/// Its place and its number alone.
void card_summary(App& app, const CellFacts& facts);

/// The colour of a card and of its cell in the scene.
ImVec4 card_colour(int id, Theme theme);

}  // namespace orrery
