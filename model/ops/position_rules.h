#pragma once
#include <optional>

#include "model/op.h"
#include "model/rope.h"

namespace orrery {

// What ops know of the places of tokens, for those who show it.

/// The rotation that an op applies; null if it applies none.
const Rope* rotation_of(const Op& op);
/// What an op takes from a score for each token of distance (0: nothing); none if it makes no scores.
std::optional<double> slope_of(const Op& op);

}  // namespace orrery
