#pragma once
#include <optional>
#include <vector>

#include "model/message.h"
#include "renderer/attention_arcs.h"
#include "renderer/palette.h"
#include "renderer/range.h"
#include "renderer/scene.h"

namespace orrery {

/// What else a picture shows, on a scale that gets wider and more solid from 0 to `largest`.
struct LegendNote {
  Message words;
  double largest = 1;
};

/// What the colours of a picture mean, for one tensor of it.
struct Legend {
  std::vector<LegendNote> notes;  ///< a line each: what else is shown
  Message of;                     ///< whose scale it is
  Range range;
  Theme theme = Theme::dark;
  bool colour_blind = false;
};

/// The legend of a row of a tensor whose colours are scaled by `rule`.
Legend legend_of(const Tensor& tensor, int row, Range range, RangeRule rule);

/// The notes on arcs of attention between the tokens and on the ghost columns of the logit lens.
LegendNote arcs_note(const ArcChoice& choice, const AttentionArcs& arcs);
LegendNote lens_note();

/// Height in design pixels of a note, and of the strip that legend_strip() fills.
constexpr float note_height = 21, legend_height = 60;
/// Fills the ImGui window that is open with its notes and two lines: the colour scale with its numbers; the
/// signs of kinds of tensors, masked and not yet computed cells. `choice`: the rule, to be changed by
/// buttons; null in pictures.
void legend_strip(const Legend& legend, RangeRule* choice);

}  // namespace orrery
