#pragma once
#include "model/analysis/anatomy.h"
#include "model/analysis/matrix.h"
#include "model/trace.h"

namespace orrery {

struct NeuronActivity {
  int layer = 0, neuron = 0;
  double activation = 0;  ///< after the activation function
  double written = 0;     ///< |activation| times the length of the neuron's row of W_out: what it adds
};
/// The `count` neurons that write most at a token, over all layers, most first.
Finding<std::vector<NeuronActivity>> most_active_neurons(const Trace& trace, int row, int count);

/// One neuron over the text: its activation at each of the first `rows` tokens.
Finding<std::vector<double>> neuron_over_text(const Trace& trace, int layer, int neuron, int rows);

/// What one neuron gives directly to the logits at a token (see Attribution): the tokens that it raises and
/// lowers most, as pairs of id and value; at most `count` each.
struct NeuronWords {
  std::vector<std::pair<int, double>> raised, lowered;
};
Finding<NeuronWords> neuron_words(const Trace& trace, int layer, int neuron, int row, int count);

}  // namespace orrery
