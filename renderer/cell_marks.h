#pragma once
#include "renderer/scene_builder.h"

namespace orrery {

/// Adds to `scene` what the person points at: pinned cells in the colours of their cards; the hovered cell
/// (or, where none is, the selected one) with what it was computed from, arrows running from there to it; the
/// operand that is pointed at in a card. Pure.
void add_cell_marks(Scene& scene, const Trace* trace, const SceneOptions& options);

}  // namespace orrery
