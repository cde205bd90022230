#include "app/pattern_pictures.h"

#include <algorithm>

namespace orrery {
namespace {

constexpr int largest_pattern = 64, largest_picture = 4096;  // dots

Finding<Matrix> matrix_of(const Trace& trace, const Anatomy& anatomy, const HeadParts& head, PatternMode mode,
                          int rows) {
  if (mode == PatternMode::written) return written_norms(trace, head, rows);
  if (mode == PatternMode::weights) return attention_pattern(trace, head, rows);
  const Finding<std::vector<Matrix>> rollout = attention_rollout(trace, anatomy, rows);
  if (!rollout) return rollout.why_not;
  return (*rollout)[size_t(head.layer)];
}

double largest_of(const Matrix& matrix) {
  return matrix.numbers.empty() ? 0 : *std::ranges::max_element(matrix.numbers);
}

/// Puts a head's matrix into its place of the grid.
void add_head(PatternGrid& grid, const HeadParts& head, const Matrix& matrix) {
  const int width = grid.heads * grid.side;
  for (int i = 0; i < matrix.rows; ++i)
    for (int j = 0; j <= i; ++j) {
      if (head.pattern->op->masked(i, j)) continue;
      const int row = head.layer * grid.side + i / grid.block, col = head.head * grid.side + j / grid.block;
      float& dot = grid.numbers[size_t(row) * size_t(width) + size_t(col)];
      dot = std::max(dot, float(matrix(i, j)));
    }
}

}  // namespace

Finding<PatternPicture> pattern_picture(const Trace& trace, const Anatomy& anatomy, const HeadParts& head,
                                        PatternMode mode, int rows) {
  Finding<Matrix> matrix = matrix_of(trace, anatomy, head, mode, rows);
  if (!matrix) return matrix.why_not;
  PatternPicture picture;
  picture.layer = head.layer;
  picture.head = head.head;
  picture.mode = mode;
  picture.numbers = std::move(*matrix.result);
  if (mode == PatternMode::written) picture.largest = largest_of(picture.numbers);
  picture.entropy = attention_entropy(attention_pattern(trace, head, rows));
  if (rows > 1) picture.sink = sink_report(trace, head, rows).result;
  return picture;
}

Finding<PatternGrid> pattern_grid(const Trace& trace, const Anatomy& anatomy, PatternMode mode,
                                  std::uint64_t steps, Progress& progress) {
  PatternGrid grid;
  int most = 0, least = trace.capacity();
  for (const LayerParts& layer : anatomy.layers)
    for (const HeadParts& head : layer.heads) {
      grid.layers = std::max(grid.layers, head.layer + 1);
      grid.heads = std::max(grid.heads, head.head + 1);
      const int rows = trace.rows_known(*head.pattern, steps);
      most = std::max(most, rows), least = std::min(least, rows);
    }
  if (grid.layers == 0) return no_attention();
  if (most == 0) return say("Not computed yet.");
  const int limit = std::clamp(largest_picture / std::max(grid.layers, grid.heads), 1, largest_pattern);
  grid.block = (most + limit - 1) / limit;
  grid.side = (most + grid.block - 1) / grid.block;
  grid.numbers.assign(size_t(grid.layers) * size_t(grid.heads) * size_t(grid.side) * size_t(grid.side), -1);
  if (mode == PatternMode::rollout) {
    const Finding<std::vector<Matrix>> rollout = attention_rollout(trace, anatomy, least);
    if (!rollout) return rollout.why_not;
    for (const LayerParts& layer : anatomy.layers)
      if (!layer.heads.empty()) add_head(grid, layer.heads.front(), (*rollout)[size_t(layer.layer)]);
    return grid;
  }
  if (mode == PatternMode::written) grid.largest = 0;
  int done = 0;
  for (const LayerParts& layer : anatomy.layers)
    for (const HeadParts& head : layer.heads) {
      progress.report(float(done++) / float(anatomy.head_count()));
      const Finding<Matrix> matrix =
          matrix_of(trace, anatomy, head, mode, trace.rows_known(*head.pattern, steps));
      if (!matrix) return matrix.why_not;
      if (mode == PatternMode::written) grid.largest = std::max(grid.largest, largest_of(*matrix));
      add_head(grid, head, *matrix);
    }
  return grid;
}

}  // namespace orrery
