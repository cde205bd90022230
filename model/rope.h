#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "model/config.h"

namespace orrery {

/// How a model stretches its rotations to texts longer than those it was trained on.
enum class RopeScaling { none, linear, dynamic, yarn, llama3 };

/// Rotary position embedding (Su et al. 2021): pairs of channels of a query or key turn by an angle that
/// grows with the position, so that their product depends on the distance of two tokens alone. Reference
/// section 1.4.
struct RopeSettings {
  int size = 0;  ///< channels that turn, the first ones of a head: even
  double base = 10000;
  bool interleaved = false;  ///< pairs are (2k, 2k + 1), else (k, k + size / 2)
  int period = 0;            ///< positions start again after so many tokens; 0: never
  RopeScaling scaling = RopeScaling::none;
  double factor = 1;                             ///< how many times longer texts may become
  int trained = 0;                               ///< tokens of the texts before the scaling
  double beta_fast = 32, beta_slow = 1;          ///< YaRN: turns within `trained` between which it blends
  double attention_factor = 1;                   ///< cosines and sines are multiplied by it
  double low_frequency = 1, high_frequency = 4;  ///< llama3: turns within `trained`, likewise
};

/// The settings of a Hugging Face configuration: rope_theta and rope_scaling (or rope_parameters); and our
/// own field rope_interleaved, for readers of formats that keep pairs side by side. `size` of each head's
/// channels turn; `context` is max_position_embeddings. Throws Error naming file and field.
RopeSettings rope_settings(const Config& config, int size, int context, double base = 10000);

/// Radians a position by which each of the size / 2 pairs turns, in a text of `length` tokens.
std::vector<double> rope_frequencies(const RopeSettings& settings, int length);

/// Rotations ready for use: the cosines and sines of all positions that a model's context holds, computed
/// when the first row is turned: a configuration alone costs nothing. Any thread.
class Rope {
 public:
  Rope(const RopeSettings& settings, int capacity);

  const RopeSettings& settings() const { return settings_; }
  int pairs() const { return settings_.size / 2; }
  /// The two channels that turn together.
  int first(int pair) const { return settings_.interleaved ? 2 * pair : pair; }
  int second(int pair) const { return settings_.interleaved ? 2 * pair + 1 : pair + pairs(); }
  int pair_of(int channel) const { return settings_.interleaved ? channel / 2 : channel % pairs(); }
  /// True if the frequencies depend on how long the text is.
  bool dynamic() const { return settings_.scaling == RopeScaling::dynamic; }
  int position(int row) const { return settings_.period > 0 ? row % settings_.period : row; }
  /// Angle of a pair in radians, for the token `row` of a text of `length` tokens.
  double angle(int pair, int row, int length) const { return position(row) * frequency(pair, length); }
  /// Radians a position by which a pair turns in a text of `length` tokens.
  double frequency(int pair, int length) const { return frequencies_for(length)[size_t(pair)]; }
  /// Writes `row` turned into `out`; channels beyond the pairs pass through unchanged.
  void turn(const float* in, float* out, int channels, int row, int length) const;

 private:
  std::vector<double> frequencies_for(int length) const;
  void fill_tables() const;

  RopeSettings settings_;
  std::vector<double> frequencies_;  // of a text that is not longer than those of the training
  int table_rows_ = 0;
  mutable std::once_flag filled_;
  mutable std::vector<float> cosines_, sines_;  // [positions, pairs]
};

}  // namespace orrery
