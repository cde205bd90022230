#include <algorithm>
#include <cmath>

#include "renderer/layout_arranger.h"

namespace orrery {

Lengths::Lengths(const Graph& graph, int token_rows) : token_rows_(token_rows) {
  int largest = 1;
  for (const Tensor* tensor : graph.tensors())
    if (tensor->role == Role::activation && !is_token_axis(tensor->cols.axis) &&
        tensor->cols.axis != Axis::vocabulary && tensor->cols.axis != Axis::state)
      largest = std::max(largest, tensor->cols.size);
  if (largest > 192) power_ = std::log(192.f / 16) / std::log(float(largest) / 16);
}

int Lengths::count(const Dim& dim) const {
  return is_token_axis(dim.axis) ? std::min(token_rows_, dim.size) : dim.size;
}

float Lengths::length(const Dim& dim) const {
  const float n = float(count(dim));
  if (dim.axis == Axis::expert && dim.size > 1) return std::min(3 * n, 24 + n);  // a choice to be seen
  if (is_token_axis(dim.axis)) return n <= 24 ? n : 24 * std::sqrt(n / 24);
  const float length = n <= 16 ? n : 16 * std::pow(n / 16, power_);
  return dim.axis == Axis::state ? std::min(length, 3 * 192.f) : length;
}

void Arranger::measure(Slot& slot) const {
  const Tensor& tensor = slot.front();
  const glm::ivec2 count{lengths_.count(tensor.cols), lengths_.count(tensor.rows)};
  slot.size = {lengths_.length(tensor.cols), lengths_.length(tensor.rows)};
  if (is_token_axis(tensor.rows.axis)) slot.size.y *= choice_.tall_rows;
  slot.size.x *= is_token_axis(tensor.cols.axis) ? choice_.tall_rows : choice_.wide;
  if (ends_in_words(tensor)) {
    // Words stand beside its rows: room to read them.
    slot.size.y = std::max(slot.size.y, std::min(3.2f * float(count.y), 0.4f * state_ + 52));
    slot.size.x = std::max(slot.size.x, std::min(3.2f * float(count.x), 0.3f * state_));
  }
  if (slot.weight && count.y > 16) slot.size.y = std::max(16.f, slot.size.y * choice_.flat);
  slot.cell = slot.size / glm::vec2(count);
  const float tallest = std::max(choice_.tallest * state_, 24.f), widest = 200;
  if (slot.weight && slot.size.y > tallest) fold(slot, count.y, tallest, false);
  if (slot.size.x > widest) fold(slot, count.x, widest, true);
  const int lanes = int(slot.lanes.size());
  if (lanes == 1) return;
  const bool joined = slot.weight && slot.owner >= 0 && plan_.slots[size_t(slot.owner)].lanes.size() == 1;
  // Weights that lead from all lanes to one tensor descend like the rows of one matrix.
  if (joined && !slot.slab())
    slot.step = {0, -std::min(slot.size.y + 1, 1.1f * state_ / float(lanes - 1))};
  else
    slot.step = {std::min(0.95f * slot.size.x, 0.7f * state_ / float(lanes - 1)), 0};
}

bool Arranger::ends_in_words(const Tensor& tensor) const {
  return &tensor == &graph_.logits() && lengths_.length(tensor.cols) < 0.5f * state_;
}

void Arranger::fold(Slot& slot, int count, float longest, bool down) {
  if (slot.folds > 1) return;
  float& length = down ? slot.size.x : slot.size.y;
  float& across = down ? slot.size.y : slot.size.x;
  slot.folds = std::min(count, int(std::ceil(length / longest)));
  slot.piece = (count + slot.folds - 1) / slot.folds;
  slot.folds = (count + slot.piece - 1) / slot.piece;
  slot.folds_down = down;
  length *= float(slot.piece) / float(count);
  across = across * float(slot.folds) + fold_gap * float(slot.folds - 1);
}

float Arranger::reach(const Slot& slot) {
  return slot.size.x + std::abs(slot.step.x) * float(slot.lanes.size() - 1);
}
float Arranger::drop(const Slot& slot) {
  return slot.size.y + std::abs(slot.step.y) * float(slot.lanes.size() - 1);
}

}  // namespace orrery
