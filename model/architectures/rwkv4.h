#pragma once
#include "model/architecture.h"

namespace orrery {

/// RWKV-4: a decaying mean of values instead of attention, carried from token to token.
Graph build_rwkv4(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery
