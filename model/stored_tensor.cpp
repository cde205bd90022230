#include "model/stored_tensor.h"

#include <cmath>

namespace orrery {

namespace {

/// Where the file keeps the row (the number of a list) that Hugging Face has in place `row`.
std::int64_t place_in_file(const StoredTensor& tensor, std::int64_t row) {
  if (tensor.order == RowOrder::as_named) return row;
  const std::int64_t outputs = tensor.shape.front(), heads = tensor.heads;
  if (tensor.order == RowOrder::pairs) {
    const std::int64_t size = outputs / heads, half = size / 2, head = row / size, channel = row % size;
    return head * size + (channel < half ? 2 * channel : 2 * (channel - half) + 1);
  }
  const std::int64_t size = outputs / (3 * heads), head = row / (3 * size), part = row / size % 3;
  return (part * heads + head) * size + row % size;
}

void undo(NumberRule rule, int count, float* numbers) {
  for (int i = 0; i < count; ++i)
    numbers[i] = rule == NumberRule::exponential ? std::log(-numbers[i]) : numbers[i] - 1;
}

}  // namespace

std::int64_t StoredTensor::rows() const {
  std::int64_t product = 1;
  for (size_t i = 0; i + 1 < shape.size(); ++i) product *= shape[i];
  return product;
}

std::int64_t StoredTensor::cols() const { return shape.empty() ? 1 : shape.back(); }

void read_numbers(const StoredTensor& tensor, std::int64_t row, std::int64_t column, int count, float* out) {
  if (tensor.order != RowOrder::as_named && tensor.shape.size() == 1) {
    for (int i = 0; i < count; ++i)
      convert_numbers(tensor.type, tensor.data, place_in_file(tensor, column + i), 1, out + i);
  } else {
    const std::int64_t length = tensor.transposed ? tensor.rows() : tensor.cols();
    convert_numbers(tensor.type, tensor.data, place_in_file(tensor, row) * length + column, count, out);
  }
  if (tensor.rule != NumberRule::as_named) undo(tensor.rule, count, out);
}

}  // namespace orrery
