#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "model/formats/numbers.h"

namespace orrery {

/// In which order a file keeps the rows of a projection for several heads.
enum class RowOrder {
  as_named,  ///< as Hugging Face has them under that name
  pairs,     ///< [H, d/2, 2] where Hugging Face has [H, 2, d/2]: channels that turn together are neighbours
  parts      ///< [3, H, d] where Hugging Face has [H, 3, d]: all queries, all keys, all values
};

/// What a file has done to the numbers.
enum class NumberRule {
  as_named,
  exponential,  ///< it holds −exp(a) for a: Mamba's decays in GGUF
  plus_one      ///< it holds 1 + w for w: Gemma's norms in GGUF
};

/// One tensor of a checkpoint file, not yet converted: named and shaped as Hugging Face's. All sizes were
/// checked against the file.
struct StoredTensor {
  NumberType type = NumberType::F32;
  std::string type_name = "F32";    ///< as the file spells it; says what `other` is
  std::vector<std::int64_t> shape;  ///< row-major
  const std::byte* data = nullptr;  ///< lives as long as the checkpoint; unaligned
  std::string name = {};            ///< with the prefix that Hugging Face's file would have
  std::string file = {};            ///< which file holds it
  bool transposed = false;          ///< the file holds this matrix the other way round
  RowOrder order = RowOrder::as_named;
  int heads = 0;  ///< of `order`
  NumberRule rule = NumberRule::as_named;

  std::int64_t rows() const;  ///< all dimensions but the last; 1 for fewer than two dimensions
  std::int64_t cols() const;  ///< the last dimension
  /// Whether the bytes are those that Hugging Face's file would have.
  bool plain() const { return !transposed && order == RowOrder::as_named && rule == NumberRule::as_named; }
};

/// Converts `count` numbers of a row of the matrix as it lies in the file (for a transposed tensor: of what
/// is a column), from `column` on, with order and rule undone.
void read_numbers(const StoredTensor& tensor, std::int64_t row, std::int64_t column, int count, float* out);

}  // namespace orrery
