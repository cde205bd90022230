#include "model/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/message.h"

namespace orrery {

namespace {

std::vector<float> rounded(const std::vector<double>& numbers) {
  return std::vector<float>(numbers.begin(), numbers.end());
}

/// Inverts the cumulative distribution at `drawn`, in order of ids.
int draw(const std::vector<float>& probabilities, double drawn) {
  double total = std::accumulate(probabilities.begin(), probabilities.end(), 0.0), sum = 0;
  int last = 0;
  for (size_t id = 0; id < probabilities.size(); ++id) {
    if (probabilities[id] <= 0) continue;
    last = int(id);
    sum += double(probabilities[id]);
    if (sum > drawn * total) break;
  }
  return last;
}

}  // namespace

std::vector<float> softmax(std::span<const float> logits) { return rounded(exact_softmax(logits)); }

double random_number(std::uint64_t seed, int position) {
  // SplitMix64 (Steele, Lea, Flood 2014): a bijective mixer, applied to the seed and again with the position.
  auto mix = [](std::uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  };
  return double(mix(mix(seed) + std::uint64_t(position)) >> 11) * 0x1p-53;
}

Sample sample(std::span<const float> logits, const SamplingSettings& settings, std::span<const int> history) {
  std::vector<float> current(logits.begin(), logits.end());
  for (float& logit : current)
    if (std::isnan(logit)) logit = -INFINITY;
  if (current.empty() || current[most_probable(current)] == -INFINITY)
    throw Error(say("No token can be chosen: the model's logits are no numbers."));

  Sample result;
  result.greedy = !(settings.temperature > 0);
  std::vector<double> probabilities = exact_softmax(current);
  result.probabilities = rounded(probabilities);
  for (Filter filter : settings.order) {
    SamplingStage stage{filter, {}, {}, 0, 0};
    if (!is_off(filter, settings)) {
      apply_filter(filter, settings, history, current);
      for (size_t i = 0; i < current.size(); ++i)
        if (current[i] == -INFINITY) stage.removed_mass += probabilities[i];
      probabilities = exact_softmax(current);
    }
    stage.kept = int(current.size() - size_t(std::ranges::count(current, -INFINITY)));
    stage.logits = current;
    stage.probabilities = rounded(probabilities);
    result.stages.push_back(std::move(stage));
  }
  if (result.greedy) {
    result.id = int(most_probable(current));
  } else {
    result.drawn = random_number(settings.seed, int(history.size()));
    result.id = draw(rounded(probabilities), result.drawn);
  }
  return result;
}

}  // namespace orrery
