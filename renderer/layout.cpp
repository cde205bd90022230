#include "renderer/layout.h"

#include <algorithm>
#include <cmath>

#include "renderer/panel.h"

namespace orrery {
namespace {

/// The parts of a graph that the layout arranges: what comes before the layers, the layers, what comes after.
struct Sections {
  std::vector<const Group*> before, layers, after;
};

Sections sections_of(const Graph& graph) {
  Sections result;
  for (int child : graph.groups()[0].children) {
    const Group& group = graph.groups()[size_t(child)];
    if (group.layer >= 0)
      result.layers.push_back(&group);
    else
      (result.layers.empty() ? result.before : result.after).push_back(&group);
  }
  return result;
}

int widest_state(const Graph& graph) {
  int width = 1;
  for (const Tensor* tensor : graph.tensors())
    if (tensor->spine) width = std::max(width, tensor->cols.size);
  return width;
}

void add_group_label(Panel& panel, const Group& group, LabelRank rank, glm::vec2 at, float height,
                     float max_width) {
  Label label;
  label.text = group.label;
  label.rank = rank;
  label.group = group.index;
  label.anchor = {at.x, at.y, 0};
  label.height = height;
  label.max_width = max_width;
  panel.labels.push_back(label);
}

/// One way to arrange the model; several are tried.
struct Choice {
  float fold[2] = {1, 1};  ///< widths of the left and right panels, in widths of the residual stream
  int columns = 1;         ///< layers beside each other
};

class Arranger {
 public:
  Arranger(const Graph& graph, const LayoutOptions& options, Choice choice)
      : graph_(graph),
        choice_(choice),
        state_(float(widest_state(graph))),
        text_(std::max(state_ * 0.17f, 4.f)),
        row_height_(
            std::clamp(0.22f * state_ / float(std::min(options.token_rows, graph.capacity())), 1.f, 16.f)),
        builders_{{graph, options.token_rows, std::max(choice.fold[0] * state_, 40.f), text_, row_height_},
                  {graph, options.token_rows, std::max(choice.fold[1] * state_, 40.f), text_, row_height_}} {}

  Panel arrange() {
    const Sections sections = sections_of(graph_);
    std::vector<Panel> layers;
    glm::vec2 cell{0};
    for (const Group* group : sections.layers) {
      layers.push_back(layer(*group));
      cell = glm::max(cell, layers.back().size);
    }
    const float space = 0.12f * state_ + 14;
    const int rows = std::max(1, (int(layers.size()) + choice_.columns - 1) / choice_.columns);
    const float height = float(rows) * (cell.y + space) - space;
    Panel panel;
    float x = 0;
    for (const Group* group : sections.before) x = add_end(panel, *group, x, height, false) + space;
    for (size_t i = 0; i < layers.size(); ++i)
      panel.add(layers[i], {x + float(int(i) % choice_.columns) * (cell.x + space),
                            -float(int(i) / choice_.columns) * (cell.y + space), 0});
    x += float(std::min<int>(choice_.columns, int(layers.size()))) * (cell.x + space);
    for (const Group* group : sections.after) x = add_end(panel, *group, x, height, true) + space;
    return panel;
  }

 private:
  /// What stands before or after the layers, enlarged to be about as tall as they are.
  float add_end(Panel& panel, const Group& group, float x, float height, bool low) {
    PanelBuilder narrow(graph_, token_rows(), std::max(state_ * 1.1f, 40.f), text_, row_height_);
    Panel inner;
    Panel states;
    for (const Tensor* tensor : group.tensors)
      if (tensor->spine) states.add(narrow.single(*tensor), {0, -states.size.y, 0});
    inner.add(narrow.group(group), {0, -text_ * 2.2f, 0});
    if (!states.empty()) inner.add(states, {0, -inner.size.y, 0});
    add_group_label(inner, group, LabelRank::layer, {0, -text_ * 1.4f}, text_ * 1.5f, inner.size.x);
    const float scale =
        std::clamp(std::min(0.92f * height / inner.size.y,
                            0.7f * (1 + choice_.fold[0] + choice_.fold[1]) * state_ / inner.size.x),
                   0.05f, 3.f);
    const float y = low ? height - inner.size.y * scale : (height - inner.size.y * scale) * 0.0f;
    panel.add(inner, {x, -y, 0}, scale);
    return x + inner.size.x * scale;
  }

  int token_rows() const { return builders_[0].rows_of(graph_.tokens()); }

  /// A butterfly: the residual stream in the middle, what is added to it on its sides.
  Panel layer(const Group& group) {
    std::vector<Panel> sides[2];
    float heights[2] = {0, 0};
    int side = 0;
    for (int child : group.children) {
      const Group& part = graph_.groups()[size_t(child)];
      Panel inner;
      inner.add(builders_[side].group(part), {0, -text_ * 2.1f, 0});
      add_group_label(inner, part, LabelRank::part, {0, -text_ * 1.4f}, text_ * 1.35f,
                      std::max(inner.size.x, state_));
      heights[side] += inner.size.y;
      sides[side].push_back(std::move(inner));
      side = 1 - side;
    }
    const float tallest = std::max(heights[0], heights[1]);
    const float gap = 0.1f * state_ + 8;
    Panel panel;
    const float top = text_ * 2.8f;
    float left = 0, right = 0, low = top + tallest;

    for (int s = 0; s < 2; ++s) {
      const float scale = heights[s] > 0 ? std::clamp(tallest / heights[s], 1.f, 2.2f) : 1;
      float y = top;
      for (const Panel& part : sides[s]) {
        (s == 0 ? left : right) = std::max(s == 0 ? left : right, part.size.x * scale);
        y += part.size.y * scale;
      }
      low = std::max(low, y);
    }
    for (int s = 0; s < 2; ++s) {
      const float scale = heights[s] > 0 ? std::clamp(tallest / heights[s], 1.f, 2.2f) : 1;
      float y = top;
      for (const Panel& part : sides[s]) {
        const float x = s == 0 ? left - part.size.x * scale : left + state_ + 2 * gap;
        panel.add(part, {x, -y, 0}, scale);
        y += part.size.y * scale;
      }
    }
    add_states(panel, group, left + gap, top, low);
    add_group_label(panel, group, LabelRank::layer, {0, -text_ * 1.9f}, text_ * 2, left + state_ + right);
    panel.size = {left + state_ + 2 * gap + right, std::max(low, panel.size.y)};
    Plate plate;
    plate.group = group.index;
    plate.corner = {-gap * 0.5f, gap * 0.5f, -3};
    plate.size = panel.size + glm::vec2(gap);
    panel.plates.push_back(plate);
    return panel;
  }

  /// The states of the stream, spread over the height of the layer, the last one at its foot.
  void add_states(Panel& panel, const Group& group, float x, float top, float low) {
    std::vector<Panel> states;
    for (const Tensor* tensor : group.tensors)
      if (tensor->spine) states.push_back(builders_[0].single(*tensor));
    for (size_t i = 0; i < states.size(); ++i) {
      const float part = float(i + 1) / float(states.size());
      const float y = top + (low - top) * part - states[i].size.y;
      panel.add(states[i], {x, -y, 0});
    }
  }

  const Graph& graph_;
  Choice choice_;
  float state_, text_, row_height_;
  PanelBuilder builders_[2];
};

/// How much of a window of that aspect is covered by blocks, those behind others not counted.
float fit(const Panel& panel, float aspect) {
  float area = 0;
  for (const Block& block : panel.blocks)
    if (block.corner.z > -1) area += block.size().x * block.size().y;
  const float width = std::max(panel.size.x, panel.size.y * aspect);
  return area / (width * width / aspect);
}

/// The block of `tensor` that a strand meets.
const Block& meeting_block(const Layout& layout, const Tensor& tensor, bool last) {
  const auto& blocks = layout.blocks_of[size_t(tensor.index)];
  return layout.blocks[size_t(last ? blocks.back() : blocks.front())];
}

/// The way of the residual stream from the foot of one column to the state `b` in another: under the first,
/// up through the gap between the columns, and down from the head of the second.
void add_detour(Layout& layout, const Tensor& from, const Tensor& to) {
  const Block &a = meeting_block(layout, from, true), &b = meeting_block(layout, to, false);
  const Plate* plate = nullptr;
  for (const Plate& candidate : layout.plates)
    if (b.corner.x > candidate.corner.x && b.corner.x < candidate.corner.x + candidate.size.x &&
        b.corner.y < candidate.corner.y && b.corner.y > candidate.corner.y - candidate.size.y)
      plate = &candidate;
  const float back = -6, reach = 0.16f * a.size().x + 6;
  const float x0 = a.corner.x + a.size().x / 2, y0 = a.corner.y - a.size().y;
  const float x1 = b.corner.x + b.size().x / 2, y1 = b.corner.y;
  const float gap = plate ? plate->corner.x : b.corner.x - reach,
              top = plate ? plate->corner.y - 2 : y1 + reach;
  const glm::vec3 way[4][4] = {
      {{x0, y0, back}, {x0, y0 - reach, back}, {gap, y0 - reach, back}, {gap, y0 + reach * 0.5f, back}},
      {{gap, y0 + reach * 0.5f, back},
       {gap, y0 + reach, back},
       {gap, top - reach, back},
       {gap, top - reach * 0.5f, back}},
      {{gap, top - reach * 0.5f, back},
       {gap, top + reach * 0.6f, back},
       {x1, top + reach * 0.6f, back},
       {x1, top - reach, back}},
      {{x1, top - reach, back}, {x1, top - 2 * reach, back}, {x1, y1 + reach, back}, {x1, y1, back}}};
  for (const auto& points : way) {
    Strand strand{&from, &to, {points[0], points[1], points[2], points[3]}, 0.12f * a.size().x, true};
    layout.strands.push_back(strand);
  }
}

Strand strand_between(const Layout& layout, const Tensor& from, const Tensor& to) {
  const Block &a = meeting_block(layout, from, true), &b = meeting_block(layout, to, false);
  Strand strand;
  strand.from = &from;
  strand.to = &to;
  strand.ribbon = from.spine && to.spine;
  const glm::vec2 sa = a.size(), sb = b.size();
  glm::vec3 start = a.corner + glm::vec3(sa.x * 0.5f, -sa.y, -0.5f * a.depth);
  glm::vec3 end = b.corner + glm::vec3(sb.x * 0.5f, 0, -0.5f * b.depth);
  glm::vec3 out{0, -1, 0}, in{0, 1, 0};
  if (!strand.ribbon && b.corner.x > a.corner.x + sa.x) {  // to the right
    start = a.corner + glm::vec3(sa.x, -sa.y * 0.5f, -0.5f * a.depth);
    end = b.corner + glm::vec3(0, -sb.y * 0.5f, -0.5f * b.depth);
    out = {1, 0, 0};
    in = {-1, 0, 0};
  } else if (!strand.ribbon && b.corner.x + sb.x < a.corner.x) {  // to the left
    start = a.corner + glm::vec3(0, -sa.y * 0.5f, -0.5f * a.depth);
    end = b.corner + glm::vec3(sb.x, -sb.y * 0.5f, -0.5f * b.depth);
    out = {-1, 0, 0};
    in = {1, 0, 0};
  } else if (!strand.ribbon && b.corner.y > a.corner.y) {  // upwards: along the left sides
    start = a.corner + glm::vec3(0, -sa.y * 0.5f, -0.5f * a.depth);
    end = b.corner + glm::vec3(0, -sb.y * 0.5f, -0.5f * b.depth);
    out = in = {-1, 0, 0};
  }
  const float reach = std::clamp(glm::length(end - start) * 0.45f, 2.f, 120.f);
  strand.points[0] = start;
  strand.points[1] = start + out * reach;
  strand.points[2] = end + in * reach;
  strand.points[3] = end;
  strand.width = strand.ribbon ? std::min(sa.x, sb.x) * 0.12f : 0.7f;
  return strand;
}

void add_way(Layout& layout, const Tensor& from, const Tensor& to) {
  if (from.spine && to.spine && from.layer != to.layer)
    add_detour(layout, from, to);
  else
    layout.strands.push_back(strand_between(layout, from, to));
}

void add_strands(Layout& layout, const Graph& graph) {
  for (const Tensor* to : graph.steps())
    for (const Tensor* from : to->inputs)
      if (from->role != Role::weight && !layout.blocks_of[size_t(from->index)].empty())
        add_way(layout, *from, *to);
}

void add_bounds(Layout& layout) {
  if (layout.blocks.empty()) return;
  layout.low = glm::vec3(1e9f);
  layout.high = glm::vec3(-1e9f);
  for (const Block& block : layout.blocks) {
    const glm::vec3 far = block.corner + glm::vec3(block.size().x, -block.size().y, -block.depth);
    layout.low = glm::min(layout.low, glm::min(block.corner, far));
    layout.high = glm::max(layout.high, glm::max(block.corner, far));
  }
  for (const Label& label : layout.labels)
    layout.high.y = std::max(layout.high.y, label.anchor.y + label.height);
}

/// Numbers of columns worth a try: those that leave no row half empty without need.
std::vector<int> column_counts(int layers) {
  std::vector<int> counts;
  for (int rows = 1; rows <= std::min(layers, 8); ++rows) {
    const int columns = (layers + rows - 1) / rows;
    if (columns <= 12 && (counts.empty() || counts.back() != columns)) counts.push_back(columns);
  }
  return counts;
}

}  // namespace

Layout make_layout(const Graph& graph, const LayoutOptions& options) {
  Panel best;
  float best_fit = -1;
  const int layers = std::max(1, graph.layer_count());
  for (float left : {1.f, 1.25f, 1.6f, 2.f})
    for (float right : {1.f, 2.f, 4.f})
      for (int columns : column_counts(layers)) {
        Panel panel = Arranger(graph, options, {{left, right}, columns}).arrange();
        const float found = fit(panel, options.aspect);
        if (found > best_fit) {
          best_fit = found;
          best = std::move(panel);
        }
      }
  Layout layout;
  layout.blocks = std::move(best.blocks);
  layout.labels = std::move(best.labels);
  layout.plates = std::move(best.plates);
  layout.blocks_of.resize(graph.tensors().size());
  for (size_t i = 0; i < layout.blocks.size(); ++i)
    layout.blocks_of[size_t(layout.blocks[i].tensor->index)].push_back(int(i));
  add_strands(layout, graph);
  add_bounds(layout);
  return layout;
}

int token_rows_for(int tokens, int capacity) {
  if (capacity <= 24) return capacity;
  int rows = 16;
  while (rows < tokens) rows *= 2;
  return std::min(rows, capacity);
}

}  // namespace orrery
