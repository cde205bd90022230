#include "renderer/aggregates.h"

#include <algorithm>
#include <cmath>

#include "renderer/number_words.h"

namespace orrery {
namespace {

bool inside(const Graph& graph, int outer, int group) {
  while (group >= 0 && group != outer) group = graph.groups()[size_t(group)].parent;
  return group == outer;
}

/// What a part adds to the stream: the last tensor inside of the group that a state of the stream reads.
const Tensor* added_by(const Graph& graph, int group) {
  const Tensor* found = nullptr;
  for (const Tensor* tensor : graph.steps()) {
    if (tensor->spine || !inside(graph, group, tensor->group)) continue;
    for (const Tensor* reader : graph.readers(*tensor))
      if (reader->spine) found = tensor;
  }
  return found;
}

const Tensor* last_state(const Graph& graph, int group) {
  const Tensor* found = nullptr;
  for (const Tensor* tensor : graph.steps())
    if (tensor->spine && inside(graph, group, tensor->group)) found = tensor;
  return found;
}

}  // namespace

double root_mean_square(const MatrixView& view, int row) {
  double sum = 0;
  for (int col = 0; col < view.cols; ++col) sum += double(view(row, col)) * double(view(row, col));
  return view.cols > 0 ? std::sqrt(sum / view.cols) : 0;
}

std::vector<Aggregate> aggregates_of(const Layout& layout, const Trace& trace, std::uint64_t steps) {
  const Graph& graph = trace.graph();
  std::vector<Aggregate> all;
  auto newest = [&](const Tensor* tensor) { return tensor ? trace.rows_known(*tensor, steps) - 1 : -1; };
  float height = 0, baseline = 0;
  for (const Label& label : layout.labels) {
    if (label.rank != LabelRank::part || label.group < 0) continue;
    if (graph.groups()[size_t(label.group)].layer < 0) continue;
    const Tensor* added = added_by(graph, label.group);
    const int row = newest(added);
    if (row < 0) continue;
    const float written = 0.6f * label.height * float(label.text.english().size());
    all.push_back({say("adds {0} (RMS)", short_number(root_mean_square(trace.view(*added), row))),
                   label.anchor + glm::vec3(written + label.height, 0, 0), 0.72f * label.height, 0});
  }
  for (const Plate& plate : layout.plates) {
    // In line with the names of the layer's parts.
    for (const Label& label : layout.labels)
      if (label.rank == LabelRank::part && label.group >= 0 && inside(graph, plate.group, label.group))
        height = label.height, baseline = label.anchor.y;
    const Tensor* state = last_state(graph, plate.group);
    const int row = newest(state);
    if (row < 0 || height <= 0) continue;
    const MatrixView view = trace.view(*state);
    all.push_back({say("stream after it: {0} (RMS over {1} channels, token {2})",
                       short_number(root_mean_square(view, row)), view.cols, row),
                   glm::vec3(plate.corner.x + plate.size.x - height, baseline, 0), 0.72f * height, 1});
  }
  return all;
}

}  // namespace orrery
