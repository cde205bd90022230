#pragma once
#include <nlohmann/json_fwd.hpp>

#include "model/stored_tensor.h"

namespace orrery {

/// A model as llm-viz keeps it: minGPT's weights as text.
struct LlmViz {
  std::vector<StoredTensor> tensors;            ///< named and shaped as Hugging Face's GPT-2
  std::vector<std::vector<std::byte>> numbers;  ///< owns them
};

/// Reads a JSON object of `config` (minGPT's) and tensors {"shape", "dtype": "torch.float32", "data"}, the
/// data in Base64, and fills `settings` as a config.json of GPT-2. Throws Error naming `file` and the tensor.
LlmViz read_llm_viz(std::string_view text, const std::string& file, nlohmann::json& settings);

}  // namespace orrery
