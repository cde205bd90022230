#include "model/checkpoint.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "model/formats/safetensors.h"
#include "model/message.h"

namespace orrery {

namespace {

bool all_finite(const float* numbers, int count) {
  std::uint32_t found = 0;  // without a branch: an exponent of ones belongs to no finite number
  for (int i = 0; i < count; ++i)
    found |= (std::bit_cast<std::uint32_t>(numbers[i]) & 0x7f800000u) == 0x7f800000u;
  return !found;
}

const StoredTensor& find_tensor(const Checkpoint& checkpoint, const WeightSource& source) {
  auto found = checkpoint.tensors.find(source.name);
  if (found == checkpoint.tensors.end())
    throw Error(say("{0}: the tensor {1} is missing.", checkpoint.weights_file.string(), source.name));
  const StoredTensor& stored = found->second;
  const std::string& file = stored.file;
  const size_t dimensions = stored.shape.size();
  const bool matrix = (dimensions >= 2 && dimensions <= 4), list = dimensions == 1;
  if (!(matrix || (list && source.file_rows == 1)) || stored.rows() != source.file_rows ||
      stored.cols() != source.file_cols) {
    std::int64_t wanted[] = {source.file_rows, source.file_cols};
    std::span<const std::int64_t> shape(wanted);
    if (source.file_rows == 1 && !matrix) shape = shape.subspan(1);
    throw Error(say("{0}: the tensor {1} has the shape {2}, but the configuration asks for {3}.", file,
                    source.name, shape_text(stored.shape), shape_text(shape)));
  }
  if (stored.type == NumberType::other)
    throw Error(say("{0}: the tensor {1} has the type {2}, which cannot be read.", file, source.name,
                    stored.type_name));
  return stored;
}

}  // namespace

void check_weight(const Checkpoint& checkpoint, const Tensor& tensor) {
  const WeightSource& source = tensor.source;
  find_tensor(checkpoint, source);
  int rows = tensor.rows.size, cols = tensor.cols.size;
  if (source.transposed) std::swap(rows, cols);  // the part as it lies in the file
  if (source.row < 0 || source.column < 0 || source.row > source.file_rows - rows ||
      source.column > source.file_cols - cols)
    throw Error(say("{0}: the tensor {1} of shape [{2}, {3}] has no part for {4}.",
                    checkpoint.weights_file.string(), source.name, source.file_rows, source.file_cols,
                    tensor.name));
}

void read_weight(const Checkpoint& checkpoint, const Tensor& tensor, float* out) {
  check_weight(checkpoint, tensor);
  WeightSource source = tensor.source;
  const StoredTensor& stored = find_tensor(checkpoint, source);
  if (stored.transposed) {  // the part as it lies in the file
    std::swap(source.file_rows, source.file_cols);
    std::swap(source.row, source.column);
    source.transposed = !source.transposed;
  }
  int rows = tensor.rows.size, cols = tensor.cols.size;
  if (source.transposed) std::swap(rows, cols);
  const auto read = [&](int row, int column, int count, float* numbers) {
    const int file_row = source.row + row, file_column = source.column + column;
    read_numbers(stored, file_row, file_column, count, numbers);
    if (all_finite(numbers, count)) return;
    const int bad =
        int(std::find_if_not(numbers, numbers + count, [](float x) { return std::isfinite(x); }) - numbers);
    throw Error(say("{0}: the tensor {1} holds {2} in row {3}, column {4}; weights must be finite.",
                    stored.file, source.name, numbers[bad], file_row, file_column + bad));
  };
  // One row of the file becomes one row or one column of the graph's matrix, which in memory is either
  // contiguous or strided.
  if (source.transposed == tensor.columns_contiguous) {
    for (int row = 0; row < rows; ++row) read(row, 0, cols, out + std::int64_t(row) * cols);
    return;
  }
  constexpr int tile = 64;  // the lines of a tile and of its transpose fit the nearest cache
  std::vector<float> lines(tile * tile);
  for (int row = 0; row < rows; row += tile)
    for (int column = 0; column < cols; column += tile) {
      const int height = std::min(tile, rows - row), width = std::min(tile, cols - column);
      for (int r = 0; r < height; ++r) read(row + r, column, width, lines.data() + r * tile);
      for (int c = 0; c < width; ++c)
        for (int r = 0; r < height; ++r)
          out[std::int64_t(column + c) * rows + row + r] = lines[size_t(r * tile + c)];
    }
}

}  // namespace orrery
