#pragma once
#include "model/architecture.h"

namespace orrery {

/// MPT: a slope over distance, no biases, queries, keys and values optionally clipped.
Graph build_mpt(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery
