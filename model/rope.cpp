#include "model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "model/message.h"

namespace orrery {
namespace {

constexpr double full_turn = 2 * std::numbers::pi;

double positive(const Config& config, const char* key, double missing) {
  const double value = config.number(key, missing);
  if (!(value > 0)) throw Error(say("{0}: '{1}' must be positive", config.file(), key));
  return value;
}

RopeScaling scaling_named(const Config& config, const std::string& name) {
  if (name == "default" || name.empty()) return RopeScaling::none;
  if (name == "linear") return RopeScaling::linear;
  if (name == "dynamic") return RopeScaling::dynamic;
  if (name == "yarn") return RopeScaling::yarn;
  if (name == "llama3") return RopeScaling::llama3;
  throw Error(say("{0}: Orrery does not know the rotation '{1}'", config.file(), name));
}

/// YaRN (arXiv 2309.00071): pairs that turn often within the trained length keep their frequency, pairs that
/// turn less than once are slowed down by the factor, those between are blended.
void stretch_by_yarn(const RopeSettings& s, std::vector<double>& frequencies) {
  const auto pair_that_turns = [&](double turns) {
    return s.size * std::log(s.trained / (turns * full_turn)) / (2 * std::log(s.base));
  };
  const double low = std::max(std::floor(pair_that_turns(s.beta_fast)), 0.0);
  double high = std::min(std::ceil(pair_that_turns(s.beta_slow)), s.size - 1.0);
  if (low == high) high += 0.001;
  for (size_t k = 0; k < frequencies.size(); ++k) {
    const double slowed = std::clamp((double(k) - low) / (high - low), 0.0, 1.0);
    frequencies[k] *= (1 - slowed) + slowed / s.factor;
  }
}

void stretch_as_llama3(const RopeSettings& s, std::vector<double>& frequencies) {
  for (double& frequency : frequencies) {
    const double turns = s.trained * frequency / full_turn;
    const double kept =
        std::clamp((turns - s.low_frequency) / (s.high_frequency - s.low_frequency), 0.0, 1.0);
    frequency *= (1 - kept) / s.factor + kept;
  }
}

}  // namespace

RopeSettings rope_settings(const Config& config, int size, int context, double base) {
  RopeSettings s;
  s.size = size;
  s.trained = context;
  s.interleaved = config.boolean("rope_interleaved", false);
  const bool joined = config.has("rope_parameters");
  const Config scaling = config.section(joined ? "rope_parameters" : "rope_scaling");
  s.base = positive(config, "rope_theta", joined ? positive(scaling, "rope_theta", base) : base);
  if (!(s.base > 1)) throw Error(say("{0}: '{1}' must be larger than {2}", config.file(), "rope_theta", 1));
  s.scaling = scaling_named(scaling, scaling.text("rope_type", scaling.text("type", "")));
  if (s.scaling == RopeScaling::none) return s;
  if (!scaling.has("factor")) throw Error(say("{0}: the field {1} is missing.", scaling.file(), "factor"));
  s.factor = positive(scaling, "factor", 1);
  if (s.scaling == RopeScaling::yarn || s.scaling == RopeScaling::llama3)
    s.trained = scaling.integer("original_max_position_embeddings", 1, 1 << 30, context);
  if (s.scaling == RopeScaling::yarn) {
    s.beta_fast = positive(scaling, "beta_fast", 32);
    s.beta_slow = positive(scaling, "beta_slow", 1);
    const double usual = s.factor > 1 ? 0.1 * std::log(s.factor) + 1 : 1;
    s.attention_factor = positive(scaling, "attention_factor", usual);
  }
  if (s.scaling == RopeScaling::llama3) {
    s.low_frequency = positive(scaling, "low_freq_factor", 1);
    s.high_frequency = positive(scaling, "high_freq_factor", 4);
    if (s.high_frequency <= s.low_frequency)
      throw Error(
          say("{0}: '{1}' must be larger than {2}", scaling.file(), "high_freq_factor", "low_freq_factor"));
  }
  return s;
}

std::vector<double> rope_frequencies(const RopeSettings& s, int length) {
  double base = s.base;
  if (s.scaling == RopeScaling::dynamic && length > s.trained && s.size > 2)
    base *= std::pow(s.factor * length / s.trained - (s.factor - 1), double(s.size) / (s.size - 2));
  std::vector<double> frequencies(size_t(s.size / 2));
  for (size_t k = 0; k < frequencies.size(); ++k) frequencies[k] = std::pow(base, -2.0 * double(k) / s.size);
  if (s.scaling == RopeScaling::linear)
    for (double& frequency : frequencies) frequency /= s.factor;
  if (s.scaling == RopeScaling::yarn) stretch_by_yarn(s, frequencies);
  if (s.scaling == RopeScaling::llama3) stretch_as_llama3(s, frequencies);
  return frequencies;
}

Rope::Rope(const RopeSettings& settings, int capacity)
    : settings_(settings), frequencies_(rope_frequencies(settings, 0)) {
  table_rows_ = settings.period > 0 ? std::min(settings.period, capacity) : capacity;
}

void Rope::fill_tables() const {
  cosines_.reserve(size_t(table_rows_) * frequencies_.size());
  sines_.reserve(size_t(table_rows_) * frequencies_.size());
  for (int row = 0; row < table_rows_; ++row)
    for (double frequency : frequencies_) {
      cosines_.push_back(float(std::cos(row * frequency) * settings_.attention_factor));
      sines_.push_back(float(std::sin(row * frequency) * settings_.attention_factor));
    }
}

std::vector<double> Rope::frequencies_for(int length) const {
  return dynamic() && length > settings_.trained ? rope_frequencies(settings_, length) : frequencies_;
}

void Rope::turn(const float* in, float* out, int channels, int row, int length) const {
  std::call_once(filled_, [this] { fill_tables(); });
  const int pairs = this->pairs();
  std::vector<float> own;  // a text longer than those of the training turns by angles of its own
  const float *cosines = cosines_.data() + size_t(position(row)) * size_t(pairs),
              *sines = sines_.data() + size_t(position(row)) * size_t(pairs);
  if (dynamic() && length > settings_.trained) {
    for (double frequency : frequencies_for(length)) own.push_back(float(std::cos(row * frequency)));
    for (double frequency : frequencies_for(length)) own.push_back(float(std::sin(row * frequency)));
    cosines = own.data();
    sines = own.data() + pairs;
  }
  for (int k = 0; k < pairs; ++k) {
    const float a = in[first(k)], b = in[second(k)];
    out[first(k)] = a * cosines[k] - b * sines[k];
    out[second(k)] = b * cosines[k] + a * sines[k];
  }
  std::copy(in + 2 * pairs, in + channels, out + 2 * pairs);
}

}  // namespace orrery
