#pragma once
#include "model/analysis/stream_parts.h"
#include "model/trace.h"

namespace orrery {

/// Direct logit attribution (Elhage et al. 2021; Wang et al. 2022): how much each summand of the residual
/// stream gives to one logit, or to the difference of two, with the final norm's scale held fast. Direct
/// effects only: what a part does through later layers counts as theirs.
struct Attribution {
  int row = 0, token = 0, other = -1;  ///< other >= 0: the logit of `token` less that of `other`
  std::vector<StreamPart> parts;
  std::vector<double> values;  ///< one a part
  double constant = 0;         ///< what the final norm's bias and the unembedding's give
  double sum = 0;              ///< of values and constant
  double stored = 0;           ///< the model's own number; differs by rounding alone
};

/// For the token at `row`, whose logits must be known.
Finding<Attribution> attribute_logit(const Trace& trace, int row, int token, int other = -1);

/// The same for the neurons of one layer: their values sum with `bias` to that MLP's value above.
struct NeuronAttribution {
  std::vector<double> values;  ///< [F]
  double bias = 0;             ///< b_out's part
};
Finding<NeuronAttribution> attribute_neurons(const Trace& trace, int layer, int row, int token,
                                             int other = -1);

}  // namespace orrery
