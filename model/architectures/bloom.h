#pragma once
#include "model/architecture.h"

namespace orrery {

/// BLOOM: no positions but a slope over distance, and a norm behind the embedding.
Graph build_bloom(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery
