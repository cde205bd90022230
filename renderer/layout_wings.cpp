#include <algorithm>

#include "renderer/layout_arranger.h"

namespace orrery {

/// Puts the weights that `slot` reads above it, with columns aligned; returns the top of all.
float Arranger::place_weights(const Slot& slot, const std::vector<int>& matrices, Placed& into) {
  float y = slot.at.y + strip_;
  for (int input : slot.inputs) {
    Slot& slab = plan_.slots[size_t(input)];
    if (!slab.weight || !slab.slab() || &plan_.slots[size_t(slab.owner)] != &slot) continue;
    slab.at = {slot.at.x, y + slab.size.y};
    y += slab.size.y + 0.8f;
    into.slots.push_back(input);
    label_slab(slab, into);
  }
  float x = slot.at.x, top = y;
  for (int index : matrices) {
    Slot& matrix = plan_.slots[size_t(index)];
    matrix.at = {x, y + 0.6f + drop(matrix)};
    label(matrix, reach(matrix), into);
    into.slots.push_back(index);
    top = std::max(top, matrix.at.y + strip_);
    x += reach(matrix) + gap_;
  }
  return top;
}

float Arranger::slabs_height(const Slot& slot) const {
  float height = 0;
  for (int input : slot.inputs) {
    const Slot& slab = plan_.slots[size_t(input)];
    if (slab.weight && slab.slab() && &plan_.slots[size_t(slab.owner)] == &slot) height += slab.size.y + 0.8f;
  }
  return height;
}

/// Places a wing's slots with its left edge at x = 0 and the first result's top at y = 0.
SlotBounds Arranger::place_wing(const Wing& wing, Placed& into) {
  SlotBounds bounds;
  float x = 0;
  std::vector<bool> done(plan_.slots.size(), false);
  // Results are placed in order of execution, so that rows can follow what they are computed from.
  for (const PlanColumn& column : wing.columns) {
    float wide = 0;
    for (int index : column.stack) wide = std::max(wide, reach(plan_.slots[size_t(index)]));
    float matrices = -gap_;
    for (int index : column.matrices) matrices += reach(plan_.slots[size_t(index)]) + gap_;
    wide = std::max(wide, matrices);
    float y = row_of(plan_.slots[size_t(column.stack[0])], done);
    for (size_t k = 0; k < column.stack.size(); ++k) {
      Slot& slot = plan_.slots[size_t(column.stack[k])];
      if (k > 0) y -= strip_ + slabs_height(slot) + 1;
      slot.at = {x, y};
      done[size_t(column.stack[k])] = true;
      y -= drop(slot);
      const float top = place_weights(slot, k == 0 ? column.matrices : std::vector<int>{}, into);
      bounds.top = std::max(bounds.top, top);
      bounds.bottom = std::min(bounds.bottom, y);
      label(slot, wide + 0.7f * gap_, into);
      into.slots.push_back(column.stack[k]);
    }
    x += wide + gap_;
  }
  bounds.right = x - gap_;
  return bounds;
}

/// The y of what a result reads, so that its rows stand in line with that.
float Arranger::row_of(const Slot& slot, const std::vector<bool>& done) const {
  if (ends_in_words(slot.front())) return 0;
  for (int input : slot.inputs)
    if (done[size_t(input)]) return plan_.slots[size_t(input)].at.y;
  return 0;
}

}  // namespace orrery
