#include <algorithm>

#include "renderer/layout_arranger.h"

namespace orrery {
namespace {

constexpr float above_part = 0.75f;  // a part's name stands so many text heights above it

Label group_label(const Group& group, LabelRank rank, glm::vec2 at, float height, float width) {
  Label label;
  label.text = group.label;
  label.rank = rank;
  label.anchor = {at.x, at.y, 0};
  label.height = height;
  label.max_width = width;
  label.group = group.index;
  return label;
}

}  // namespace

Arranger::Placed Arranger::place_section(const Section& section) {
  Placed placed;
  const float head = head_of_section();
  float side_y[2] = {-head, -head}, lowest = -head;
  std::vector<float> ends;  // the y at which each wing's result stands
  for (const Wing& wing : section.wings) {
    const size_t first = placed.slots.size(), first_label = placed.labels.size();
    const SlotBounds bounds = place_wing(wing, placed);
    const int side = wing.left ? 0 : 1;
    const float x = wing.left ? -gap_ - beside_state(section) - bounds.right : state_ + gap_;
    const bool two_lines = names_need_two_lines(section, wing, bounds.right);
    const float y = side_y[side] - bounds.top - (two_lines ? 0.95f * title_ : 0);
    for (size_t i = first; i < placed.slots.size(); ++i)
      plan_.slots[size_t(placed.slots[i])].at += glm::vec2(x, y);
    for (size_t i = first_label; i < placed.labels.size(); ++i) placed.labels[i].anchor += glm::vec3(x, y, 0);
    placed.left = std::min(placed.left, x);
    placed.right = std::max(placed.right, x + bounds.right);
    side_y[side] = y + bounds.bottom - head;
    lowest = std::min(lowest, y + bounds.bottom);
    ends.push_back(plan_.slots[size_t(wing.columns.back().stack.back())].at.y);
    name_part(section, wing, {x, y + bounds.top + above_part * text_}, bounds.right, two_lines, placed);
  }
  if (section.wings.empty() && !section.spine.empty()) {
    const int group = plan_.slots[size_t(section.spine[0])].front().group;
    ends.push_back(lowest - strip_);
    place_states(section, ends, lowest, placed);
    name_group(group, {placed.left, lowest + above_part * text_}, std::max(state_, 14 * title_), placed);
  } else {
    place_states(section, ends, lowest, placed);
  }
  // A table that reaches out over the wings of the next section leaves their names free.
  const float head_of_next = head - 1 - (placed.right > state_ && section.layer < 0 ? 0.8f * text_ : 0);
  placed.bottom = std::min(lowest, placed.bottom);
  placed.next = std::min(lowest - text_, placed.bottom + head_of_next);
  return placed;
}

/// Room between the first state and what it is made of, for the ghost column and its words; later states
/// stand below all that is left of them.
float Arranger::beside_state(const Section& section) const {
  if (section.layer >= 0 || section.spine.empty()) return 0;
  return (stream_texts + ghost_column) * plan_.slots[size_t(section.spine[0])].cell.y + 4.5f * text_;
}

/// Weights that make a state itself (a token table without positions, the norm of embeddings) stand on it.
/// Returns where the state begins.
float Arranger::place_weights_above(int state, float top, Placed& placed) {
  bool slabs = false;
  for (size_t i = 0; i < plan_.slots.size(); ++i) {
    Slot& slot = plan_.slots[i];
    if (!slot.weight || slot.owner != state) continue;
    // A table reaches out over the wings.
    slot.at = {right_wings_ ? 0 : std::min(0.f, state_ - slot.size.x), top};
    placed.slots.push_back(int(i));
    placed.left = std::min(placed.left, slot.at.x);
    placed.right = std::max(placed.right, slot.at.x + slot.size.x);
    slabs = slot.slab();
    slabs ? label_slab(slot, placed) : label(slot, slot.size.x, placed);
    top -= slot.size.y + (slabs ? 0.8f : strip_);
  }
  return slabs ? top - strip_ : top;  // room for the state's own name
}

/// States of the stream stand where the result that they take up stands; the last one below the wings.
void Arranger::place_states(const Section& section, const std::vector<float>& ends, float lowest,
                            Placed& placed) {
  float y = 0;
  for (size_t k = 0; k < section.spine.size(); ++k) {
    Slot& slot = plan_.slots[size_t(section.spine[k])];
    const bool last = k + 1 == section.spine.size() && section.layer >= 0;
    float at = k < ends.size() ? ends[k] : y;
    if (last) at = std::min(at, lowest - 0.5f * text_);
    if (k > 0) at = std::min(at, y - strip_ - 1);
    slot.at = {0, place_weights_above(section.spine[k], at, placed)};
    y = slot.at.y - slot.size.y;
    placed.slots.push_back(section.spine[k]);
    label(slot, slot.size.x, placed);
    placed.bottom = std::min(placed.bottom, y);
  }
}

/// The innermost group that holds all results of a wing.
int Arranger::group_of(const Wing& wing) const {
  int group = plan_.slots[size_t(wing.columns.back().stack.back())].front().group;
  auto holds = [&](int outer, int inner) {
    for (; inner >= 0; inner = graph_.groups()[size_t(inner)].parent)
      if (inner == outer) return true;
    return false;
  };
  for (const PlanColumn& column : wing.columns)
    for (int slot : column.stack)
      while (!holds(group, plan_.slots[size_t(slot)].front().group))
        group = graph_.groups()[size_t(group)].parent;
  return group;
}

/// The outermost group inside of a layer that holds a group.
const Group& Arranger::layer_of(int group) const {
  const Group* outer = &graph_.groups()[size_t(group)];
  while (outer->parent > 0 && graph_.groups()[size_t(outer->parent)].layer >= 0)
    outer = &graph_.groups()[size_t(outer->parent)];
  return *outer;
}

float Arranger::width_of_title(const Group& layer) const {
  return 0.55f * title_ * float(layer.label.english_size()) + text_;
}

/// Whether a layer's first wing is too narrow for the layer's name and its own beside each other.
bool Arranger::names_need_two_lines(const Section& section, const Wing& wing, float width) const {
  if (&wing != &section.wings[0] || section.layer < 0) return false;
  const Group &part = graph_.groups()[size_t(group_of(wing))], &layer = layer_of(part.index);
  const float name = 0.55f * 0.83f * title_ * float(part.label.english_size());
  return &layer != &part && width_of_title(layer) + 0.8f * name > width;
}

void Arranger::name_part(const Section& section, const Wing& wing, glm::vec2 at, float width, bool two_lines,
                         Placed& placed) {
  const Group &part = graph_.groups()[size_t(group_of(wing))], &layer = layer_of(part.index);
  // The first wing also carries the name of its layer, in front or above.
  const bool first = &wing == &section.wings[0];
  float x = at.x;
  if (first && section.layer >= 0) {
    const glm::vec2 up{0, two_lines ? 0.95f * title_ : 0};
    placed.labels.push_back(group_label(layer, LabelRank::layer, at + up, title_, width_of_title(layer)));
    if (!two_lines) x += width_of_title(layer);
  }
  const bool said = first ? section.layer >= 0 && &layer == &part : part.index == group_of(section.wings[0]);
  const float room = section.layer < 0 ? std::max(width, 12 * title_) : at.x + width - x;
  if (!said) name_group(part.index, {x, at.y}, room, placed);
}

void Arranger::name_group(int group, glm::vec2 at, float width, Placed& placed) const {
  if (group > 0)
    placed.labels.push_back(
        group_label(graph_.groups()[size_t(group)], LabelRank::part, at, 0.83f * title_, width));
}

}  // namespace orrery
