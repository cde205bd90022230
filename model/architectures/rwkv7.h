#pragma once
#include "model/architecture.h"

namespace orrery {

/// RWKV-7: heads whose state is a matrix, rewritten key by key while reading.
Graph build_rwkv7(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery
