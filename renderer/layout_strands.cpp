#include <algorithm>
#include <cmath>

#include "renderer/layout_arrange.h"

namespace orrery {
namespace {

/// A place on the rim of a block and the direction in which a strand leaves it.
struct Port {
  glm::vec3 at, out;
};

struct Side {
  glm::vec3 left, right, top, bottom;
  explicit Side(const Block& block) {
    const glm::vec3 middle = block.corner + glm::vec3(block.size().x, -block.size().y, -block.depth) * 0.5f;
    const glm::vec3 half{block.size() * 0.5f, 0};
    left = middle - glm::vec3(half.x, 0, 0);
    right = middle + glm::vec3(half.x, 0, 0);
    top = middle + glm::vec3(0, half.y, 0);
    bottom = middle - glm::vec3(0, half.y, 0);
  }
};

Strand curve(const Tensor& from, const Tensor& to, Port a, Port b, float bend) {
  return {&from, &to, {a.at, a.at + a.out * bend, b.at + b.out * bend, b.at}, 0.5f, false};
}

/// A quarter turn: leaves `a` level, meets `b` from above or below (or the other way round).
Strand turn(const Tensor& from, const Tensor& to, glm::vec3 a, glm::vec3 b, bool level_first) {
  const glm::vec3 corner = level_first ? glm::vec3(b.x, a.y, a.z) : glm::vec3(a.x, b.y, b.z);
  return {&from, &to, {a, glm::mix(a, corner, 0.8f), glm::mix(b, corner, 0.8f), b}, 0.5f, false};
}

constexpr glm::vec3 right{1, 0, 0}, left{-1, 0, 0}, up{0, 1, 0}, down{0, -1, 0};

Strand strand_between(const Block& a, const Block& b) {
  const Tensor &from = *a.tensor, &to = *b.tensor;
  const Side s(a), e(b);
  const float dx = e.left.x - s.right.x, dx_back = s.left.x - e.right.x;
  if (from.spine && dx_back > 0 && e.top.y < s.right.y)  // out over the wing, down into its first part
    return turn(from, to, s.left, e.top, true);
  if (to.spine && dx_back > 0)  // back under the wing
    return e.right.y < s.bottom.y ? turn(from, to, s.bottom, e.right, false)
                                  : curve(from, to, {s.left, left}, {e.right, right}, 0.4f * dx_back);
  if (from.spine && dx > 0 && std::abs(s.right.y - e.left.y) > 2 * b.size().y && e.top.y < s.right.y)
    return turn(from, to, s.right, e.top, true);
  if (dx > 0) return curve(from, to, {s.right, right}, {e.left, left}, 0.45f * dx + 1);
  if (dx_back > 0) return curve(from, to, {s.left, left}, {e.right, right}, 0.45f * dx_back + 1);
  if (s.bottom.y >= e.top.y)
    return curve(from, to, {s.bottom, down}, {e.top, up}, 0.45f * (s.bottom.y - e.top.y) + 0.5f);
  return curve(from, to, {s.top, up}, {e.bottom, down}, 0.45f * std::abs(e.bottom.y - s.top.y) + 0.5f);
}

/// A state that is carried from token to token: out on the left and back in, from its rows to its next ones.
Strand carried(const Block& block) {
  const Side s(block);
  const float height = 0.36f * block.size().y;
  const glm::vec3 low = s.left - glm::vec3(0, height, 0), high = s.left + glm::vec3(0, height, 0);
  return curve(*block.tensor, *block.tensor, {high, left}, {low, left}, 0.8f * height + 1);
}

/// The residual stream: straight down as wide as its block, or from the foot of one column up through the gap
/// to the head of the next.
void add_ribbon(Layout& layout, const Block& a, const Block& b) {
  const Side s(a), e(b);
  const float reach = std::max(4.f, 0.5f * std::abs(s.bottom.y - e.top.y));
  if (std::abs(a.corner.x - b.corner.x) < 1 && s.bottom.y > e.top.y) {
    Strand strand =
        curve(*a.tensor, *b.tensor, {s.bottom, down}, {e.top, up}, 0.33f * (s.bottom.y - e.top.y));
    strand.width = 0.9f * std::min(a.size().x, b.size().x);
    strand.ribbon = true;
    layout.strands.push_back(strand);
    return;
  }
  // The gap: left of the plate in which the second stands.
  float gap = e.left.x - reach, head = e.top.y + reach;
  for (const Plate& plate : layout.plates)
    if (b.corner.x > plate.corner.x && b.corner.x < plate.corner.x + plate.size.x &&
        b.corner.y <= plate.corner.y && b.corner.y > plate.corner.y - plate.size.y) {
      gap = plate.corner.x - 4;
      head = plate.corner.y;
    }
  const float turn_by = 0.25f * a.size().x, back = -4;
  const glm::vec3 foot{s.bottom.x, s.bottom.y, back}, low{gap, s.bottom.y + 0.5f * turn_by, back};
  const glm::vec3 high{gap, head - turn_by, back}, mouth{e.top.x, head - turn_by, back};
  const glm::vec3 dip = down * (1.2f * turn_by), rise = up * (1.4f * turn_by);
  const glm::vec3 ways[4][4] = {
      {foot, foot + dip, low + dip * 2.f, low},
      {low, glm::mix(low, high, 0.33f), glm::mix(low, high, 0.67f), high},
      {high, high + rise, mouth + rise, mouth},
      {mouth, glm::mix(mouth, e.top, 0.33f), glm::mix(mouth, e.top, 0.67f), e.top},
  };
  for (const auto& way : ways) {
    Strand strand{a.tensor, b.tensor, {way[0], way[1], way[2], way[3]}, 0.12f * a.size().x, true};
    layout.strands.push_back(strand);
  }
}

}  // namespace

void add_strands(Layout& layout, const Graph& graph) {
  auto block = [&](const Tensor& tensor) -> const Block& {
    return layout.blocks[size_t(layout.blocks_of[size_t(tensor.index)].front())];
  };
  for (const Tensor* to : graph.steps())
    for (const Tensor* from : to->inputs) {
      // Weights stand above what they make; a strand for the front one of each says so.
      if (from->role == Role::weight && (from->rows.size == 1 || to->head > 0 || from->group != to->group))
        continue;
      const Block &a = block(*from), &b = block(*to);
      if (from == to)
        layout.strands.push_back(carried(a));
      else if (from->spine && to->spine)
        add_ribbon(layout, a, b);
      else
        layout.strands.push_back(strand_between(a, b));
    }
}

}  // namespace orrery
