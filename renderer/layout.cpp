#include "renderer/layout.h"

#include <algorithm>

#include "renderer/layout_arrange.h"

namespace orrery {
namespace {

void add_bounds(Layout& layout) {
  if (layout.blocks.empty()) return;
  Bounds bounds;
  for (const Block& block : layout.blocks) bounds.add(block);
  for (const Label& label : layout.labels) {
    bounds.add(label.anchor + glm::vec3(0, label.height, 0));
    if (label.align == 0) bounds.add(label.anchor + glm::vec3(written_width(label), 0, 0));
  }
  for (const Strand& strand : layout.strands)
    for (float t : {0.25f, 0.5f, 0.75f}) {
      const float s = 1 - t;
      bounds.add(s * s * s * strand.points[0] + 3 * s * s * t * strand.points[1] +
                 3 * s * t * t * strand.points[2] + t * t * t * strand.points[3]);
    }
  bounds.add(layout.prediction_foot);
  bounds.add(layout.arc_edge);
  layout.low = bounds.low;
  layout.high = bounds.high;
}

void add_group(Bounds& bounds, const Layout& layout, const Graph& graph, int index) {
  const Group& group = graph.groups()[size_t(index)];
  for (const Tensor* tensor : group.tensors)
    for (int block : layout.blocks_of[size_t(tensor->index)]) bounds.add(layout.blocks[size_t(block)]);
  if (std::ranges::find(group.tensors, &graph.logits()) != group.tensors.end())
    bounds.add(layout.prediction_foot);
  for (int child : group.children) add_group(bounds, layout, graph, child);
}

/// The part of a window of that aspect that blocks cover, those of front lanes only.
float covered(const Layout& layout, float aspect) {
  float area = 0;
  for (const Block& block : layout.blocks)
    if (block.corner.z > -1) area += block.size().x * block.size().y;
  const glm::vec3 size = layout.high - layout.low;
  const float width = std::max(size.x, size.y * aspect);
  return area / (width * width / aspect);
}

/// As large as the names of parts: the predictions are what the whole network is for.
void measure_predictions(Layout& layout, const Graph& graph) {
  const auto& blocks = layout.blocks_of[size_t(graph.logits().index)];
  if (blocks.empty()) return;
  const Block& block = layout.blocks[size_t(blocks.front())];
  layout.prediction_height = std::max(block.size().y * 0.16f, block.cell.y * 0.9f);
  for (const Label& label : layout.labels)
    if (label.rank == LabelRank::part)
      layout.prediction_height = std::max(layout.prediction_height, 0.8f * label.height);
  const float lines = 1.35f * float(Layout::prediction_lines);
  layout.prediction_foot = block.corner + glm::vec3(block.size().x + 6 * layout.prediction_height,
                                                    -lines * layout.prediction_height, 0);
}

/// Ways to cut into columns and stacks, the rest as in `from`.
std::vector<Arrangement> ways_to_cut(const Plan& plan, bool stacked, const Arrangement& from) {
  std::vector<Arrangement> all;
  const int most = std::clamp(int(plan.sections.size()) - 2, 1, 6);
  for (int columns = 1; columns <= most; ++columns)
    for (int stacks : stacked ? std::vector{0, 3, 4, 5, 6, 7, 8, 10} : std::vector{0}) {
      all.push_back(from);
      all.back().columns = columns;
      all.back().stacks = stacks;
    }
  return all;
}

/// Sizes of cells and folds, the rest as in `from`.
std::vector<Arrangement> ways_to_size(bool square, const Arrangement& from) {
  std::vector<Arrangement> all;
  for (float tallest : {1.02f, 1.35f, 2.1f}) {
    Arrangement choice = from;
    choice.tallest = tallest;
    if (square) {  // a small model's cells are about square: all rows and columns have one size
      for (float wide : {1.f, 1.35f, 1.7f}) choice.wide = wide, all.push_back(choice);
      continue;
    }
    for (float flat : {1.f, 0.75f, 0.55f})
      for (float tall_rows : {1.f, 1.5f, 2.2f})
        choice.flat = flat, choice.tall_rows = tall_rows, all.push_back(choice);
  }
  return all;
}

/// Seeks the arrangement that fills the window best.
struct Search {
  const Graph& graph;
  const Plan& plan;
  const LayoutOptions& options;

  struct Found {
    Arrangement choice;
    float covered = 0;
  };

  /// Tries all with names of any size, the most promising with names that can be read from where all is seen.
  Arrangement best_of(const std::vector<Arrangement>& ways) const {
    std::vector<Found> found;
    for (const Arrangement& way : ways) {
      const Layout layout = sketch(way);
      found.push_back({way, covered(layout, options.aspect)});
      found.back().choice.seen_width = seen_width(layout);
    }
    std::ranges::stable_sort(found, std::ranges::greater(), &Found::covered);
    found.resize(std::min<size_t>(found.size(), 8));
    for (Found& one : found) {
      // Larger names make the whole larger, which asks for larger names: twice comes close enough.
      one.choice.seen_width = seen_width(sketch(one.choice));
      one.covered = covered(sketch(one.choice), options.aspect);
    }
    return std::ranges::max_element(found, {}, &Found::covered)->choice;
  }

  Layout sketch(const Arrangement& tried) const {
    Layout layout = arrange(graph, plan, options, tried, true);
    add_bounds(layout);
    return layout;
  }
  float seen_width(const Layout& layout) const {
    const glm::vec3 size = layout.high - layout.low;
    return std::max(size.x, size.y * options.aspect);
  }
};

}  // namespace

float written_width(const Label& label) {
  const float wide = 0.55f * label.height * float(label.text.english_size());
  return label.max_width > 0 ? std::min(wide, label.max_width) : wide;
}

Layout make_layout(const Graph& graph, const LayoutOptions& options) {
  const Plan plan = make_plan(graph);
  const bool square = Lengths(graph, options.token_rows).square();
  const bool stacked = std::ranges::any_of(plan.sections, [](const Section& section) {
    return std::ranges::any_of(section.wings, &Wing::stacked);
  });
  const Search search{graph, plan, options};
  std::vector<Arrangement> ways;
  if (stacked && !square) {  // many ways to cut, many tensors: first how to cut, then the sizes
    const Arrangement usual{1, 1.35f, 0.75f, 1.5f, 1, 0, 0};
    Arrangement cut = search.best_of(ways_to_cut(plan, true, usual));
    cut.seen_width = 0;
    ways = ways_to_size(false, cut);
  } else {
    for (const Arrangement& cut : ways_to_cut(plan, stacked, {}))
      for (const Arrangement& choice : ways_to_size(square, cut)) ways.push_back(choice);
  }
  Layout layout = arrange(graph, plan, options, search.best_of(ways));
  measure_predictions(layout, graph);
  add_strands(layout, graph);
  add_bounds(layout);
  return layout;
}

void Bounds::add(const Block& block) {
  add(block.corner);
  add(block.corner + glm::vec3(block.size().x, -block.size().y, -block.depth));
}

Bounds bounds_of(const Layout& layout, const Tensor& tensor) {
  Bounds bounds;
  for (int index : layout.blocks_of[size_t(tensor.index)]) bounds.add(layout.blocks[size_t(index)]);
  return bounds;
}

Bounds bounds_of(const Layout& layout, const Graph& graph, int group) {
  Bounds bounds;
  add_group(bounds, layout, graph, group);
  const auto& groups = graph.groups();
  for (const Label& label : layout.labels) {
    int within = label.tensor ? label.tensor->group : label.group;
    while (within > group) within = groups[size_t(within)].parent;
    if (within != group || label.row >= 0) continue;
    bounds.add(label.anchor + glm::vec3(0, label.height, 0));
    if (label.align == 0) bounds.add(label.anchor + glm::vec3(written_width(label), 0, 0));
  }
  return bounds;
}

Camera frame_whole(const Layout& layout, const Camera& direction, float aspect, float margin) {
  std::vector<glm::vec3> points;
  points.reserve(layout.blocks.size() * 8 + layout.labels.size() * 2);
  for (const Block& block : layout.blocks)
    for (int corner = 0; corner < 8; ++corner)
      points.push_back(block.corner + glm::vec3(corner & 1 ? block.size().x : 0,
                                                corner & 2 ? -block.size().y : 0,
                                                corner & 4 ? -block.depth : 0));
  for (const Label& label : layout.labels) {
    points.push_back(label.anchor + glm::vec3(0, label.height, 0));
    if (label.align == 0) points.push_back(label.anchor + glm::vec3(written_width(label), 0, 0));
  }
  if (!layout.blocks.empty()) {
    points.push_back(layout.prediction_foot);
    points.push_back(layout.arc_edge);
  }
  for (const Strand& strand : layout.strands)  // one that runs around the rest bounds the picture
    if (strand.around || strand.ribbon) points.insert(points.end(), {strand.points[0], strand.points[3]});
  if (points.empty()) points.push_back(glm::vec3(0));
  return direction.framing(points, aspect, margin);
}

int token_rows_for(int tokens, int capacity) {
  if (capacity <= 24) return capacity;
  int rows = 16;
  while (rows < tokens) rows *= 2;
  return std::min(rows, capacity);
}

}  // namespace orrery
