#pragma once
#include "model/message.h"
#include "renderer/palette.h"
#include "renderer/range.h"
#include "renderer/scene.h"

namespace orrery {

/// What the colours of a picture mean, for one tensor of it.
struct Legend {
  Message of;  ///< whose scale it is
  Range range;
  Theme theme = Theme::dark;
  bool colour_blind = false;
};

/// The legend of a row of a tensor whose colours are scaled by `rule`.
Legend legend_of(const Tensor& tensor, int row, Range range, RangeRule rule);

/// Height in design pixels of the strip that legend_strip() fills.
constexpr float legend_height = 52;
/// Fills the ImGui window that is open with two lines: the colour scale with its numbers; the signs of kinds
/// of tensors, masked and not yet computed cells. `choice`: the rule, to be changed by buttons; null in
/// pictures.
void legend_strip(const Legend& legend, RangeRule* choice);

}  // namespace orrery
