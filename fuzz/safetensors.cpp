#include "model/formats/safetensors.h"

#include <cstdint>

#include "model/checkpoint.h"
#include "model/message.h"

using namespace orrery;

namespace {

// Keeps the compiler from leaving out reads that nothing uses.
volatile float sink;

/// Reads a whole tensor as a weight, plain and transposed.
void read_whole(Checkpoint& checkpoint, const SafetensorsEntry& entry) {
  const StoredTensor& stored = checkpoint.tensors.at(entry.name);
  if (stored.rows() > 4096 || stored.cols() > 4096 || stored.rows() * stored.cols() > 1 << 16) return;
  for (bool transposed : {false, true}) {
    Tensor tensor;
    tensor.source = {entry.name, int(stored.rows()), int(stored.cols()), 0, 0, transposed};
    tensor.rows = {Axis::feature, transposed ? tensor.source.file_cols : tensor.source.file_rows};
    tensor.cols = {Axis::feature, transposed ? tensor.source.file_rows : tensor.source.file_cols};
    std::vector<float> numbers(size_t(tensor.rows.size) * size_t(tensor.cols.size));
    read_weight(checkpoint, tensor, numbers.data());
    for (float number : numbers) sink = number;
  }
}

}  // namespace

/// Any bytes as a safetensors file: either a sentence, or tensors that lie inside of the bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    SafetensorsHeader header = read_safetensors(bytes, "input");
    size_t total = 0;
    for (const SafetensorsEntry& entry : header.tensors) {
      total += entry.data.size();
      for (std::byte byte : entry.data) sink = float(byte);
      Checkpoint checkpoint;
      checkpoint.tensors[entry.name] = {number_type(entry.type), entry.type, entry.shape, entry.data.data()};
      try {
        read_whole(checkpoint, entry);
      } catch (const Error&) {
      }
    }
    if (total > size) __builtin_trap();
  } catch (const Error& error) {
    if (error.message.english().empty()) __builtin_trap();
  }
  return 0;
}
