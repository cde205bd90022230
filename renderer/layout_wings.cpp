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

/// As wide as its widest part and, if `names`, as what is written over its parts, within reason.
float Arranger::width_of(const PlanColumn& column, bool names) const {
  float wide = 0, matrices = -gap_;
  auto add = [&](int index, float& width) {
    const Slot& slot = plan_.slots[size_t(index)];
    const float written = 0.55f * 0.8f * text_ * float(slot.front().label.english_size());
    width = std::max(reach(slot),
                     names ? std::min(written - 0.7f * gap_, std::max(1.9f * reach(slot), 5 * text_)) : 0);
  };
  for (int index : column.stack) {
    float width = 0;
    add(index, width);
    wide = std::max(wide, width);
  }
  for (int index : column.matrices) {
    float width = 0;
    add(index, width);
    matrices += width + gap_;
  }
  return std::max(wide, matrices);
}

/// Places the stack of a column, its first result at `at`, and all weights over it.
void Arranger::place_column(const PlanColumn& column, glm::vec2 at, float wide, Placed& into,
                            SlotBounds& bounds) {
  for (size_t k = 0; k < column.stack.size(); ++k) {
    Slot& slot = plan_.slots[size_t(column.stack[k])];
    if (k > 0) at.y -= strip_ + slabs_height(slot) + 1;
    slot.at = at;
    at.y -= drop(slot);
    const float top = place_weights(slot, k == 0 ? column.matrices : std::vector<int>{}, into);
    bounds.top = std::max(bounds.top, top);
    bounds.bottom = std::min(bounds.bottom, at.y);
    label(slot, wide + 0.7f * gap_, into);
    into.slots.push_back(column.stack[k]);
  }
}

/// Places a wing's slots with its left edge at x = 0 and the first result's top at y = 0.
SlotBounds Arranger::place_wing(const Wing& wing, Placed& into) {
  if (wing.stacked) return choice_.stacks > 0 ? place_stacks(wing, into) : place_row(wing.columns, into);
  SlotBounds bounds;
  float x = 0;
  std::vector<bool> done(plan_.slots.size(), false);
  // A router's few numbers have long names.
  const bool routes = std::ranges::any_of(wing.columns, [&](const PlanColumn& column) {
    return plan_.slots[size_t(column.stack[0])].front().cols.axis == Axis::expert;
  });
  // Results are placed in order of execution, so that rows can follow what they are computed from.
  for (const PlanColumn& column : wing.columns) {
    const float wide = width_of(column, routes && thin(column));
    place_column(column, {x, row_of(plan_.slots[size_t(column.stack[0])], done)}, wide, into, bounds);
    for (int slot : column.stack) done[size_t(slot)] = true;
    x += wide + gap_;
  }
  bounds.right = x - gap_;
  return bounds;
}

/// Places columns beside each other, their first results in a row at y = 0; returns their reach.
SlotBounds Arranger::place_row(std::span<const PlanColumn> columns, Placed& into) {
  SlotBounds bounds;
  float x = 0;
  for (const PlanColumn& column : columns) {
    const float wide = width_of(column, !thin(column));
    place_column(column, {x, 0}, wide, into, bounds);
    x += wide + gap_;
  }
  bounds.right = x - gap_;
  return bounds;
}

/// A column of a few numbers a token, which stands beside what follows it.
bool Arranger::thin(const PlanColumn& column) const {
  return std::ranges::all_of(column.stack,
                             [&](int slot) { return reach(plan_.slots[size_t(slot)]) < 0.4f * state_; });
}

/// The same for a wing with too many columns for one line: they stand in stacks, as a newspaper is read.
SlotBounds Arranger::place_stacks(const Wing& wing, Placed& into) {
  struct Item {
    std::span<const PlanColumn> columns;
    SlotBounds bounds;
    float height() const { return bounds.top - bounds.bottom; }
  };
  std::vector<Item> items;
  const std::span<const PlanColumn> all(wing.columns);
  for (size_t begin = 0, end = 1; end <= all.size(); ++end) {
    if (end < all.size() && thin(all[end - 1])) continue;
    Placed measured;
    items.push_back({all.subspan(begin, end - begin), {}});
    items.back().bounds = place_row(items.back().columns, measured);
    begin = end;
  }
  // The least height in which that many stacks hold all.
  const float between = 0.35f * gap_;
  float total = 0, height = 0;
  for (const Item& item : items) {
    total += item.height() + between;
    height = std::max(height, item.height());
  }
  auto stacks = [&] {
    int count = 1;
    float used = 0;
    for (const Item& item : items) {
      if (used > 0 && used + item.height() > height) used = 0, ++count;
      used += item.height() + between;
    }
    return count;
  };
  while (stacks() > choice_.stacks) height += 0.02f * total;

  SlotBounds bounds;
  float x = 0, y = 0, widest = 0;
  for (const Item& item : items) {
    if (y < 0 && item.height() - y > height) x += widest + gap_, y = 0, widest = 0;
    const size_t first = into.slots.size(), first_label = into.labels.size();
    place_row(item.columns, into);
    const glm::vec2 by{x, y - item.bounds.top};
    for (size_t i = first; i < into.slots.size(); ++i) plan_.slots[size_t(into.slots[i])].at += by;
    for (size_t i = first_label; i < into.labels.size(); ++i) into.labels[i].anchor += glm::vec3(by, 0);
    y -= item.height() + between;
    widest = std::max(widest, item.bounds.right);
    bounds.right = std::max(bounds.right, x + item.bounds.right);
    bounds.bottom = std::min(bounds.bottom, y + between);
  }
  return bounds;
}

/// The y of what a result reads, so that its rows stand in line with that: of what has its columns, if any.
float Arranger::row_of(const Slot& slot, const std::vector<bool>& done) const {
  if (ends_in_words(slot.front())) return 0;
  const Slot* beside = nullptr;
  for (int input : slot.inputs) {
    const Slot& read = plan_.slots[size_t(input)];
    if (!done[size_t(input)]) continue;
    if (read.front().cols == slot.front().cols) return read.at.y;
    if (!beside) beside = &read;
  }
  return beside ? beside->at.y : 0;
}

}  // namespace orrery
