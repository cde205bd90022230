#include <algorithm>
#include <cmath>
#include <span>

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
  Side s(a), e(b);
  if (from.role == Role::input)  // from the row that is in line with it
    s.right.y = std::clamp(e.left.y, s.bottom.y + 0.5f * a.cell.y, s.top.y - 0.5f * a.cell.y);
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

/// The plate of the layer in which a tensor stands; null outside of layers.
const Plate* plate_of(const Layout& layout, const Graph& graph, const Tensor& tensor) {
  for (int group = tensor.group; group >= 0; group = graph.groups()[size_t(group)].parent)
    for (const Plate& plate : layout.plates)
      if (plate.group == group) return &plate;
  return nullptr;
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
void add_ribbon(Layout& layout, const Graph& graph, const Block& a, const Block& b) {
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
  // The gap: left of the layer to which the second belongs.
  float gap = e.left.x - reach, head = e.top.y + reach;
  if (const Plate* plate = plate_of(layout, graph, *b.tensor)) {
    gap = plate->corner.x - 4;
    head = plate->corner.y;
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

/// From a state at the foot of one column into the next: where its ribbon passes above the reader, down.
Strand off_the_ribbon(const Plate& plate, const Block& a, const Block& b) {
  const glm::vec3 to = Side(b).top, from{to.x, plate.corner.y, to.z};
  return curve(*a.tensor, *b.tensor, {from, down}, {to, up}, 0.4f * std::abs(from.y - to.y));
}

/// A way of level and upright lines through `corners`, its turns rounded.
void add_way(Layout& layout, const Tensor& from, const Tensor& to, std::span<const glm::vec3> corners,
             float radius) {
  auto add = [&](glm::vec3 a, glm::vec3 b, glm::vec3 c, glm::vec3 d) {
    Strand strand{&from, &to, {a, b, c, d}, 0.5f};
    strand.around = true;
    layout.strands.push_back(strand);
  };
  glm::vec3 at = corners.front();
  for (size_t i = 1; i < corners.size(); ++i) {
    const glm::vec3 corner = corners[i], in = glm::normalize(corner - corners[i - 1]);
    const bool last = i + 1 == corners.size();
    const float turn = last ? 0
                            : std::min({radius, 0.5f * glm::length(corner - corners[i - 1]),
                                        0.5f * glm::length(corners[i + 1] - corner)});
    const glm::vec3 end = corner - in * turn;
    add(at, glm::mix(at, end, 1 / 3.f), glm::mix(at, end, 2 / 3.f), end);
    if (last) break;
    const glm::vec3 out = glm::normalize(corners[i + 1] - corner);
    at = corner + out * turn;
    add(end, corner - in * (0.45f * turn), corner + out * (0.45f * turn), at);
  }
}

/// A weight that is read again at the other end of the network, as a table of tokens is that also makes the
/// logits: over all that stands right of it, down beside everything and up into its reader, with a word
/// there.
void add_second_reading(Layout& layout, const Block& a, const Block& b) {
  float height = 1;
  for (const Label& label : layout.labels)
    if (label.tensor && label.tensor->role == Role::input) height = label.height;
  const glm::vec3 from = Side(a).right, to = Side(b).bottom;
  float rise = from.x + height, top = from.y, right = layout.prediction_foot.x,
        low = layout.prediction_foot.y;
  auto clear = [&](float left_edge, float right_edge, float bottom_edge, float top_edge) {
    if (right_edge > from.x) top = std::max(top, top_edge);
    if (right_edge > to.x - height) low = std::min(low, bottom_edge);
    right = std::max(right, right_edge);
    if (bottom_edge > from.y && left_edge < rise + 0.5f * height && right_edge > from.x &&
        left_edge < from.x)  // the names above it
      rise = std::max(rise, right_edge + height);
  };
  for (const Block& block : layout.blocks)
    clear(block.corner.x, block.corner.x + block.size().x, block.corner.y - block.size().y, block.corner.y);
  for (const Label& label : layout.labels) {
    const float width = written_width(label), left = label.anchor.x - label.align * width;
    clear(left, left + width, label.anchor.y - 0.2f * label.height, label.anchor.y + label.height);
  }
  for (const Strand& strand : layout.strands)
    for (const glm::vec3& point : strand.points) clear(point.x, point.x, point.y, point.y);
  Label label;
  label.text = say("The token table again, transposed");
  label.height = height;
  low -= 1.6f * height;
  label.anchor = {to.x + 1.1f * height, low + 0.35f * height, 0};
  right = std::max(right + 0.5f * height, label.anchor.x + written_width(label) + 1.1f * height);
  label.max_width = right - label.anchor.x - 0.5f * height;  // from afar, names grow
  layout.labels.push_back(label);
  top += 0.5f * height;
  const glm::vec3 corners[] = {from,
                               {rise, from.y, from.z},
                               {rise, top, from.z},
                               {right, top, from.z},
                               {right, low, to.z},
                               {to.x, low, to.z},
                               to};
  add_way(layout, *a.tensor, *b.tensor, corners, 1.5f * height);
}

}  // namespace

void add_strands(Layout& layout, const Graph& graph) {
  auto block = [&](const Tensor& tensor) -> const Block& {
    return layout.blocks[size_t(layout.blocks_of[size_t(tensor.index)].front())];
  };
  const Tensor* read_again = nullptr;  // a weight that the logits share with what was computed first
  for (const Tensor* to : graph.steps())
    for (const Tensor* from : to->inputs) {
      if (to == &graph.logits() && from->role == Role::weight && graph.readers(*from).front() != to)
        read_again = from;
      // Weights stand above what they make; a strand for the front one of each says so.
      if (from->role == Role::weight && (from->rows.size == 1 || to->head > 0 || from->group != to->group))
        continue;
      const Block &a = block(*from), &b = block(*to);
      if (from == to)
        layout.strands.push_back(carried(a));
      else if (from->spine && to->spine)
        add_ribbon(layout, graph, a, b);
      else if (const Plate* plate = plate_of(layout, graph, *to);
               from->spine && plate && a.corner.x < plate->corner.x)
        layout.strands.push_back(off_the_ribbon(*plate, a, b));
      else
        layout.strands.push_back(strand_between(a, b));
      layout.strands.back().behind = std::min(a.corner.z, b.corner.z) < 0;
    }
  if (!read_again) return;
  const auto& pieces = layout.blocks_of[size_t(read_again->index)];
  const int last =
      *std::ranges::max_element(pieces, {}, [&](int piece) { return layout.blocks[size_t(piece)].corner.x; });
  add_second_reading(layout, layout.blocks[size_t(last)], block(graph.logits()));
}

}  // namespace orrery
