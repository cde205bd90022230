#include "renderer/layout_arrange.h"

#include <algorithm>

#include "renderer/layout_arranger.h"

namespace orrery {

Arranger::Arranger(const Graph& graph, Plan& plan, const LayoutOptions& options, const Arrangement& choice)
    : graph_(graph), plan_(plan), choice_(choice), lengths_(graph, options.token_rows) {
  for (const Slot& slot : plan_.slots)
    if (slot.spine) state_ = std::max(state_, choice_.wide * lengths_.length(slot.front().cols));
  text_ = std::max(std::clamp(0.095f * state_, 1.2f, 4.6f), 0.0074f * choice.seen_width);
  strip_ = 1.18f * text_;
  gap_ = 1.5f * text_;
  // Names of layers are read from far: from where the whole model is seen.
  title_ = std::max(1.5f * text_, 0.0115f * choice.seen_width);
  lane_depth_ = std::min(6.f, 40.f / float(plan_.lanes));
  weight_depth_ = std::min(3.f, 0.7f * lane_depth_);
  for (Slot& slot : plan_.slots) measure(slot);
  for (const Section& section : plan_.sections)
    for (const Wing& wing : section.wings) right_wings_ |= section.layer >= 0 && !wing.left;
}

Layout Arranger::run(bool sketch) {
  std::vector<Placed> placed;
  for (size_t i = 0; i < plan_.sections.size(); ++i) placed.push_back(place_section(plan_.sections[i]));
  put_into_columns(placed);
  place_input(placed);
  for (const Slot& slot : plan_.slots) emit(slot, sketch);
  if (sketch) return std::move(layout_);
  layout_.blocks_of.resize(graph_.tensors().size());
  for (size_t i = 0; i < layout_.blocks.size(); ++i)
    layout_.blocks_of[size_t(layout_.blocks[i].tensor->index)].push_back(int(i));
  return std::move(layout_);
}

void Arranger::put_into_columns(std::vector<Placed>& placed) {
  float total = 0;
  for (const Placed& section : placed) total -= section.next;
  const float share = total / float(choice_.columns);
  float x = 0;
  size_t begin = 0;
  float before = 0;
  for (int column = 0; column < choice_.columns && begin < placed.size(); ++column) {
    size_t end = begin;
    float left = 0, right = state_, height = 0, plate_left = 0, plate_right = state_;
    const bool last = column + 1 == choice_.columns;
    while (end < placed.size() &&
           (last || end == begin || before + height - placed[end].next * 0.5f <= share * float(column + 1))) {
      left = std::min(left, placed[end].left);
      right = std::max(right, placed[end].right);
      if (plan_.sections[end].layer >= 0) {
        plate_left = std::min(plate_left, placed[end].left);
        plate_right = std::max(plate_right, placed[end].right);
      }
      height -= placed[end].next;
      ++end;
    }
    before += height;
    float y = 0;
    for (size_t i = begin; i < end; ++i) {
      settle(placed[i], plan_.sections[i], {x - left, y}, plate_left, plate_right);
      y += placed[i].next;
    }
    x += right - left + 2.5f * gap_;
    begin = end;
  }
}

/// The text that goes in stands left of all, as a column to be read: its texts on its right, on its left
/// room for arcs between its tokens.
void Arranger::place_input(const std::vector<Placed>& sections) {
  float height = head_of_section();
  for (const Placed& section : sections) height -= section.next;
  height = std::max(height / float(choice_.columns), 24.f);
  Slot& slot = plan_.slots[size_t(plan_.slot_of[size_t(graph_.tokens().index)])];
  const float rows = float(lengths_.count(slot.front().rows)), pitch = std::min(2.3f * text_, height / rows);
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

void Arranger::settle(Placed& section, const Section& plan, glm::vec2 at, float left, float right) {
  for (int slot : section.slots) plan_.slots[size_t(slot)].at += at;
  for (Label& label : section.labels) {
    label.anchor += glm::vec3(at, 0);
    layout_.labels.push_back(std::move(label));
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

void Arranger::label(const Slot& slot, float width, Placed& into) const {
  Label label;
  label.text = slot.front().label;
  label.anchor = {slot.at.x, slot.at.y + 0.22f * text_, 0};
  const float written = 0.55f * float(std::max<size_t>(1, label.text.english_size()));
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

void Arranger::label_slab(const Slot& slot, Placed& into) const {
  Label label;
  label.text = slot.front().label;
  label.anchor = {slot.at.x + reach(slot) + 0.4f, slot.at.y - slot.size.y, 0};
  label.height = 0.9f * slot.size.y;
  label.max_width = gap_ - 1;
  label.tensor = &slot.front();
  into.labels.push_back(label);
}

void Arranger::emit(const Slot& slot, bool sketch) {
  for (size_t lane = 0; lane < slot.lanes.size(); ++lane) {
    if (sketch && lane > 0) lane = slot.lanes.size() - 1;
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

Layout arrange(const Graph& graph, Plan plan, const LayoutOptions& options, const Arrangement& choice,
               bool sketch) {
  return Arranger(graph, plan, options, choice).run(sketch);
}

}  // namespace orrery
