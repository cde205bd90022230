#pragma once
#include "model/architecture.h"

namespace orrery {

/// Mamba: no attention; each channel carries a small state from token to token.
Graph build_mamba(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery
