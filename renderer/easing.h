#pragma once
#include <algorithm>

namespace orrery {

/// How far a movement between the moments `from` and `to` is at `t`, 0..1: slow at both ends (smoothstep).
inline float eased(float from, float to, double t) {
  const float x = std::clamp((float(t) - from) / (to - from), 0.f, 1.f);
  return x * x * (3 - 2 * x);
}

}  // namespace orrery
