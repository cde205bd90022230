#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "model/message.h"
#include "model/stored_tensor.h"

namespace orrery {

// Keeps the compiler from leaving out reads that nothing uses.
inline volatile float sink;

inline void touch(std::span<const std::byte> bytes) {
  for (std::byte byte : bytes) sink = float(byte);
}

/// Reads every number of a tensor whose shape is small: all of them must lie inside of the input.
inline void read_whole(const StoredTensor& tensor) {
  if (tensor.type == NumberType::other || tensor.rows() > 4096 || tensor.cols() > 4096 ||
      tensor.rows() * tensor.cols() > 1 << 16)
    return;
  const std::int64_t rows = tensor.transposed ? tensor.cols() : tensor.rows();
  std::vector<float> line(size_t(tensor.transposed ? tensor.rows() : tensor.cols()));
  for (std::int64_t row = 0; row < rows; ++row) {
    read_numbers(tensor, row, 0, int(line.size()), line.data());
    for (float number : line) sink = number;
  }
}

}  // namespace orrery
