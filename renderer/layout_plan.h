#pragma once
#include <glm/glm.hpp>
#include <vector>

#include "model/graph.h"

namespace orrery {

/// Tensors that stand at one place of the plan: one, or the same part of each head (or expert), which stand
/// behind each other.
struct Slot {
  std::vector<const Tensor*> lanes;
  std::vector<int> inputs;  ///< slots that its tensors read, each once
  int owner = -1;           ///< weights: the slot beside which they stand (their first reader)
  bool weight = false, spine = false;
  const Tensor& front() const { return *lanes[0]; }
  bool slab() const { return weight && front().rows.size == 1; }  ///< a bias or a norm's vector

  // Placed by the layout, relative to the column of layers.
  glm::vec2 cell{1};        ///< size of a cell
  glm::vec2 size{0};        ///< of one lane, with all folds
  int folds = 1;            ///< pieces that a long table is cut into
  bool folds_down = false;  ///< pieces below each other (cut by columns) or side by side (cut by rows)
  int piece = 0;            ///< rows or columns of a piece
  glm::vec2 at{0};          ///< left, top of the front lane
  glm::vec2 step{0};        ///< how far each lane is shifted in the plane
};

/// What stands in one column of a wing: activations below each other, the matrices that make the first of
/// them above.
struct PlanColumn {
  std::vector<int> matrices;  ///< slots of weight matrices
  std::vector<int> stack;     ///< slots of activations, top to bottom
};

/// Steps that belong together between two states of the residual stream (attention, MLP), read left to right.
struct Wing {
  std::vector<PlanColumn> columns;
  bool left = true;  ///< of the spine
  bool stacked =
      false;  ///< has too many columns for one line: they may stand in stacks, as a newspaper is read
};

/// The part before the layers, a layer, or the part after them.
struct Section {
  int layer = -1;
  std::vector<int> spine;  ///< slots
  std::vector<Wing> wings;
};

/// Who stands with whom: from groups, inputs and spine alone, without sizes.
struct Plan {
  std::vector<Slot> slots;
  std::vector<int> slot_of;  ///< by Tensor::index
  std::vector<Section> sections;
  int lanes = 1;  ///< the most lanes of a slot
};

Plan make_plan(const Graph& graph);

}  // namespace orrery
