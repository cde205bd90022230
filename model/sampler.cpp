#include "model/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "model/message.h"

namespace orrery {

namespace {

constexpr float removed = -std::numeric_limits<float>::infinity();

/// The most probable token, the lowest id on ties.
size_t best(std::span<const float> logits) {
  return size_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// Softmax in double. An infinite logit takes everything.
std::vector<double> exact_softmax(std::span<const float> logits) {
  std::vector<double> probabilities(logits.size());
  if (logits.empty()) return probabilities;
  float largest = logits[best(logits)];
  if (largest == removed) return probabilities;
  double sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    bool infinite = std::isinf(largest);
    probabilities[i] = infinite ? logits[i] == largest : std::exp(double(logits[i]) - double(largest));
    sum += probabilities[i];
  }
  for (double& probability : probabilities) probability /= sum;
  return probabilities;
}

void keep_only(size_t id, std::vector<float>& logits) {
  for (size_t i = 0; i < logits.size(); ++i)
    if (i != id) logits[i] = removed;
}

void divide_by_temperature(double temperature, std::vector<float>& logits) {
  size_t top = best(logits);
  // Zero means greedy, and so does a temperature so small that the quotients are no numbers any more.
  constexpr double limit = std::numeric_limits<float>::max();
  bool greedy = !(temperature > 0);
  for (float logit : logits)
    greedy = greedy || (std::isfinite(logit) && std::abs(double(logit) / temperature) > limit);
  if (greedy) return keep_only(top, logits);
  for (float& logit : logits) logit = float(double(logit) / temperature);
}

void keep_top_k(int k, std::vector<float>& logits) {
  if (k <= 0 || size_t(k) >= logits.size()) return;
  std::vector<float> sorted = logits;
  std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
  float threshold = sorted[size_t(k - 1)];
  for (float& logit : logits)
    if (logit < threshold) logit = removed;
}

void keep_top_p(double p, std::vector<float>& logits) {
  if (!(p < 1)) return;
  std::vector<double> probabilities = exact_softmax(logits);
  std::vector<size_t> ascending(logits.size());
  std::iota(ascending.rbegin(), ascending.rend(), 0);  // of equal tokens the lower id stays
  std::stable_sort(ascending.begin(), ascending.end(),
                   [&](size_t left, size_t right) { return logits[left] < logits[right]; });
  ascending.pop_back();  // the most probable token always stays
  double sum = 0;
  for (size_t id : ascending) {
    sum += probabilities[id];
    if (sum > 1 - p) break;
    logits[id] = removed;
  }
}

void keep_min_p(double p, std::vector<float>& logits) {
  if (!(p > 0)) return;
  std::vector<double> probabilities = exact_softmax(logits);
  size_t top = best(logits);
  double threshold = p * probabilities[top];
  for (size_t i = 0; i < logits.size(); ++i)
    if (i != top && probabilities[i] < threshold) logits[i] = removed;
}

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

void apply_filter(Filter filter, const SamplingSettings& settings, std::vector<float>& logits) {
  if (logits.empty()) return;
  switch (filter) {
    case Filter::temperature:
      return divide_by_temperature(settings.temperature, logits);
    case Filter::top_k:
      return keep_top_k(settings.top_k, logits);
    case Filter::top_p:
      return keep_top_p(settings.top_p, logits);
    case Filter::min_p:
      return keep_min_p(settings.min_p, logits);
  }
}

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

Sample sample(std::span<const float> logits, const SamplingSettings& settings, int position) {
  std::vector<float> current(logits.begin(), logits.end());
  for (float& logit : current)
    if (std::isnan(logit)) logit = removed;
  if (current.empty() || current[best(current)] == removed)
    throw Error(say("No token can be chosen: the model's logits are no numbers."));

  Sample result;
  result.greedy = !(settings.temperature > 0);
  result.probabilities = softmax(current);
  std::vector<float> probabilities = result.probabilities;
  for (Filter filter : settings.order) {
    SamplingStage stage{filter, {}, {}, 0, 0};
    std::vector<double> before = exact_softmax(current);
    apply_filter(filter, settings, current);
    for (size_t i = 0; i < current.size(); ++i) {
      if (current[i] == removed)
        stage.removed_mass += before[i];
      else
        ++stage.kept;
    }
    stage.logits = current;
    stage.probabilities = probabilities = softmax(current);
    result.stages.push_back(std::move(stage));
  }
  if (result.greedy) {
    result.id = int(best(current));
  } else {
    result.drawn = random_number(settings.seed, position);
    result.id = draw(probabilities, result.drawn);
  }
  return result;
}

const char* filter_name(Filter filter) {
  switch (filter) {
    case Filter::temperature:
      return "temperature";
    case Filter::top_k:
      return "top_k";
    case Filter::top_p:
      return "top_p";
    case Filter::min_p:
      return "min_p";
  }
  return "";
}

}  // namespace orrery
