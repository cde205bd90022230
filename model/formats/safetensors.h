#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace orrery {

/// One tensor of a safetensors file. Row-major, little-endian, unaligned.
struct SafetensorsEntry {
  std::string name;
  std::string type;  ///< as the file spells it: "F32", "BF16", "I64", ...
  std::vector<std::int64_t> shape;
  std::span<const std::byte> data;  ///< inside the span that was read; exactly the shape's size
};

/// The header of a safetensors file, checked.
struct SafetensorsHeader {
  std::vector<SafetensorsEntry> tensors;  ///< in the order of their data
  std::map<std::string, std::string> metadata;
};

/// Reads and checks the header of a safetensors file that lies in memory as a whole: sizes, types, shapes,
/// unique names, ranges without holes or overlap that end exactly at the end of the file (the rules of
/// huggingface/safetensors, safetensors/src/tensor.rs). Throws Error naming `file` and the tensor.
SafetensorsHeader read_safetensors(std::span<const std::byte> bytes, const std::string& file);

/// A shape as people write it: "[48, 144]".
std::string shape_text(std::span<const std::int64_t> shape);

}  // namespace orrery
