#include "renderer/picker.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

/// Where the ray enters the box [low, high]; negative if it passes by or the box lies behind (slab method).
float entry(const Ray& ray, glm::vec3 low, glm::vec3 high) {
  float near = 0, far = INFINITY;
  for (int axis = 0; axis < 3; ++axis) {
    if (std::abs(ray.direction[axis]) < 1e-12f) {
      if (ray.origin[axis] < low[axis] || ray.origin[axis] > high[axis]) return -1;
      continue;
    }
    float a = (low[axis] - ray.origin[axis]) / ray.direction[axis];
    float b = (high[axis] - ray.origin[axis]) / ray.direction[axis];
    if (a > b) std::swap(a, b);
    near = std::max(near, a);
    far = std::min(far, b);
  }
  return near <= far ? near : -1;
}

}  // namespace

std::optional<Pick> pick(const Ray& ray, const Layout& layout, std::span<const BlockState> states) {
  std::optional<Pick> best;
  for (size_t i = 0; i < layout.blocks.size(); ++i) {
    const Block& block = layout.blocks[i];
    if (i < states.size() && states[i].emphasis == Emphasis::ghost) continue;
    const glm::vec3 opposite = block.corner + glm::vec3(block.size().x, -block.size().y, -block.depth);
    const float distance = entry(ray, glm::min(block.corner, opposite), glm::max(block.corner, opposite));
    if (distance < 0 || (best && distance >= best->distance)) continue;
    const glm::vec3 point = ray.origin + ray.direction * distance;
    const int col = std::clamp(int((point.x - block.corner.x) / block.cell.x), 0, block.cols - 1);
    const int row = std::clamp(int((block.corner.y - point.y) / block.cell.y), 0, block.rows - 1);
    best = Pick{int(i), {block.tensor, block.first_row + row, block.first_col + col}, point, distance};
  }
  return best;
}

}  // namespace orrery
