#pragma once
#include <memory>
#include <vector>

#include "model/analysis/matrix.h"
#include "model/model.h"
#include "model/progress.h"
#include "model/rope.h"

namespace orrery {

/// How tokens are told where they stand.
enum class PositionKind {
  none,        ///< not at all; order shows in what comes before what
  learned,     ///< a row of a learned table is added to each token
  sinusoidal,  ///< waves of many lengths are added (Vaswani et al. 2017)
  rotary,      ///< queries and keys turn (Su et al. 2021)
  slope        ///< scores fall with distance (ALiBi: Press et al. 2021)
};

/// One way to tell positions, with all that its numbers follow from.
struct PositionScheme {
  PositionKind kind = PositionKind::none;
  int trained = 0;      ///< tokens of the texts of the training; 0: unknown
  int channels = 0;     ///< of a position's vector; of a head where queries and keys turn
  double base = 10000;  ///< sinusoidal: the longest wave is about 2π times that long
  RopeSettings rope;
  std::vector<double> slopes;          ///< of the heads
  MatrixView table;                    ///< learned: [positions, channels]
  std::shared_ptr<const Model> model;  ///< whose scheme it is, and whose table; null: made from formulas
};

/// The scheme of a model, found from the ops and weights of its graph: of its first layer.
PositionScheme positions_of(const std::shared_ptr<const Model>& model);

/// Frequencies of sinusoidal encoding, radians a position: base^(-2k / channels) of pair k.
std::vector<double> sinusoidal_frequencies(int channels, double base);

/// What a scheme does to a score over distance: of a query and a key of the same content, equally strong in
/// all channels, as a part of the score at distance 0 without any scheme. For rotations of a text of `length`
/// tokens the mean of cos(distance * frequency) times the attention factor squared, channels that do not turn
/// counting as cos 0; for added vectors the mean of their products p(i) · p(i - distance) as a part of the
/// mean of |p|². A learned table ends: NaN beyond its rows. Positions that start again (Rope's period) do so
/// for the query, too, so that distances beyond are NaN. Not for slopes. Throws Cancelled.
std::vector<double> position_scores(const PositionScheme& scheme, const std::vector<int>& distances,
                                    int length, Progress& progress);

/// The encoding itself: one row for each of `positions`, one column a channel of an added vector, or the
/// cosine of each turning pair. A learned table's rows beyond its end are NaN. For slopes: one column a head,
/// the factor exp(-slope * distance) that is left of a weight, by distance.
Matrix position_encoding(const PositionScheme& scheme, const std::vector<int>& positions, int length);

/// What a scaling does to the pairs of a rotation, in a text of `length` tokens.
struct PairCount {
  int kept = 0, blended = 0, slowed = 0;  ///< the same frequency; in between; slower by the whole factor
  int never_around = 0;  ///< pairs that do not come around once within the trained length: text beyond it
                         ///< would take them to angles that training did not show; counted unscaled
};
PairCount count_pairs(const RopeSettings& settings, int length);

/// The settings of a rotation as papers set them: YaRN's attention factor is 0.1 ln(factor) + 1.
RopeSettings usual_rope(int size, double base, int trained, RopeScaling scaling, double factor);

/// `count` whole numbers from 0 to `last`, evenly spread, fewer where there are fewer.
std::vector<int> spread(int last, int count);

}  // namespace orrery
