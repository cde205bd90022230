#include "renderer/pyramid.h"

#include <algorithm>
#include <cmath>

#include "model/op.h"

namespace orrery {
namespace {

constexpr std::uint32_t infinite = 0x7c00;

std::uint32_t half_or_infinite(float value) { return value == INFINITY ? infinite : half(value); }

}  // namespace

std::uint32_t mean_texel(float positive, float negative, float count) {
  if (!(count > 0)) return half(0) | infinite << 16;
  return half_or_infinite(positive / count) | half_or_infinite(negative / count) << 16;
}

void RowParts::read(const Tensor& tensor, const MatrixView& view, int row, int first, int count) {
  cols = count;
  memory.assign(size_t(cols + 1) * 3, 0.f);
  const Op* mask = tensor.op && tensor.op->masked(0, 1) ? tensor.op : nullptr;
  const int valid = mask ? std::clamp(row + 1 - first, 0, cols) : cols;
  const float* numbers = view.row(row) + first * view.col_stride;
  for (int col = 0; col < valid; ++col) {
    const float value = numbers[col * view.col_stride];
    if (std::isnan(value)) continue;                       // an expert that was not chosen
    if (mask && mask->masked(row, first + col)) continue;  // behind a sliding window
    counts()[col] = 1;
    positive()[col] = std::isinf(value) ? INFINITY : std::max(value, 0.f);
    negative()[col] = std::isinf(value) ? 0.f : std::max(-value, 0.f);
  }
}

void Pyramid::begin(int cols, int levels) {
  cols_ = cols;
  sums_.resize(size_t(levels));
  for (int level = 0; level < levels; ++level)
    sums_[size_t(level)].assign(size_t(level_size(cols, level)) * 3, 0.f);
}

void Pyramid::add(RowParts& parts, int row, bool last, int first_level,
                  std::vector<std::vector<std::uint32_t>>& texels) {
  float *positive = parts.positive(), *negative = parts.negative(), *counts = parts.counts();
  for (int level = 0; level < int(sums_.size()); ++level) {
    const int width = level_size(cols_, level);
    float* sums = sums_[size_t(level)].data();
    for (int col = 0; col < width; ++col) {
      sums[col] += positive[col];
      sums[width + col] += negative[col];
      sums[2 * width + col] += counts[col];
    }
    const bool closed = (row + 1) % (1 << level) == 0;
    if (level >= first_level && (closed || last))
      for (int col = 0; col < width; ++col)
        texels[size_t(level)].push_back(mean_texel(sums[col], sums[width + col], sums[2 * width + col]));
    if (closed) std::fill_n(sums, 3 * width, 0.f);
    // The next level's columns are pairs of this one's.
    const int next = (width + 1) / 2;
    positive[width] = negative[width] = counts[width] = 0;
    for (int col = 0; col < next; ++col) {
      positive[col] = positive[2 * col] + positive[2 * col + 1];
      negative[col] = negative[2 * col] + negative[2 * col + 1];
      counts[col] = counts[2 * col] + counts[2 * col + 1];
    }
  }
}

}  // namespace orrery
