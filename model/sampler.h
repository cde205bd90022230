#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace orrery {

enum class Filter { temperature, top_k, top_p, min_p };

/// How the next token is drawn. The order of the filters is explicit: nanoGPT and Hugging Face divide by the
/// temperature first, llama.cpp last.
struct SamplingSettings {
  double temperature = 0.8;  ///< 0 = greedy: the most probable token, the lowest id on ties
  int top_k = 0;             ///< 0 = off
  double top_p = 1;          ///< 1 = off
  double min_p = 0;          ///< 0 = off
  std::uint64_t seed = 1;
  std::vector<Filter> order = {Filter::temperature, Filter::top_k, Filter::top_p, Filter::min_p};
  bool operator==(const SamplingSettings&) const = default;
};

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

/// Applies one filter to logits (double arithmetic inside). Semantics as Hugging Face's warpers (reference
/// section 13.1).
void apply_filter(Filter filter, const SamplingSettings& settings, std::vector<float>& logits);

/// Probabilities of logits; -inf gives 0. Double arithmetic inside.
std::vector<float> softmax(std::span<const float> logits);

/// The number in [0, 1) that decides the token at `position`: a hash of seed and position alone, so that a
/// run is reproducible however it was stopped, rewound or edited.
double random_number(std::uint64_t seed, int position);

/// Chooses the token at `position` (the number of tokens before it). A pure function: the same arguments
/// always give the same sample, so a recording need not keep the stages. Throws Error if every logit is NaN
/// or -inf.
Sample sample(std::span<const float> logits, const SamplingSettings& settings, int position);

const char* filter_name(Filter filter);  ///< "temperature", "top_k", "top_p", "min_p": llama.cpp's spelling

}  // namespace orrery
