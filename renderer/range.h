#pragma once

namespace orrery {

/// What a tensor's colours mean: a number v is drawn as the colour of v / limit.
struct Range {
  float limit = 1;         ///< of a tensor or of all: a high percentile of |v| over the rows seen so far
  bool attention = false;  ///< probabilities 0..1 with a ramp of their own
};

}  // namespace orrery
