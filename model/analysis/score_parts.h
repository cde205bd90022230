#pragma once
#include "model/analysis/stream_parts.h"
#include "model/progress.h"

namespace orrery {

/// Why a head looks there: one attention score split by what the query's token and the key's token are made
/// of (Elhage et al. 2021). Exact, with the norm's scales held fast.
struct ScoreParts {
  int query_row = 0, key_row = 0;
  std::vector<StreamPart> parts;  ///< of the residual stream that query and key are read from
  /// [parts + 1, parts + 1]: query's part times key's part, scaled; the last row and column are the biases.
  Matrix products;
  double beyond = 0;  ///< what the score has beside query times key (a penalty for distance)
  double sum = 0;     ///< of all
  double stored = 0;  ///< the model's own score; differs by rounding alone
  /// Sums over the other side, [parts + 1] each.
  std::vector<double> by_query, by_key;
  /// What each of the key's parts gives on average over all keys that this query sees: only the difference to
  /// it moves attention.
  std::vector<double> key_average;
  /// The key's bias gives the same to every key, so that it drops out of the softmax.
  bool key_bias_drops_out = false;
};

/// For a score that is known and not masked. Throws Cancelled.
Finding<ScoreParts> split_score(const Values& values, const HeadParts& head, int query_row, int key_row,
                                Progress& progress);

}  // namespace orrery
