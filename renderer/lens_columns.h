#pragma once
#include <optional>
#include <string>

#include "model/analysis/logit_lens.h"
#include "renderer/cell_place.h"

namespace orrery {

/// Where the ghost column of a state of the residual stream stands: left of it, its rows in line; none where
/// the state is not laid out.
std::optional<CellPlace> ghost_place(const Layout& layout, const Tensor& state);

/// What stands over the ghost columns, translated; the last column's is another: it is the model's own
/// output.
struct LensTitles {
  std::string column, last;
};

/// Adds a ghost column beside each state of the residual stream after a layer, and before the first: the
/// token that the logit lens reads out of each row that is complete at the scene's cursor, the more solid the
/// more probable. From far the newest row's stands beside the column in letters that can be read.
void add_lens_columns(Scene& scene, const LensTable& lens, const LensTitles& titles);

}  // namespace orrery
