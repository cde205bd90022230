#include "model/analysis/attribution.h"

#include <numeric>

#include "model/analysis/affine_path.h"
#include "model/analysis/matrix_maps.h"

namespace orrery {
namespace {

/// The logit of `token` (less that of `other`) as a function of the last state of the stream.
Finding<AffinePath::Reading> logit_reading(const Trace& trace, int row, int token, int other) {
  const Tensor& logits = trace.graph().logits();
  const Finding<AffinePath> path = AffinePath::to(logits);
  if (!path) return path.why_not;
  std::vector<std::pair<int, double>> columns = {{token, 1.0}};
  if (other >= 0) columns.push_back({other, -1.0});
  return path->read(trace, row, columns);
}

}  // namespace

Finding<Attribution> attribute_logit(const Trace& trace, int row, int token, int other) {
  const Finding<AffinePath::Reading> reading = logit_reading(trace, row, token, other);
  if (!reading) return reading.why_not;
  const Tensor& logits = trace.graph().logits();
  Attribution result;
  result.row = row;
  result.token = token;
  result.other = other;
  result.parts = parts_of(AffinePath::to(logits)->from());
  const Eigen::Map<const Eigen::VectorXd> direction(reading->direction.data(),
                                                    Eigen::Index(reading->direction.size()));
  for (const StreamPart& part : result.parts) {
    const std::vector<double> vector = part_vector(trace, part, row);
    result.values.push_back(
        direction.dot(Eigen::Map<const Eigen::VectorXd>(vector.data(), direction.size())));
  }
  result.constant = reading->constant;
  result.sum = std::accumulate(result.values.begin(), result.values.end(), result.constant);
  result.stored = trace.at({&logits, row, token});
  if (other >= 0) result.stored -= trace.at({&logits, row, other});
  return result;
}

Finding<NeuronAttribution> attribute_neurons(const Trace& trace, int layer, int row, int token, int other) {
  const Anatomy anatomy = anatomy_of(trace.graph());
  if (layer < 0 || layer >= int(anatomy.layers.size()) || !anatomy.layers[size_t(layer)].hidden_weights)
    return say("Layer {0} has no neurons that write to the residual stream directly.", layer);
  const LayerParts& parts = anatomy.layers[size_t(layer)];
  const Finding<AffinePath::Reading> reading = logit_reading(trace, row, token, other);
  if (!reading) return reading.why_not;
  const Eigen::Map<const Eigen::VectorXd> direction(reading->direction.data(),
                                                    Eigen::Index(reading->direction.size()));
  const Eigen::RowVectorXd hidden = row_doubles(trace.view(*parts.hidden), row);
  const Eigen::VectorXd written = doubles(trace.view(*parts.hidden_weights)) * direction;
  NeuronAttribution result;
  for (Eigen::Index n = 0; n < hidden.size(); ++n) result.values.push_back(hidden(n) * written(n));
  if (parts.hidden_bias) result.bias = row_doubles(trace.view(*parts.hidden_bias), 0).dot(direction);
  return result;
}

}  // namespace orrery
