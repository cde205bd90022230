#pragma once
#include <span>
#include <vector>

#include "model/filter.h"

namespace orrery {

/// What one filter left over.
struct SamplingStage {
  Filter filter;
  std::vector<float> logits;         ///< [V], removed tokens are -inf
  std::vector<float> probabilities;  ///< [V], softmax of `logits`
  int kept = 0;                      ///< tokens that are left
  double removed_mass = 0;           ///< probability that this stage removed
};

/// How one token was chosen, with every stage kept so that it can be shown.
struct Sample {
  int id = 0;
  double drawn = 0;  ///< the random number in [0, 1) on the inverse CDF; unused when greedy
  bool greedy = false;
  std::vector<float> probabilities;   ///< [V], softmax of the logits before any filter
  std::vector<SamplingStage> stages;  ///< in the order of the settings
};

/// Probabilities of logits; -inf gives 0. Double arithmetic inside.
std::vector<float> softmax(std::span<const float> logits);

/// The number in [0, 1) that decides the token at `position`: a hash of seed and position alone, so that a
/// run is reproducible however it was stopped, rewound or edited.
double random_number(std::uint64_t seed, int position);

/// Chooses the token after `history` (the ids of all tokens before it). A pure function: the same arguments
/// always give the same sample, so a recording need not keep the stages. Throws Error if every logit is NaN
/// or -inf.
Sample sample(std::span<const float> logits, const SamplingSettings& settings, std::span<const int> history);

}  // namespace orrery
