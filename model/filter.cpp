#include "model/filter.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace orrery {
namespace {

constexpr float removed = -std::numeric_limits<float>::infinity();
constexpr double largest_float = std::numeric_limits<float>::max();

void keep_only(size_t id, std::vector<float>& logits) {
  for (size_t i = 0; i < logits.size(); ++i)
    if (i != id) logits[i] = removed;
}

void penalise_repetition(double penalty, int last, std::span<const int> history, std::vector<float>& logits) {
  if (last >= 0 && size_t(last) < history.size()) history = history.last(size_t(last));
  std::vector<bool> seen(logits.size());
  for (int id : history) {
    if (id < 0 || size_t(id) >= logits.size() || seen[size_t(id)]) continue;
    seen[size_t(id)] = true;
    float& logit = logits[size_t(id)];
    if (!std::isfinite(logit)) continue;
    const double less = logit > 0 ? double(logit) / penalty : double(logit) * penalty;
    logit = float(std::clamp(less, -largest_float, largest_float));
  }
}

void ban_repeated_ngrams(size_t n, std::span<const int> history, std::vector<float>& logits) {
  if (history.size() < n) return;
  const size_t top = most_probable(logits);
  const float before = logits[top];
  const std::span<const int> begun = history.last(n - 1);
  for (size_t i = 0; i + n <= history.size(); ++i) {
    const int banned = history[i + n - 1];
    if (banned >= 0 && size_t(banned) < logits.size() &&
        std::equal(begun.begin(), begun.end(), history.begin() + std::ptrdiff_t(i)))
      logits[size_t(banned)] = removed;
  }
  if (logits[most_probable(logits)] == removed) logits[top] = before;  // every token would be a repetition
}

void divide_by_temperature(double temperature, std::vector<float>& logits) {
  size_t top = most_probable(logits);
  // Zero means greedy, and so does a temperature so small that the quotients are no numbers any more.
  bool greedy = !(temperature > 0);
  for (float logit : logits)
    greedy = greedy || (std::isfinite(logit) && std::abs(double(logit) / temperature) > largest_float);
  if (greedy) return keep_only(top, logits);
  for (float& logit : logits) logit = float(double(logit) / temperature);
}

void keep_top_k(int k, std::vector<float>& logits) {
  if (size_t(k) >= logits.size()) return;
  std::vector<float> sorted = logits;
  std::nth_element(sorted.begin(), sorted.begin() + (k - 1), sorted.end(), std::greater<>());
  float threshold = sorted[size_t(k - 1)];
  for (float& logit : logits)
    if (logit < threshold) logit = removed;
}

void keep_top_p(double p, std::vector<float>& logits) {
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
  std::vector<double> probabilities = exact_softmax(logits);
  size_t top = most_probable(logits);
  double threshold = p * probabilities[top];
  for (size_t i = 0; i < logits.size(); ++i)
    if (i != top && probabilities[i] < threshold) logits[i] = removed;
}

/// Locally typical sampling (Meister et al. 2022, arXiv:2202.00666): those tokens stay whose surprise is
/// nearest to the expected one, until they make up `mass`.
void keep_typical(double mass, std::vector<float>& logits) {
  const std::vector<double> probabilities = exact_softmax(logits);
  double entropy = 0;
  for (double p : probabilities)
    if (p > 0) entropy -= p * std::log(p);
  std::vector<double> distance(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) distance[i] = std::abs(-std::log(probabilities[i]) - entropy);
  std::vector<size_t> nearest(logits.size());
  std::iota(nearest.begin(), nearest.end(), 0);
  std::ranges::stable_sort(nearest, {}, [&](size_t id) { return distance[id]; });
  size_t last = 0;
  for (double sum = probabilities[nearest[0]]; sum < mass && last + 1 < nearest.size();)
    sum += probabilities[nearest[++last]];
  const double farthest = distance[nearest[last]];
  for (size_t i = 0; i < logits.size(); ++i)
    if (distance[i] > farthest) logits[i] = removed;
}

/// Hewitt et al. 2022, arXiv:2210.15191.
void keep_above_epsilon(double epsilon, std::vector<float>& logits) {
  const std::vector<double> probabilities = exact_softmax(logits);
  const float largest = logits[most_probable(logits)];
  for (size_t i = 0; i < logits.size(); ++i)
    if (probabilities[i] < epsilon && logits[i] < largest) logits[i] = removed;
}

}  // namespace

size_t most_probable(std::span<const float> logits) {
  return size_t(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::vector<double> exact_softmax(std::span<const float> logits) {
  std::vector<double> probabilities(logits.size());
  if (logits.empty()) return probabilities;
  float largest = logits[most_probable(logits)];
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

bool is_off(Filter filter, const SamplingSettings& settings) {
  switch (filter) {
    case Filter::penalties:
      return !(settings.repeat_penalty > 0) || settings.repeat_penalty == 1 || settings.repeat_last_n == 0;
    case Filter::no_repeat_ngram:
      return settings.no_repeat_ngram <= 0;
    case Filter::temperature:
      return settings.temperature == 1;
    case Filter::top_k:
      return settings.top_k <= 0;
    case Filter::top_p:
      return !(settings.top_p < 1);
    case Filter::min_p:
      return !(settings.min_p > 0);
    case Filter::typical:
      return !(settings.typical < 1);
    case Filter::epsilon:
      return !(settings.epsilon > 0);
  }
  return true;
}

void apply_filter(Filter filter, const SamplingSettings& settings, std::span<const int> history,
                  std::vector<float>& logits) {
  if (logits.empty() || is_off(filter, settings)) return;
  switch (filter) {
    case Filter::penalties:
      return penalise_repetition(settings.repeat_penalty, settings.repeat_last_n, history, logits);
    case Filter::no_repeat_ngram:
      return ban_repeated_ngrams(size_t(settings.no_repeat_ngram), history, logits);
    case Filter::temperature:
      return divide_by_temperature(settings.temperature, logits);
    case Filter::top_k:
      return keep_top_k(settings.top_k, logits);
    case Filter::top_p:
      return keep_top_p(settings.top_p, logits);
    case Filter::min_p:
      return keep_min_p(settings.min_p, logits);
    case Filter::typical:
      return keep_typical(settings.typical, logits);
    case Filter::epsilon:
      return keep_above_epsilon(settings.epsilon, logits);
  }
}

const char* filter_name(Filter filter) {
  switch (filter) {
    case Filter::penalties:
      return "penalties";
    case Filter::no_repeat_ngram:
      return "no_repeat_ngram";
    case Filter::temperature:
      return "temperature";
    case Filter::top_k:
      return "top_k";
    case Filter::top_p:
      return "top_p";
    case Filter::min_p:
      return "min_p";
    case Filter::typical:
      return "typ_p";
    case Filter::epsilon:
      return "epsilon";
  }
  return "";
}

std::optional<Filter> find_filter(std::string_view name) {
  for (Filter filter : SamplingSettings().order)
    if (name == filter_name(filter)) return filter;
  if (name == "temp") return Filter::temperature;
  if (name == "typical") return Filter::typical;
  if (name == "repetition_penalty") return Filter::penalties;
  return std::nullopt;
}

}  // namespace orrery
