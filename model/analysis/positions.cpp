#include "model/analysis/positions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "model/ops/position_rules.h"

namespace orrery {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

double mean_cosine(const std::vector<double>& frequencies, double distance) {
  double sum = 0;
  for (double frequency : frequencies) sum += std::cos(frequency * distance);
  return frequencies.empty() ? 1 : sum / double(frequencies.size());
}

/// Rotations: pairs that turn, and channels that pass through.
std::vector<double> rotary_scores(const PositionScheme& scheme, const std::vector<int>& distances,
                                  int length) {
  const RopeSettings& rope = scheme.rope;
  const std::vector<double> frequencies = rope_frequencies(rope, length);
  const double turning = double(rope.size) / std::max(rope.size, scheme.channels);
  const double strength = rope.attention_factor * rope.attention_factor;
  std::vector<double> scores;
  for (int distance : distances)
    scores.push_back(rope.period > 0 && distance >= rope.period
                         ? unknown
                         : turning * strength * mean_cosine(frequencies, distance) + (1 - turning));
  return scores;
}

double product(const MatrixView& table, int a, int b) {
  double sum = 0;
  for (int c = 0; c < table.cols; ++c) sum += double(table(a, c)) * double(table(b, c));
  return sum;
}

/// Of a table of rows: the mean over all pairs of positions at that distance.
std::vector<double> table_scores(const MatrixView& table, const std::vector<int>& distances,
                                 Progress& progress) {
  double length = 0;
  for (int row = 0; row < table.rows; ++row) length += product(table, row, row) / table.rows;
  std::vector<double> scores;
  for (int distance : distances) {
    progress.fraction = float(scores.size()) / float(distances.size());
    if (progress.cancelled) throw Cancelled();
    double sum = 0;
    for (int row = distance; row < table.rows; ++row) sum += product(table, row, row - distance);
    scores.push_back(distance < table.rows && length > 0 ? sum / (table.rows - distance) / length : unknown);
  }
  return scores;
}

}  // namespace

PositionScheme positions_of(const std::shared_ptr<const Model>& model) {
  PositionScheme scheme;
  scheme.model = model;
  const Graph& graph = model->graph();
  scheme.trained = graph.capacity();
  int layer = -1;
  for (const Tensor* tensor : graph.steps()) {
    if (const Rope* rope = rotation_of(*tensor->op)) {
      scheme.kind = PositionKind::rotary;
      scheme.rope = rope->settings();
      scheme.channels = tensor->cols.size;
      if (scheme.rope.trained > 0) scheme.trained = scheme.rope.trained;
      return scheme;
    }
    if (tensor->op->name() == "position embedding") {
      const Tensor& table = *tensor->inputs[1];
      scheme.kind = PositionKind::learned;
      scheme.table = model->weight(table);
      scheme.channels = table.cols.size;
      scheme.trained = table.rows.size;
      return scheme;
    }
    const auto slope = slope_of(*tensor->op);
    if (!slope || *slope == 0 || (layer >= 0 && tensor->layer != layer)) continue;
    layer = tensor->layer;
    scheme.kind = PositionKind::slope;
    scheme.slopes.push_back(*slope);
  }
  return scheme;
}

std::vector<double> sinusoidal_frequencies(int channels, double base) {
  std::vector<double> frequencies;
  for (int k = 0; k < channels / 2; ++k) frequencies.push_back(std::pow(base, -2.0 * k / channels));
  return frequencies;
}

std::vector<double> position_scores(const PositionScheme& scheme, const std::vector<int>& distances,
                                    int length, Progress& progress) {
  switch (scheme.kind) {
    case PositionKind::rotary:
      return rotary_scores(scheme, distances, length);
    case PositionKind::learned:
      return table_scores(scheme.table, distances, progress);
    case PositionKind::sinusoidal: {
      // sin a sin b + cos a cos b = cos(a - b): the same for every pair of positions.
      const std::vector<double> frequencies = sinusoidal_frequencies(scheme.channels, scheme.base);
      std::vector<double> scores;
      for (int distance : distances) scores.push_back(mean_cosine(frequencies, distance));
      return scores;
    }
    case PositionKind::none:
    case PositionKind::slope:
      break;
  }
  return std::vector<double>(distances.size(), 1);
}

Matrix position_encoding(const PositionScheme& scheme, const std::vector<int>& positions, int length) {
  const int rows = int(positions.size());
  const auto fill = [&](int cols, auto number) {
    Matrix matrix(rows, cols);
    for (int row = 0; row < rows; ++row)
      for (int col = 0; col < cols; ++col) matrix(row, col) = number(positions[size_t(row)], col);
    return matrix;
  };
  switch (scheme.kind) {
    case PositionKind::learned:
      return fill(scheme.table.cols, [&](int position, int col) {
        return position < scheme.table.rows ? double(scheme.table(position, col)) : unknown;
      });
    case PositionKind::sinusoidal: {
      const std::vector<double> frequencies = sinusoidal_frequencies(scheme.channels, scheme.base);
      return fill(2 * int(frequencies.size()), [&](int position, int col) {
        const double angle = position * frequencies[size_t(col / 2)];
        return col % 2 ? std::cos(angle) : std::sin(angle);
      });
    }
    case PositionKind::rotary: {
      const std::vector<double> frequencies = rope_frequencies(scheme.rope, length);
      return fill(int(frequencies.size()), [&](int position, int col) {
        const int turned = scheme.rope.period > 0 ? position % scheme.rope.period : position;
        return std::cos(turned * frequencies[size_t(col)]);
      });
    }
    case PositionKind::slope:
      return fill(int(scheme.slopes.size()),
                  [&](int distance, int head) { return std::exp(-scheme.slopes[size_t(head)] * distance); });
    case PositionKind::none:
      break;
  }
  return {};
}

PairCount count_pairs(const RopeSettings& settings, int length) {
  RopeSettings plain = settings;
  plain.scaling = RopeScaling::none;
  const std::vector<double> before = rope_frequencies(plain, length),
                            after = rope_frequencies(settings, length);
  PairCount count;
  for (size_t k = 0; k < before.size(); ++k) {
    const double slower = before[k] / after[k];
    constexpr double close = 1e-9;
    if (std::abs(slower - 1) < close)
      ++count.kept;
    else if (slower > settings.factor * (1 - close))
      ++count.slowed;
    else
      ++count.blended;
    if (before[k] * settings.trained < 2 * std::numbers::pi) ++count.never_around;
  }
  return count;
}

RopeSettings usual_rope(int size, double base, int trained, RopeScaling scaling, double factor) {
  RopeSettings rope;
  rope.size = size;
  rope.base = base;
  rope.trained = trained;
  rope.scaling = scaling;
  rope.factor = factor;
  if (scaling == RopeScaling::yarn) rope.attention_factor = factor > 1 ? 0.1 * std::log(factor) + 1 : 1;
  return rope;
}

std::vector<int> spread(int last, int count) {
  std::vector<int> numbers;
  if (last < 0 || count < 1) return numbers;
  const int taken = std::min(count, last + 1);
  for (int i = 0; i < taken; ++i)
    numbers.push_back(taken == 1 ? 0 : int(std::int64_t(i) * last / (taken - 1)));
  return numbers;
}

}  // namespace orrery
