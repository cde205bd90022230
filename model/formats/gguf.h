#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "model/formats/numbers.h"

namespace orrery {

/// One tensor of a GGUF file, under GGUF's own name.
struct GgufTensor {
  std::string name;
  NumberType type = NumberType::other;
  std::string type_name;
  std::vector<std::int64_t> shape;  ///< row-major: the file's dimensions the other way round
  std::span<const std::byte> data;  ///< inside the bytes that were read; exactly the shape's size
};

struct Gguf {
  int version = 0;
  std::vector<GgufTensor> tensors;
};

/// Reads the header of a GGUF file of version 2 or 3 that lies in memory as a whole, and its keys and values
/// into `metadata` (GGML's docs/gguf.md; reference section 15.2). All counts and places are checked against
/// the bytes. Throws Error naming `file` and the key or tensor.
Gguf read_gguf(std::span<const std::byte> bytes, const std::string& file, nlohmann::json& metadata);

/// Whether bytes begin as a GGUF file does.
bool is_gguf(std::span<const std::byte> bytes);

}  // namespace orrery
