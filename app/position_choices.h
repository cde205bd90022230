#pragma once
#include <array>

#include "model/analysis/positions.h"

namespace orrery {

/// The curves of the page on positions: the model's own scheme, and others made from formulas.
enum class PositionCurve { own, sinusoidal, rope, linear, dynamic, yarn, llama3, slope };
constexpr int position_curves = 8;

/// What the person has chosen there: no drawing, nothing that takes long.
struct PositionChoices {
  PositionCurve chosen = PositionCurve::own;
  std::array<bool, position_curves> shown{true, true, true, false, false, true, false, true};
  // Of the formulas.
  int channels = 64, trained = 1024, heads = 8;
  float base = 10000, factor = 4;
  int reach = 2;       ///< how far the canvas goes: so many times the trained length
  int for_model = -1;  ///< the number of the model that they were set for

  /// Starts from a model: its sizes where it has them.
  void begin(const PositionScheme& own, int model_number);
  /// The scheme of a formula; not for the model's own.
  PositionScheme formula(PositionCurve curve) const;
  /// The last distance on the canvas.
  int last() const { return trained * reach; }
};

/// The scores of a curve at the distances 0, 1, ... `last` in a text as long as that, at most most_distances
/// of them, evenly spread.
struct PositionScores {
  static constexpr int most_distances = 1 << 14;
  std::vector<int> distances;
  std::vector<double> scores;
};
PositionScores scores_to(const PositionScheme& scheme, int last, Progress& progress);

}  // namespace orrery
