#pragma once
#include "model/architecture.h"

namespace orrery {

/// GPT-2 as Hugging Face names it (Conv1D weights [in, out]).
Graph build_gpt2(const Config& config, std::span<const std::string> tensor_names);
/// nanoGPT: the same network with [out, in] weights, exact GELU, and biases or none.
Graph build_nanogpt(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery
