#pragma once
#include "model/architecture.h"

namespace orrery {

/// TTT-Linear: each head's state is a linear model that learns from the text while it reads.
Graph build_ttt(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery
