#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "model/tensor.h"

namespace orrery {

/// What became of one band of rows of a weight.
struct WeightBand {
  int row = 0, count = 0;
  /// By level: the rows of squares from row >> level on that the band has a part in.
  std::vector<std::vector<std::uint32_t>> texels;
  /// Sums over squares as large as a band, of the positive and of the negative parts.
  std::vector<float> positive, negative;
};

/// Means over squares of 2^level cells of a weight, band of rows by band. All its cells are finite numbers
/// and known from the start, so whole tiles go through plain loops; a large model has more than a hundred
/// million of them. A texel holds the mean positive part and the mean negative part in half precision.
class WeightMeans {
 public:
  static constexpr int band = 64;  ///< rows at a time

  WeightMeans() = default;
  /// For the first `rows` rows and `cols` columns of a matrix, levels 0 .. levels - 1; texels are made of
  /// those from `first_level` on.
  WeightMeans(int rows, int cols, int levels, int first_level);

  /// Makes the band of rows that begins at `row`, a multiple of `band`: its texels up to squares as large as
  /// it. `see` is given every number once: a row, some of its numbers, how many. Bands know nothing of each
  /// other: several threads may make some at once.
  void make(const MatrixView& view, int row, WeightBand& made,
            const std::function<void(int, const float*, int)>& see) const;
  /// Adds the texels of larger squares. Bands are added in the order of their rows, all of them.
  void add(WeightBand& made);

 private:
  /// Sums of the positive and of the negative parts over squares; rows lie `stride` apart.
  struct Sums {
    std::vector<float> positive, negative;
    int stride = 0;
    void make(int rows, int cols);
  };
  struct Tile;
  static void read(const MatrixView& view, int row, int col, int height, int width, Tile& tile);
  static void halve(const Sums& from, int first_row, int rows, int cols, Sums& to, int to_row);
  void write(const Sums& sums, int level, int known, int row, int sums_row, int col, int cols,
             std::uint32_t* texels) const;

  int rows_ = 0, cols_ = 0, levels_ = 0, first_level_ = 0;
  std::vector<Sums> coarse_;  // of the whole matrix: squares as large as a band, and larger
};

}  // namespace orrery
