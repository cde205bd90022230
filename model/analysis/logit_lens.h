#pragma once
#include "model/analysis/matrix.h"
#include "model/progress.h"
#include "model/trace.h"

namespace orrery {

/// What a state of the residual stream would predict if it were the last (nostalgebraist 2020): the final
/// norm, with statistics of its own, and the unembedding applied to it.
struct LensCell {
  std::vector<int> top;              ///< ids, most probable first
  std::vector<float> probabilities;  ///< of `top`
  int rank = 0;                      ///< of the token that the end finds most probable; 0: it leads here too
  double final_chance = 0;           ///< that token's probability here
  double entropy = 0;                ///< nats
  double divergence = 0;             ///< KL(end || here), nats
};

/// The logit lens over all states and tokens.
struct LensTable {
  std::vector<const Tensor*> states;  ///< the last one is the stream that the model itself reads out
  int rows = 0;                       ///< tokens
  std::vector<LensCell> cells;        ///< state after state
  std::vector<int> final_ids;         ///< for each token: what the end finds most probable

  const LensCell& at(int state, int row) const { return cells[size_t(state) * size_t(rows) + size_t(row)]; }
};

/// For the first `rows` tokens, whose logits must be known. At the last state it is the model's own output,
/// bit for bit where the rows of a pass fit into one piece of work. Throws Cancelled.
Finding<LensTable> logit_lens(const Trace& trace, int rows, int top_count, bool with_middles,
                              Progress& progress);

}  // namespace orrery
