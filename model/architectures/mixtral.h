#pragma once
#include "model/architecture.h"

namespace orrery {

/// Mixtral: LLaMA whose feed-forward networks are experts that a router chooses among.
Graph build_mixtral(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery
