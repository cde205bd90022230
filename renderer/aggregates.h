#pragma once
#include <vector>

#include "model/trace.h"
#include "renderer/layout.h"

namespace orrery {

/// A number that stands for many, seen from afar, with the rule that made it in its words.
struct Aggregate {
  Message words;
  glm::vec3 anchor{0};
  float height = 1, align = 0;
  float max_width = 0;  ///< as of a label
};

/// For each layer that is computed after `steps` steps: the RMS (root of the mean square) over the channels
/// of the newest token, of what each part adds to the residual stream, beside the part's name, and of the
/// stream after the layer, at the right end of its plate. Pure.
std::vector<Aggregate> aggregates_of(const Layout& layout, const Trace& trace, std::uint64_t steps);

/// Root of the mean square of a row, in double arithmetic.
double root_mean_square(const MatrixView& view, int row);

}  // namespace orrery
