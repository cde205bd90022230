#pragma once
#include "model/architecture.h"

namespace orrery {

/// GPT-NeoX and Pythia: rotations of a part of each head, attention and feed-forward side by side or in turn.
Graph build_gpt_neox(const Config& config, std::span<const std::string> tensor_names);

}  // namespace orrery
