#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "model/tensor.h"

namespace orrery {

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

  /// Adds the `count` rows from `row` on: `row` is a multiple of `band`, `count` is `band` or what is left.
  /// texels[level] becomes the rows of squares from row >> level on that the band has a part in. `see` is
  /// given every number once: a row, some of its numbers, how many.
  void add(const MatrixView& view, int row, int count, std::vector<std::vector<std::uint32_t>>& texels,
           const std::function<void(int, const float*, int)>& see);

 private:
  /// Sums of the positive and of the negative parts over squares; rows lie `stride` apart.
  struct Sums {
    std::vector<float> positive, negative;
    int stride = 0;
    void make(int rows, int cols);
  };
  void read(const MatrixView& view, int row, int col, int height, int width);
  static void halve(const Sums& from, int first_row, int rows, int cols, Sums& to, int to_row);
  void write(const Sums& sums, int level, int row, int sums_row, int col, int cols,
             std::uint32_t* texels) const;

  int rows_ = 0, cols_ = 0, levels_ = 0, first_level_ = 0, known_ = 0;
  std::vector<float> numbers_;  // a tile
  Sums tile_[2];                // its sums, of two levels in turn
  std::vector<Sums> coarse_;    // of the whole matrix: squares as large as a band, and larger
};

}  // namespace orrery
