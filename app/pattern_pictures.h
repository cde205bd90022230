#pragma once
#include "app/insight.h"
#include "model/analysis/attention_views.h"

namespace orrery {

/// One matrix over pairs of tokens, as a page shows it: what `mode` makes of a head (of a layer for rollout).
struct PatternPicture {
  int layer = 0, head = 0;
  PatternMode mode = PatternMode::weights;
  Matrix numbers;               ///< [tokens, tokens]
  double largest = 1;           ///< where the colours end: 1 for weights
  std::vector<double> entropy;  ///< of the head's weights, one a token
  std::optional<SinkReport> sink;
};
Finding<PatternPicture> pattern_picture(const Trace& trace, const Anatomy& anatomy, const HeadParts& head,
                                        PatternMode mode, int rows);

/// All heads side by side: a line a layer.
struct PatternGrid {
  int layers = 0, heads = 0;   ///< of the layer that has most
  int side = 0;                ///< dots of one head's picture
  int block = 1;               ///< tokens a dot, which shows the largest number of its block
  double largest = 1;          ///< where the colours end, for all heads alike
  std::vector<float> numbers;  ///< [layers * side, heads * side]; -1 where there is nothing
};
/// What is known of the patterns at `steps`.
Finding<PatternGrid> pattern_grid(const Trace& trace, const Anatomy& anatomy, PatternMode mode,
                                  std::uint64_t steps, Progress& progress);

}  // namespace orrery
