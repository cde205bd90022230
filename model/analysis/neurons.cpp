#include "model/analysis/neurons.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/analysis/affine_path.h"
#include "model/analysis/matrix_maps.h"

namespace orrery {
namespace {

Message no_neurons(int layer) {
  return say("Layer {0} has no neurons that write to the residual stream directly.", layer);
}

const LayerParts* layer_with_neurons(const Anatomy& anatomy, int layer) {
  if (layer < 0 || layer >= int(anatomy.layers.size())) return nullptr;
  const LayerParts& parts = anatomy.layers[size_t(layer)];
  return parts.hidden_weights ? &parts : nullptr;
}

}  // namespace

Finding<std::vector<NeuronActivity>> most_active_neurons(const Trace& trace, int row, int count) {
  std::vector<NeuronActivity> all;
  for (const LayerParts& layer : anatomy_of(trace.graph()).layers) {
    if (!layer.hidden_weights) continue;
    const MatrixView hidden = trace.view(*layer.hidden), weights = trace.view(*layer.hidden_weights);
    for (int n = 0; n < hidden.cols; ++n) {
      double squares = 0;
      for (int c = 0; c < weights.cols; ++c) squares += double(weights(n, c)) * double(weights(n, c));
      const double activation = hidden(row, n);
      all.push_back({layer.layer, n, activation, std::abs(activation) * std::sqrt(squares)});
    }
  }
  if (all.empty()) return say("This model has no neurons that write to the residual stream directly.");
  const size_t kept = std::min(all.size(), size_t(std::max(0, count)));
  std::partial_sort(all.begin(), all.begin() + std::ptrdiff_t(kept), all.end(),
                    [](const NeuronActivity& a, const NeuronActivity& b) { return a.written > b.written; });
  all.resize(kept);
  return all;
}

Finding<std::vector<double>> neuron_over_text(const Trace& trace, int layer, int neuron, int rows) {
  const Anatomy anatomy = anatomy_of(trace.graph());
  const LayerParts* parts = layer_with_neurons(anatomy, layer);
  if (!parts || neuron < 0 || neuron >= parts->hidden->cols.size) return no_neurons(layer);
  const MatrixView hidden = trace.view(*parts->hidden);
  std::vector<double> result;
  for (int row = 0; row < rows; ++row) result.push_back(hidden(row, neuron));
  return result;
}

Finding<NeuronWords> neuron_words(const Trace& trace, int layer, int neuron, int row, int count) {
  const Anatomy anatomy = anatomy_of(trace.graph());
  const LayerParts* parts = layer_with_neurons(anatomy, layer);
  if (!parts || neuron < 0 || neuron >= parts->hidden->cols.size) return no_neurons(layer);
  const Finding<AffinePath> path = AffinePath::to(trace.graph().logits());
  if (!path) return path.why_not;
  Matrix written(1, parts->hidden_weights->cols.size);
  map(written) = double(trace.view(*parts->hidden)(row, neuron)) *
                 row_doubles(trace.view(*parts->hidden_weights), neuron);
  const Matrix logits = path->carry(trace, row, written);
  std::vector<int> order(logits.numbers.size());
  std::iota(order.begin(), order.end(), 0);
  const auto kept = std::ptrdiff_t(std::min(order.size(), size_t(std::max(0, count))));
  NeuronWords words;
  const auto take = [&](auto before, auto& list) {
    std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](int a, int b) {
      return before(logits.numbers[size_t(a)], logits.numbers[size_t(b)]);
    });
    for (auto id = order.begin(); id != order.begin() + kept; ++id)
      if (before(logits.numbers[size_t(*id)], 0.0)) list.push_back({*id, logits.numbers[size_t(*id)]});
  };
  take(std::greater<>(), words.raised);
  take(std::less<>(), words.lowered);
  return words;
}

}  // namespace orrery
