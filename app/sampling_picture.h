#pragma once
#include <span>
#include <vector>

#include "model/sampler.h"

namespace orrery {

/// How a token is drawn, made ready for drawing: the whole vocabulary in columns, from the most probable
/// token to the least.
struct SamplingPicture {
  Sample sample;
  std::vector<int> order;  ///< ids, most probable first, before any filter
  int columns = 0;         ///< as many as tokens, or fewer: then a column stands for several (see column_of)
  /// One more than the filters: before them, and after each.
  struct Stage {
    std::vector<float> kept;  ///< [columns] the largest probability in the column after the stage
    std::vector<float>
        removed;        ///< [columns] the largest among those that this stage removed, as it was before
    float largest = 0;  ///< of both
  };
  std::vector<Stage> stages;
  /// The cumulative distribution that the number is drawn on: tokens that are left, in order of ids.
  struct Slice {
    int id = 0;
    double begin = 0, end = 0;
  };
  std::vector<Slice> slices;
};

/// The column of a place in the order: even where every token has its own, else by logarithm, so that the
/// probable ones stay apart.
int column_of(int place, int tokens, int columns);

/// `history` as for sample(); `columns`: at most so many. Throws Error as sample() does.
SamplingPicture sampling_picture(std::span<const float> logits, const SamplingSettings& settings,
                                 std::span<const int> history, int columns);

}  // namespace orrery
