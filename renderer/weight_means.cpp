#include "renderer/weight_means.h"

#include <algorithm>

#include "renderer/pyramid.h"

namespace orrery {
namespace {

constexpr int band_level = 6;
static_assert(WeightMeans::band == 1 << band_level);
constexpr int tile_width = 512;  // columns; a tile and its sums fit the second cache

/// to[i] = the sum of the pairs i of two rows.
void add_pairs(const float* upper, const float* lower, int count, float* to) {
  for (int i = 0; i < count / 2; ++i)
    to[i] = upper[2 * i] + upper[2 * i + 1] + lower[2 * i] + lower[2 * i + 1];
  if (count % 2) to[count / 2] = upper[count - 1] + lower[count - 1];
}

}  // namespace

/// A part of a band at work: its numbers and its sums, of two levels in turn.
struct WeightMeans::Tile {
  std::vector<float> numbers;
  Sums sums[2];

  Tile() : numbers(size_t(band) * tile_width) {
    for (Sums& either : sums) either.make(band, tile_width);
  }
};

void WeightMeans::Sums::make(int rows, int cols) {
  stride = cols;
  positive.assign(size_t(rows) * size_t(cols), 0);
  negative = positive;
}

WeightMeans::WeightMeans(int rows, int cols, int levels, int first_level)
    : rows_(rows), cols_(cols), levels_(levels), first_level_(first_level) {
  for (int level = band_level; level < levels; ++level)
    coarse_.emplace_back().make(level_size(rows, level) + 1, level_size(cols, level));
}

void WeightMeans::make(const MatrixView& view, int row, WeightBand& made,
                       const std::function<void(int, const float*, int)>& see) const {
  thread_local Tile tile;
  const int count = std::min(band, rows_ - row), known = row + count;
  made.row = row, made.count = count;
  made.texels.resize(size_t(levels_));
  for (int level = first_level_; level < levels_; ++level)
    made.texels[size_t(level)].resize(size_t(level_size(cols_, level)) * size_t(level_size(count, level)));
  made.positive.resize(size_t(level_size(cols_, band_level)));
  made.negative.resize(made.positive.size());
  for (int col = 0; col < cols_; col += tile_width) {
    int height = count, width = std::min(tile_width, cols_ - col);
    read(view, row, col, height, width, tile);
    for (int r = 0; r < height; ++r) see(row + r, tile.numbers.data() + size_t(r) * tile_width, width);
    for (int level = 0;; ++level) {
      const Sums& sums = tile.sums[level % 2];
      if (level >= first_level_)
        for (int r = 0; r < height; ++r)
          write(sums, level, known, (row >> level) + r, r, col >> level, width,
                made.texels[size_t(level)].data() + size_t(r) * size_t(level_size(cols_, level)) +
                    (col >> level));
      if (level == band_level || level + 1 == levels_) break;
      for (int r = 0; r < height; r += 2) halve(sums, r, height, width, tile.sums[(level + 1) % 2], r / 2);
      height = (height + 1) / 2, width = (width + 1) / 2;
    }
    if (coarse_.empty()) continue;
    const Sums& squares = tile.sums[band_level % 2];
    std::copy_n(squares.positive.begin(), width, made.positive.begin() + (col >> band_level));
    std::copy_n(squares.negative.begin(), width, made.negative.begin() + (col >> band_level));
  }
}

void WeightMeans::add(WeightBand& made) {
  if (coarse_.empty()) return;
  Sums& squares = coarse_.front();
  const auto at = std::ptrdiff_t(made.row >> band_level) * squares.stride;
  std::ranges::copy(made.positive, squares.positive.begin() + at);
  std::ranges::copy(made.negative, squares.negative.begin() + at);
  for (int level = band_level + 1; level < levels_; ++level) {
    const Sums& finer = coarse_[size_t(level - 1 - band_level)];
    Sums& sums = coarse_[size_t(level - band_level)];
    const int place_row = made.row >> level;
    halve(finer, 2 * place_row, 2 * place_row + 2, finer.stride, sums, place_row);
    if (level >= first_level_)
      write(sums, level, made.row + made.count, place_row, place_row, 0, sums.stride,
            made.texels[size_t(level)].data());
  }
}

void WeightMeans::read(const MatrixView& view, int row, int col, int height, int width, Tile& tile) {
  constexpr int block = 16;  // of rows and columns: as many lines of the cache
  for (int r0 = 0; r0 < height; r0 += block)
    for (int c0 = 0; c0 < width; c0 += block)
      for (int r = r0; r < std::min(height, r0 + block); ++r) {
        const float* from = view.row(row + r) + (col + c0) * view.col_stride;
        float* to = tile.numbers.data() + size_t(r) * tile_width + c0;
        for (int c = 0; c < std::min(block, width - c0); ++c) to[c] = from[c * view.col_stride];
      }
  for (int r = 0; r < height; ++r) {
    const float* from = tile.numbers.data() + size_t(r) * tile_width;
    float *positive = tile.sums[0].positive.data() + size_t(r) * tile_width,
          *negative = tile.sums[0].negative.data() + size_t(r) * tile_width;
    for (int c = 0; c < width; ++c) {
      positive[c] = std::max(from[c], 0.f);
      negative[c] = std::max(-from[c], 0.f);
    }
  }
}

/// The row `to_row` of the next level from two rows, or from the last one alone.
void WeightMeans::halve(const Sums& from, int first_row, int rows, int cols, Sums& to, int to_row) {
  static constexpr float zeros[tile_width] = {};
  const bool pair = first_row + 1 < rows;
  const size_t at = size_t(first_row) * size_t(from.stride), next = at + size_t(from.stride);
  const size_t place = size_t(to_row) * size_t(to.stride);
  add_pairs(from.positive.data() + at, pair ? from.positive.data() + next : zeros, cols,
            to.positive.data() + place);
  add_pairs(from.negative.data() + at, pair ? from.negative.data() + next : zeros, cols,
            to.negative.data() + place);
}

/// One row of squares as texels, of the first `known` rows; squares at the edges hold fewer cells.
void WeightMeans::write(const Sums& sums, int level, int known, int row, int sums_row, int col, int cols,
                        std::uint32_t* texels) const {
  const float* positive = sums.positive.data() + size_t(sums_row) * size_t(sums.stride);
  const float* negative = sums.negative.data() + size_t(sums_row) * size_t(sums.stride);
  const int side = 1 << level, height = std::min(side, known - row * side);
  const float whole = 1 / (float(height) * float(side));
  for (int i = 0; i < cols; ++i) texels[i] = half(positive[i] * whole) | half(negative[i] * whole) << 16;
  const int last = col + cols - 1, width = std::min(side, cols_ - last * side);
  const float cells = float(height) * float(width);
  texels[cols - 1] = half(positive[cols - 1] / cells) | half(negative[cols - 1] / cells) << 16;
}

}  // namespace orrery
