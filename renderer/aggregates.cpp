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
  for (const Plate& plate : layout.plates) {
    // In line with the names of the layer's parts; the last of them that is written.
    float height = 0, baseline = 0, written_to = plate.corner.x;
    const float right = plate.corner.x + plate.size.x;
    for (const Label& label : layout.labels) {
      if (label.rank != LabelRank::part || label.group < 0 || !inside(graph, plate.group, label.group))
        continue;
      height = label.height, baseline = label.anchor.y;
      const Tensor* added = added_by(graph, label.group);
      const int row = newest(added);
      if (row < 0) continue;
      const float written = 0.6f * label.height * float(label.text.english_size());
      const glm::vec3 at = label.anchor + glm::vec3(written + label.height, 0, 0);
      all.push_back({say("adds {0} (RMS)", short_number(root_mean_square(trace.view(*added), row))), at,
                     0.72f * label.height, 0, std::max(right - at.x, 0.1f)});
      written_to = std::max(written_to, at.x + 7 * label.height);
    }
    const Tensor* state = last_state(graph, plate.group);
    const int row = newest(state);
    if (row < 0 || height <= 0) continue;
    const MatrixView view = trace.view(*state);
    // Where nothing stands right of the stream, left of it: its ribbon is not to be written on.
    const Bounds stream = bounds_of(layout, *state);
    const bool alone = std::ranges::none_of(layout.blocks, [&](const Block& block) {
      return block.corner.x > stream.high.x && inside(graph, plate.group, block.tensor->group);
    });
    const float end = alone ? stream.low.x : right;
    const float room = end - height - written_to;
    Message words = say("stream after it: {0} (RMS over {1} channels, token {2})",
                        short_number(root_mean_square(view, row)), view.cols, row);
    if (room < 0.38f * height * float(words.english_size())) continue;  // not to be read, so small
    all.push_back({std::move(words), glm::vec3(end - height, baseline, 0), 0.72f * height, 1, room});
  }
  return all;
}

}  // namespace orrery
