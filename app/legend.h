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
  Message of, brief;              ///< whose scale it is, also where there is little room
  Range range;
  Theme theme = Theme::dark;
  bool colour_blind = false;
};

/// The legend of a row of a tensor whose colours are scaled by `rule`.
Legend legend_of(const Tensor& tensor, int row, Range range, RangeRule rule);

/// The notes on arcs of attention between the tokens and on the ghost columns of the logit lens.
LegendNote arcs_note(const ArcChoice& choice, const AttentionArcs& arcs);
LegendNote lens_note();

/// Height in design pixels of a note, of the strip that legend_strip() fills where one line holds all signs,
/// and of a further line of signs.
constexpr float note_height = 21, legend_height = 60, sign_line_height = 23;
/// How many lines the signs take in a strip that is `width` pixels wide inside. During a frame of ImGui.
int sign_lines(float width);
/// Fills the ImGui window that is open with its notes and these lines: the colour scale with its numbers; the
/// signs of kinds of tensors, masked and not yet computed cells. `choice`: the rule, to be changed by
/// buttons; null in pictures.
void legend_strip(const Legend& legend, RangeRule* choice);

}  // namespace orrery
