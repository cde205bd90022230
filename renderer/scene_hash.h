#pragma once
#include <cstdint>

#include "renderer/scene.h"

namespace orrery {

/// A number that changes when the scene would look different (but for the rows of its trace that become known
/// below `steps`).
std::uint64_t content_hash(const Scene& scene);

}  // namespace orrery
