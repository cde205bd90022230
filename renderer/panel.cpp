#include "renderer/panel.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace orrery {
namespace {

constexpr float gap = 2.5f;    // between blocks of a cluster, in world units at scale 1
constexpr float wide_gap = 7;  // between clusters
constexpr float block_depth = 2.5f;

bool is_vector(const Tensor& tensor) { return tensor.role == Role::weight && tensor.rows.size == 1; }

/// An op that reads one activation cell by cell: its result belongs under what it reads.
bool follows(const Tensor& tensor, const Tensor& before) {
  if (tensor.role != Role::activation || tensor.inputs.empty() || tensor.inputs[0] != &before) return false;
  return tensor.inputs.size() == 1 && tensor.cols == before.cols && tensor.rows == before.rows;
}

}  // namespace

void Panel::add(const Panel& other, glm::vec3 corner, float scale) {
  for (Block block : other.blocks) {
    block.corner = corner + block.corner * scale;
    block.cell *= scale;
    block.depth *= scale;
    blocks.push_back(block);
  }
  for (Label label : other.labels) {
    label.anchor = corner + label.anchor * scale;
    label.height *= scale;
    label.max_width *= scale;
    labels.push_back(label);
  }
  for (Plate plate : other.plates) {
    plate.corner = corner + plate.corner * scale;
    plate.size *= scale;
    plates.push_back(plate);
  }
  size = glm::max(size, glm::vec2(corner.x, -corner.y) + other.size * scale);
}

/// One thing to place: a cluster of tensors, or a group.
struct PanelBuilder::Entry {
  int order = 0;  // index of the first tensor, so that things stand in the order of computation
  Cluster cluster;
  const Group* group = nullptr;
};

int PanelBuilder::rows_of(const Tensor& tensor) const {
  return tensor.rows.axis == Axis::token ? std::min(token_rows_, tensor.rows.size) : tensor.rows.size;
}

int PanelBuilder::cols_of(const Tensor& tensor) const {
  return tensor.cols.axis == Axis::source ? std::min(token_rows_, tensor.cols.size) : tensor.cols.size;
}

glm::vec2 PanelBuilder::cell_size(const Tensor& tensor) const {
  if (&tensor == &graph_.tokens() || (&tensor == &graph_.logits() && float(cols_of(tensor)) < width_ / 4))
    return glm::vec2(
        std::clamp(0.5f * width_ / float(std::max(cols_of(tensor), rows_of(tensor) / 2)), 1.f, 8.f));
  return {tensor.cols.axis == Axis::source ? row_height_ : 1,
          tensor.rows.axis == Axis::token ? row_height_ : 1};
}

void PanelBuilder::label(Panel& panel, const Tensor& tensor, float x, float y, float width) const {
  Label label;
  label.text = tensor.label;
  label.rank = LabelRank::tensor;
  label.tensor = &tensor;
  label.anchor = {x, y, 0};
  label.max_width = width;
  // A name longer than its block is written smaller; a letter is about half as wide as it is tall.
  const float letters = float(tensor.label.english().size());
  label.height = std::min(label_height_, width / (0.52f * letters));
  panel.labels.push_back(label);
}

/// The columns [first_col, first_col + cols) of a cluster's tensors, above each other; matrices carry labels.
Panel PanelBuilder::stack(const Cluster& cluster, int first_col, int cols) const {
  Panel panel;
  float y = 0;
  for (const Tensor* tensor : cluster.tensors) {
    const bool thin = is_vector(*tensor);
    if (!thin) y -= label_height_ * 1.35f;
    Block block;
    block.tensor = tensor;
    block.rows = rows_of(*tensor);
    block.first_col = first_col;
    block.cols = std::min(cols, cols_of(*tensor) - first_col);
    block.cell = cell_size(*tensor);
    block.corner = {0, y, 0};
    block.depth = block_depth;
    panel.blocks.push_back(block);
    if (!thin && first_col == 0)
      label(panel, *tensor, 0, y + label_height_ * 0.3f, block.size().x + wide_gap - 1);
    y -= block.size().y + (thin ? gap * 0.6f : gap * 0.4f);
    // Beside these two stand texts: the tokens themselves, and the most probable next ones.
    const float texts = tensor == &graph_.tokens()   ? 3 * block.cell.y
                        : tensor == &graph_.logits() ? 0.75f * block.size().y
                                                     : 0;
    panel.size.x = std::max(panel.size.x, block.size().x + texts);
  }
  panel.size.y = -y;
  return panel;
}

/// A table much larger than the space: folded into windows side by side (rows) or above each other (columns),
/// smaller.
Panel PanelBuilder::folded(const Tensor& tensor) const {
  const int rows = rows_of(tensor), cols = cols_of(tensor);
  const float height = width_ * 0.6f, area = float(rows) * float(cols);
  const float scale = std::min(1.f, std::sqrt(width_ * height / area) * 0.9f);
  const bool by_rows = rows > cols;
  const float across = by_rows ? float(cols) : float(rows), budget = by_rows ? width_ : height;
  const int windows = std::max(1, int(budget / (across * scale + gap)));
  const int length = by_rows ? rows : cols, part = (length + windows - 1) / windows;
  Panel panel;
  label(panel, tensor, 0, -label_height_ * 1.05f, width_);
  for (int first = 0, i = 0; first < length; first += part, ++i) {
    Block block;
    block.tensor = &tensor;
    block.cell = {scale, scale};
    block.depth = block_depth;
    const float offset = float(i) * (across * scale + gap);
    block.corner = {by_rows ? offset : 0, -label_height_ * 1.35f - (by_rows ? 0 : offset), 0};
    block.rows = by_rows ? std::min(part, rows - first) : rows;
    block.cols = by_rows ? cols : std::min(part, cols - first);
    (by_rows ? block.first_row : block.first_col) = first;
    panel.blocks.push_back(block);
    panel.size = glm::max(panel.size, glm::vec2(block.corner.x, -block.corner.y) + block.size());
  }
  panel.size.y += gap;
  return panel;
}

Panel PanelBuilder::single(const Tensor& tensor) const { return cluster(Cluster{{&tensor}}); }

Panel PanelBuilder::cluster(const Cluster& cluster) const {
  const Tensor& last = *cluster.tensors.back();
  const int cols = cols_of(last);
  Panel panel;
  // Tables that dwarf everything else stand alone, folded and smaller, before what is computed with them.
  Cluster rest;
  for (const Tensor* tensor : cluster.tensors) {
    const bool huge = float(rows_of(*tensor)) > 3 * width_ || (float(cols_of(*tensor)) > 6 * width_);
    if (!huge) {
      rest.tensors.push_back(tensor);
      continue;
    }
    panel.add(folded(*tensor), {0, -panel.size.y, 0});
  }
  if (rest.tensors.empty()) return panel;
  // A tall matrix alone is folded into windows beside each other, a wide cluster into windows below each
  // other.
  Panel body;
  const Tensor& first = *rest.tensors.front();
  if (float(cols) > width_ * 1.05f) {
    const int windows = int(std::ceil(float(cols) / width_)), part = (cols + windows - 1) / windows;
    for (int from = 0; from < cols; from += part)
      body.add(stack(rest, from, std::min(part, cols - from)), {0, -body.size.y, 0});
  } else if (first.role == Role::weight && rows_of(first) > 2 * cols &&
             float(rows_of(first)) > width_ * 1.3f) {
    const int windows = std::max(1, int((width_ + gap) / (float(cols) + gap) + 0.15f));
    const int part = (rows_of(first) + windows - 1) / windows;
    label(body, first, 0, -label_height_ * 1.05f, width_);
    for (int from = 0, i = 0; from < rows_of(first); from += part, ++i) {
      Block block;
      block.tensor = &first;
      block.first_row = from;
      block.rows = std::min(part, rows_of(first) - from);
      block.cols = cols;
      block.depth = block_depth;
      block.corner = {float(i) * (float(cols) + gap), -label_height_ * 1.35f, 0};
      body.blocks.push_back(block);
      body.size = glm::max(body.size, glm::vec2(block.corner.x, -block.corner.y) + block.size());
    }
    rest.tensors.erase(rest.tensors.begin());
    if (!rest.tensors.empty()) body.add(stack(rest, 0, cols), {0, -body.size.y - gap, 0});
  } else {
    body = stack(rest, 0, cols);
  }
  panel.add(body, {0, -panel.size.y, 0});
  return panel;
}

/// Groups that work side by side stand behind each other, each a little to the left so that it shows; none
/// higher or lower, so that the lines of labels stay free.
Panel PanelBuilder::parallel(const Group& group) const {
  Panel panel;
  std::vector<Panel> members;
  glm::vec2 size{0};
  for (int child : group.children) {
    const PanelBuilder narrow(graph_, token_rows_, width_ * 1.25f, label_height_, row_height_);
    members.push_back(narrow.group(graph_.groups()[size_t(child)]));
    size = glm::max(size, members.back().size);
  }
  const int count = int(members.size());
  if (count == 0) return panel;
  const float shift = count > 1 ? std::min(0.14f * size.x, 0.5f * size.x / float(count - 1)) : 0;
  const float back = std::max(0.14f * size.x, 6.f);
  for (int i = 0; i < count; ++i) {
    const float behind = float(i);
    if (i > 0) members[size_t(i)].labels.clear();
    panel.add(members[size_t(i)], {shift * float(count - 1 - i), 0, -back * behind});
  }
  return panel;
}

std::vector<PanelBuilder::Entry> PanelBuilder::entries(const Group& group) const {
  std::vector<Entry> result;
  std::vector<const Tensor*> waiting;  // weights whose op comes later in this group
  for (const Tensor* tensor : group.tensors) {
    if (tensor->spine) continue;
    if (tensor->role == Role::weight) {
      const auto readers = graph_.readers(*tensor);
      if (!readers.empty() && readers.front()->group == group.index)
        waiting.push_back(tensor);
      else
        result.push_back({tensor->index, {{tensor}}, nullptr});
      continue;
    }
    if (!result.empty() && !result.back().group && follows(*tensor, *result.back().cluster.tensors.back()) &&
        tensor->cols.axis != Axis::source) {
      result.back().cluster.tensors.push_back(tensor);
      continue;
    }
    Entry entry{tensor->index, {}, nullptr};
    for (bool vectors : {false, true})
      for (const Tensor* weight : waiting)
        if (is_vector(*weight) == vectors &&
            std::ranges::find(tensor->inputs, weight) != tensor->inputs.end() &&
            graph_.readers(*weight).front() == tensor)
          entry.cluster.tensors.push_back(weight);
    std::erase_if(waiting, [&](const Tensor* w) { return graph_.readers(*w).front() == tensor; });
    entry.cluster.tensors.push_back(tensor);
    // The weights must share the result's columns to stand above it; a table read backwards does not.
    std::vector<const Tensor*> aligned;
    for (const Tensor* member : entry.cluster.tensors) {
      if (cols_of(*member) == cols_of(*tensor))
        aligned.push_back(member);
      else
        result.push_back({member->index, {{member}}, nullptr});
    }
    entry.cluster.tensors = aligned;
    result.push_back(entry);
  }
  for (int child : group.children) {
    const Group& inner = graph_.groups()[size_t(child)];
    const Group* deepest = &inner;
    while (deepest->tensors.empty() && !deepest->children.empty())
      deepest = &graph_.groups()[size_t(deepest->children.front())];
    const int order = deepest->tensors.empty() ? 0 : deepest->tensors.front()->index;
    result.push_back({order, {}, &inner});
  }
  std::ranges::stable_sort(result, {}, &Entry::order);
  return result;
}

Panel PanelBuilder::group(const Group& group) const {
  if (group.flow == Flow::parallel) return parallel(group);
  Panel panel;
  Panel line;
  float x = 0;
  auto finish_line = [&] {
    if (!line.empty()) panel.add(line, {0, -panel.size.y - (panel.empty() ? 0 : gap), 0});
    line = {};
    x = 0;
  };
  for (const Entry& entry : entries(group)) {
    const Panel item = entry.group ? this->group(*entry.group) : cluster(entry.cluster);
    if (item.empty()) continue;
    if (x > 0 && x + item.size.x > width_ * 1.1f) finish_line();
    line.add(item, {x, 0, 0});
    x = line.size.x + wide_gap;
  }
  finish_line();
  return panel;
}

}  // namespace orrery
