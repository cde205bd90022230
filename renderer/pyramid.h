#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "model/tensor.h"

namespace orrery {

/// Half precision of a finite number that is not negative; what is too large becomes the largest.
inline std::uint32_t half(float value) {
  const float clamped = std::min(value, 65504.f);
  return (std::bit_cast<std::uint32_t>(clamped * 0x1p-112f) + 0x1000u) >> 13;
}

/// A texel of the value pool: the mean positive and the mean negative part of the cells that it stands for,
/// in half precision. Infinite in the first where a number overflowed, in the second where none was computed.
std::uint32_t mean_texel(float positive, float negative, float count);

/// How many squares of 2^level cells cover `size` cells.
inline int level_size(int size, int level) { return (size + (1 << level) - 1) >> level; }

/// A row of cells, each as its positive and its negative part and whether it holds a number at all.
struct RowParts {
  /// Reads columns [first, first + count). What is masked or was never computed holds no number; what
  /// overflowed has an infinite positive part.
  void read(const Tensor& tensor, const MatrixView& view, int row, int first, int count);

  int cols = 0;
  std::vector<float> memory;
  float* positive() { return memory.data(); }
  float* negative() { return memory.data() + cols + 1; }
  float* counts() { return memory.data() + 2 * (cols + 1); }
};

/// Means over squares of 2^level cells, made row by row.
class Pyramid {
 public:
  /// For rows of `cols` cells and levels 0 .. levels - 1.
  void begin(int cols, int levels);
  void clear() { sums_.clear(); }
  bool begun() const { return !sums_.empty(); }
  /// Adds the row with the number `row` (counted from the pyramid's first) and puts the texels of those
  /// levels from `first_level` on whose squares end with it, or of all if it is the `last` for now, at the
  /// end of `texels[level]`. Uses up `parts`.
  void add(RowParts& parts, int row, bool last, int first_level,
           std::vector<std::vector<std::uint32_t>>& texels);

 private:
  int cols_ = 0;
  std::vector<std::vector<float>> sums_;  // by level: sums of v+, of v-, counts of the squares being filled
};

}  // namespace orrery
