#pragma once
#include <nlohmann/json_fwd.hpp>
#include <span>

#include "model/stored_tensor.h"

namespace orrery {

/// A model of llama2.c, its tensors named as Hugging Face's LLaMA.
struct Llama2c {
  int version = 0;
  std::vector<StoredTensor> tensors;
};

/// Reads the header of llama2.c's .bin of version 0 or 1 (its export.py: legacy_export, version1_export) and
/// fills `settings` as a config.json of LLaMA. Throws Error naming `file` and field, or a version that cannot
/// be read.
Llama2c read_llama2c(std::span<const std::byte> bytes, const std::string& file, nlohmann::json& settings);

}  // namespace orrery
