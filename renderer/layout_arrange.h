#pragma once
#include "renderer/layout.h"
#include "renderer/layout_plan.h"

namespace orrery {

/// One way to arrange a plan in space; the layout tries several.
struct Arrangement {
  int columns = 1;       ///< of layers, beside each other
  float tallest = 1.3f;  ///< of a matrix before it is folded, in widths of the residual stream
  float flat = 1;        ///< height of a matrix' cells, in parts of what the length of its rows says
  float tall_rows = 1;   ///< height of a token's row, in parts of what its length says
  float wide = 1;        ///< width of a cell in parts of what its column's length says
  int stacks = 0;        ///< of columns, in a wing with too many for one line; 0: one line all the same
  float seen_width = 0;  ///< about how wide the whole is: names are sized to be read from there; 0 = unknown
};

/// World lengths of the axes. Sizes up to 16 count as they are; above, lengths grow as a power that makes the
/// widest activation 192 long: a small model has square cells, a large one keeps its proportions readable.
class Lengths {
 public:
  Lengths(const Graph& graph, int token_rows);
  int count(const Dim& dim) const;     ///< what is drawn of it
  float length(const Dim& dim) const;  ///< in world units
  bool square() const { return power_ == 1; }

 private:
  int token_rows_;
  float power_ = 1;
};

/// About how wide a label is in English, in world units.
float written_width(const Label& label);

/// Places all slots of the plan: blocks, labels and plates. Positions read left to right and downwards.
/// A `sketch` has of heads and experts the first and the last alone, which is enough to see how large all is.
Layout arrange(const Graph& graph, Plan plan, const LayoutOptions& options, const Arrangement& choice,
               bool sketch = false);

/// Adds the strands between the blocks of a layout.
void add_strands(Layout& layout, const Graph& graph);

}  // namespace orrery
