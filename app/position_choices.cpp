#include "app/position_choices.h"

#include <algorithm>
#include <cmath>

#include "model/alibi.h"

namespace orrery {

void PositionChoices::begin(const PositionScheme& own, int model_number) {
  *this = {};
  for_model = model_number;
  const bool none = own.kind == PositionKind::none;
  shown[int(PositionCurve::own)] = !none;
  if (none) chosen = PositionCurve::rope;
  if (own.trained > 0) trained = std::clamp(own.trained, 8, 8192);
  if (own.kind == PositionKind::rotary) {
    channels = std::clamp(own.channels / 2 * 2, 4, 256);
    base = float(own.rope.base);
    if (own.rope.factor > 1) factor = float(std::min(own.rope.factor, 64.0));
    // The same curve twice tells nothing.
    if (own.rope.scaling == RopeScaling::none) shown[int(PositionCurve::rope)] = false;
    if (own.rope.scaling == RopeScaling::yarn) shown[int(PositionCurve::yarn)] = false;
  }
  if (own.kind == PositionKind::slope) {
    heads = std::clamp(int(own.slopes.size()), 1, 64);
    shown[int(PositionCurve::slope)] = false;
  }
}

PositionScheme PositionChoices::formula(PositionCurve curve) const {
  PositionScheme scheme;
  scheme.trained = trained;
  scheme.channels = channels;
  scheme.base = double(base);
  const auto rotary = [&](RopeScaling scaling) {
    scheme.kind = PositionKind::rotary;
    scheme.rope = usual_rope(channels, double(base), trained, scaling,
                             scaling == RopeScaling::none ? 1 : double(factor));
  };
  switch (curve) {
    case PositionCurve::own:
      break;
    case PositionCurve::sinusoidal:
      scheme.kind = PositionKind::sinusoidal;
      break;
    case PositionCurve::rope:
      rotary(RopeScaling::none);
      break;
    case PositionCurve::linear:
      rotary(RopeScaling::linear);
      break;
    case PositionCurve::dynamic:
      rotary(RopeScaling::dynamic);
      break;
    case PositionCurve::yarn:
      rotary(RopeScaling::yarn);
      break;
    case PositionCurve::llama3:
      rotary(RopeScaling::llama3);
      break;
    case PositionCurve::slope:
      scheme.kind = PositionKind::slope;
      scheme.slopes = alibi_slopes_bloom(heads);
      break;
  }
  return scheme;
}

PositionScores scores_to(const PositionScheme& scheme, int last, Progress& progress) {
  PositionScores found;
  found.distances = spread(last, PositionScores::most_distances);
  found.scores = position_scores(scheme, found.distances, last + 1, progress);
  return found;
}

}  // namespace orrery
