#include "renderer/layout_arrange.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

bool is_token_axis(Axis axis) { return axis == Axis::token || axis == Axis::source; }

/// Bounds that grow.
struct Bounds {
  float left = 0, right = 0, top = 0, bottom = 0;
  void add(const Slot& slot) {
    const glm::vec2 shift = slot.step * float(slot.lanes.size() - 1);
    left = std::min(left, slot.at.x + std::min(0.f, shift.x));
    right = std::max(right, slot.at.x + slot.size.x + std::max(0.f, shift.x));
    top = std::max(top, slot.at.y + std::max(0.f, shift.y));
    bottom = std::min(bottom, slot.at.y - slot.size.y + std::min(0.f, shift.y));
  }
  float width() const { return right - left; }
};

class Arranger {
 public:
  Arranger(const Graph& graph, Plan& plan, const LayoutOptions& options, const Arrangement& choice)
      : graph_(graph), plan_(plan), choice_(choice), lengths_(graph, options.token_rows) {
    for (const Slot& slot : plan_.slots)
      if (slot.spine) state_ = std::max(state_, lengths_.length(slot.front().cols));
    text_ = std::max(std::clamp(0.095f * state_, 1.2f, 4.6f), 0.0070f * choice.seen_width);
    strip_ = 1.18f * text_;
    gap_ = 1.5f * text_;
    // Names of layers are read from far: from where the whole model is seen.
    title_ = std::max(1.5f * text_, 0.0115f * choice.seen_width);
    lane_depth_ = std::min(6.f, 40.f / float(plan_.lanes));
    weight_depth_ = std::min(3.f, 0.7f * lane_depth_);
    for (Slot& slot : plan_.slots) measure(slot);
  }

  Layout run() {
    std::vector<Placed> placed;
    for (size_t i = 0; i < plan_.sections.size(); ++i) placed.push_back(place_section(plan_.sections[i]));
    put_into_columns(placed);
    place_input(placed);
    for (const Slot& slot : plan_.slots) emit(slot);
    layout_.blocks_of.resize(graph_.tensors().size());
    for (size_t i = 0; i < layout_.blocks.size(); ++i)
      layout_.blocks_of[size_t(layout_.blocks[i].tensor->index)].push_back(int(i));
    return std::move(layout_);
  }

 private:
  /// A section, placed with its spine's left edge at x = 0 and its top at y = 0.
  struct Placed {
    std::vector<int> slots;
    std::vector<Label> labels;
    std::vector<Plate> plates;
    float left = 0, right = 0;  ///< reach of the wings from x = 0
    float next = 0;             ///< where the section below begins (negative)
    float bottom = 0;
  };

  // ---- sizes

  void measure(Slot& slot) const {
    const Tensor& tensor = slot.front();
    const glm::ivec2 count{lengths_.count(tensor.cols), lengths_.count(tensor.rows)};
    slot.size = {lengths_.length(tensor.cols), lengths_.length(tensor.rows)};
    if (is_token_axis(tensor.rows.axis)) slot.size.y *= choice_.tall_rows;
    if (is_token_axis(tensor.cols.axis)) slot.size.x *= choice_.tall_rows;
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

  bool ends_in_words(const Tensor& tensor) const {
    return &tensor == &graph_.logits() && lengths_.length(tensor.cols) < 0.5f * state_;
  }

  static void fold(Slot& slot, int count, float longest, bool down) {
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

  // ---- wings

  float reach(const Slot& slot) const {
    return slot.size.x + std::abs(slot.step.x) * float(slot.lanes.size() - 1);
  }
  float drop(const Slot& slot) const {
    return slot.size.y + std::abs(slot.step.y) * float(slot.lanes.size() - 1);
  }

  /// Puts the weights that `slot` reads above it, with columns aligned; returns the top of all.
  float place_weights(const Slot& slot, const std::vector<int>& matrices, Placed& into) {
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

  float slabs_height(const Slot& slot) const {
    float height = 0;
    for (int input : slot.inputs) {
      const Slot& slab = plan_.slots[size_t(input)];
      if (slab.weight && slab.slab() && &plan_.slots[size_t(slab.owner)] == &slot)
        height += slab.size.y + 0.8f;
    }
    return height;
  }

  /// Places a wing's slots with its left edge at x = 0 and the first result's top at y = 0.
  Bounds place_wing(const Wing& wing, Placed& into) {
    Bounds bounds;
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
  float row_of(const Slot& slot, const std::vector<bool>& done) const {
    if (ends_in_words(slot.front())) return 0;
    for (int input : slot.inputs)
      if (done[size_t(input)]) return plan_.slots[size_t(input)].at.y;
    return 0;
  }

  // ---- sections

  Placed place_section(const Section& section) {
    Placed placed;
    const float head = head_of_section();
    float side_y[2] = {-head, -head}, lowest = -head;
    std::vector<float> ends;  // the y at which each wing's result stands
    for (const Wing& wing : section.wings) {
      const size_t first = placed.slots.size(), first_label = placed.labels.size();
      const Bounds bounds = place_wing(wing, placed);
      const int side = wing.left ? 0 : 1;
      const float x = wing.left ? -gap_ - beside_state(section) - bounds.right : state_ + gap_;
      const float y = side_y[side] - bounds.top;
      for (size_t i = first; i < placed.slots.size(); ++i)
        plan_.slots[size_t(placed.slots[i])].at += glm::vec2(x, y);
      for (size_t i = first_label; i < placed.labels.size(); ++i)
        placed.labels[i].anchor += glm::vec3(x, y, 0);
      placed.left = std::min(placed.left, x);
      placed.right = std::max(placed.right, x + bounds.right);
      side_y[side] = y + bounds.bottom - head;
      lowest = std::min(lowest, y + bounds.bottom);
      ends.push_back(plan_.slots[size_t(wing.columns.back().stack.back())].at.y);
      name_part(section, wing, {x, y + bounds.top + 0.5f * text_}, bounds.right, placed);
    }
    if (section.wings.empty() && !section.spine.empty()) {
      const int group = plan_.slots[size_t(section.spine[0])].front().group;
      name_group(group, {0, lowest + 0.5f * text_}, state_, placed);
      ends.push_back(lowest - strip_);
    }
    place_states(section, ends, lowest, placed);
    const float head_of_next = head - 1;
    placed.bottom = std::min(lowest, placed.bottom);
    placed.next = std::min(lowest - text_, placed.bottom + head_of_next);
    return placed;
  }

  float head_of_section() const { return 1.35f * title_ + 0.25f * text_; }

  /// Room between the first state and what it is made of, for the ghost column and its words; later states
  /// stand below all that is left of them.
  float beside_state(const Section& section) const {
    if (section.layer >= 0 || section.spine.empty()) return 0;
    return (stream_texts + ghost_column) * plan_.slots[size_t(section.spine[0])].cell.y + 4.5f * text_;
  }

  /// Weights that make a state itself (a token table without positions, the norm of embeddings) stand on it.
  /// Returns where the state begins.
  float place_weights_above(int state, float top, Placed& placed) {
    bool slabs = false;
    for (size_t i = 0; i < plan_.slots.size(); ++i) {
      Slot& slot = plan_.slots[i];
      if (!slot.weight || slot.owner != state) continue;
      slot.at = {0, top};
      placed.slots.push_back(int(i));
      placed.right = std::max(placed.right, slot.size.x);
      slabs = slot.slab();
      slabs ? label_slab(slot, placed) : label(slot, slot.size.x, placed);
      top -= slot.size.y + (slabs ? 0.8f : strip_);
    }
    return slabs ? top - strip_ : top;  // room for the state's own name
  }

  /// States of the stream stand where the result that they take up stands; the last one below the wings.
  void place_states(const Section& section, const std::vector<float>& ends, float lowest, Placed& placed) {
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
  int group_of(const Wing& wing) const {
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

  void name_part(const Section& section, const Wing& wing, glm::vec2 at, float width, Placed& placed) {
    const int group = group_of(wing);
    const Group* outer = nullptr;
    float x = at.x;
    // The first wing also carries the name of its layer, in front.
    if (&wing == &section.wings[0] && section.layer >= 0) {
      outer = &graph_.groups()[size_t(group)];
      while (outer->parent > 0 && graph_.groups()[size_t(outer->parent)].layer >= 0)
        outer = &graph_.groups()[size_t(outer->parent)];
      const float height = title_;
      const float reserved = 0.55f * height * float(outer->label.english().size()) + text_;
      placed.labels.push_back(group_label(*outer, LabelRank::layer, {x, at.y}, height, reserved));
      x += reserved;
    }
    const Group& inner = graph_.groups()[size_t(group)];
    const bool said = &wing != &section.wings[0] && group == group_of(section.wings[0]);
    if (outer != &inner && !said) name_group(group, {x, at.y}, at.x + width - x, placed);
  }

  void name_group(int group, glm::vec2 at, float width, Placed& placed) const {
    if (group > 0)
      placed.labels.push_back(
          group_label(graph_.groups()[size_t(group)], LabelRank::part, at, 0.83f * title_, width));
  }

  static Label group_label(const Group& group, LabelRank rank, glm::vec2 at, float height, float width) {
    Label label;
    label.text = group.label;
    label.rank = rank;
    label.anchor = {at.x, at.y, 0};
    label.height = height;
    label.max_width = width;
    label.group = group.index;
    return label;
  }

  // ---- columns of sections

  void put_into_columns(std::vector<Placed>& placed) {
    float total = 0;
    for (const Placed& section : placed) total -= section.next;
    const float share = total / float(choice_.columns);
    float x = 0;
    size_t begin = 0;
    float before = 0;
    for (int column = 0; column < choice_.columns && begin < placed.size(); ++column) {
      size_t end = begin;
      float left = 0, right = state_, height = 0;
      const bool last = column + 1 == choice_.columns;
      while (
          end < placed.size() &&
          (last || end == begin || before + height - placed[end].next * 0.5f <= share * float(column + 1))) {
        left = std::min(left, placed[end].left);
        right = std::max(right, placed[end].right);
        height -= placed[end].next;
        ++end;
      }
      before += height;
      float y = 0;
      for (size_t i = begin; i < end; ++i) {
        settle(placed[i], plan_.sections[i], {x - left, y}, left, right);
        y += placed[i].next;
      }
      x += right - left + 2.5f * gap_;
      begin = end;
    }
  }

  /// The text that goes in stands left of all, as a column to be read: its texts on its right, on its left
  /// room for arcs between its tokens.
  void place_input(const std::vector<Placed>& sections) {
    float height = head_of_section();
    for (const Placed& section : sections) height -= section.next;
    height = std::max(height / float(choice_.columns), 24.f);
    Slot& slot = plan_.slots[size_t(plan_.slot_of[size_t(graph_.tokens().index)])];
    const float rows = float(lengths_.count(slot.front().rows)),
                pitch = std::min(2.3f * text_, height / rows);
    const float words = (input_texts + input_numbers) * pitch;
    slot.cell = {std::min(pitch, text_), pitch};
    slot.size = slot.cell * glm::vec2(1, rows);
    slot.at = {-0.7f * gap_ - words - slot.size.x, -head_of_section()};
    const float reach = std::min(0.35f * slot.size.y, 7 * text_);
    layout_.arc_edge = {slot.at.x - reach, slot.at.y - 0.5f * slot.size.y, 0};
    Placed placed;
    label(slot, slot.size.x + words, placed);
    layout_.labels.push_back(placed.labels.front());
  }

  void settle(Placed& section, const Section& plan, glm::vec2 at, float left, float right) {
    for (int slot : section.slots) plan_.slots[size_t(slot)].at += at;
    for (Label& label : section.labels) {
      label.anchor += glm::vec3(at, 0);
      layout_.labels.push_back(label);
    }
    if (plan.layer < 0) return;
    Plate plate;
    int group = plan_.slots[size_t(section.slots[0])].front().group;
    while (graph_.groups()[size_t(group)].parent >= 0 &&
           graph_.groups()[size_t(graph_.groups()[size_t(group)].parent)].layer >= 0)
      group = graph_.groups()[size_t(group)].parent;
    plate.group = group;
    plate.corner = {at.x + left - 0.5f * gap_, at.y + 0.3f * text_,
                    -lane_depth_ * float(plan_.lanes) - weight_depth_ - 1};
    plate.size = {right - left + gap_, -section.next - 0.4f * text_};
    layout_.plates.push_back(plate);
  }

  // ---- what is drawn

  void label(const Slot& slot, float width, Placed& into) const {
    Label label;
    label.text = slot.front().label;
    label.anchor = {slot.at.x, slot.at.y + 0.22f * text_, 0};
    const float written = 0.55f * float(std::max<size_t>(1, label.text.english().size()));
    label.height = std::clamp(width / written, 0.4f * text_, text_);
    label.max_width = width;
    label.tensor = &slot.front();
    into.labels.push_back(label);
    if (slot.folds > 1 && width > 24 * text_) {
      Label note = label;
      note.text = say("one table in {0} pieces", slot.folds);
      note.anchor.x += width;
      note.align = 1;
      note.height = 0.8f * text_;
      note.max_width = 12 * text_;
      into.labels.push_back(note);
    }
  }

  void label_slab(const Slot& slot, Placed& into) const {
    Label label;
    label.text = slot.front().label;
    label.anchor = {slot.at.x + reach(slot) + 0.4f, slot.at.y - slot.size.y, 0};
    label.height = 0.9f * slot.size.y;
    label.max_width = gap_ - 1;
    label.tensor = &slot.front();
    into.labels.push_back(label);
  }

  void emit(const Slot& slot) {
    for (size_t lane = 0; lane < slot.lanes.size(); ++lane) {
      const Tensor& tensor = *slot.lanes[lane];
      const int rows = lengths_.count(tensor.rows), cols = lengths_.count(tensor.cols);
      Block block;
      block.tensor = &tensor;
      block.cell = slot.cell;
      block.depth = slot.weight ? weight_depth_ : 0.7f * weight_depth_;
      const glm::vec3 corner{slot.at + slot.step * float(lane), -lane_depth_ * float(lane)};
      for (int fold = 0; fold < slot.folds; ++fold) {
        block.rows = rows;
        block.cols = cols;
        block.corner = corner;
        if (slot.folds > 1 && slot.folds_down) {
          block.first_col = fold * slot.piece;
          block.cols = std::min(slot.piece, cols - block.first_col);
          block.corner.y -= float(fold) * (float(rows) * slot.cell.y + fold_gap);
        } else if (slot.folds > 1) {
          block.first_row = fold * slot.piece;
          block.rows = std::min(slot.piece, rows - block.first_row);
          block.corner.x += float(fold) * (float(cols) * slot.cell.x + fold_gap);
        }
        layout_.blocks.push_back(block);
      }
    }
  }

  static constexpr float fold_gap = 1.2f;

  const Graph& graph_;
  Plan& plan_;
  Arrangement choice_;
  Lengths lengths_;
  float state_ = 1;  // width of the residual stream
  float text_ = 1, strip_ = 1, gap_ = 1, title_ = 1;
  float lane_depth_ = 6, weight_depth_ = 3;
  Layout layout_;
};

}  // namespace

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
  return n <= 16 ? n : 16 * std::pow(n / 16, power_);
}

Layout arrange(const Graph& graph, Plan plan, const LayoutOptions& options, const Arrangement& choice) {
  return Arranger(graph, plan, options, choice).run();
}

}  // namespace orrery
