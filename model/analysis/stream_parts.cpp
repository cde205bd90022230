#include "model/analysis/stream_parts.h"

#include <algorithm>

#include "model/analysis/matrix_maps.h"

namespace orrery {
namespace {

/// "blocks.2.hook_mlp_out" -> "2_mlp_out", "hook_embed" -> "embed": TransformerLens' names of components.
std::string component_name(const Tensor& tensor) {
  std::string name = tensor.name;
  if (const size_t hook = name.find("hook_"); hook != std::string::npos) {
    std::string last = name.substr(hook + 5);
    return tensor.layer < 0 ? last : std::to_string(tensor.layer) + "_" + last;
  }
  return name;
}

void add_heads(const Tensor& joined, std::vector<StreamPart>& parts) {
  const size_t heads = joined.inputs.size() / 2;
  for (size_t h = 0; h < heads; ++h) {
    const Tensor& mixed = *joined.inputs[h];
    const int number = mixed.head >= 0 ? mixed.head : int(h);
    parts.push_back({StreamPart::Kind::head,
                     "L" + std::to_string(joined.layer) + "H" + std::to_string(number), &mixed,
                     joined.inputs[heads + h], joined.layer, number, nullptr});
  }
  if (joined.inputs.size() > 2 * heads)
    parts.push_back({StreamPart::Kind::bias, std::to_string(joined.layer) + "_b_O", joined.inputs.back(),
                     nullptr, joined.layer, -1, nullptr});
}

void add_part(const Tensor& tensor, std::vector<StreamPart>& parts) {
  if (tensor.op && tensor.op->name() == "join heads") return add_heads(tensor, parts);
  StreamPart part{
      StreamPart::Kind::other, component_name(tensor), &tensor, nullptr, tensor.layer, -1, nullptr};
  if (tensor.layer < 0)
    part.kind = StreamPart::Kind::embedding;
  else if (tensor.name.find("hook_mlp_out") != std::string::npos)
    part.kind = StreamPart::Kind::mlp;
  parts.push_back(std::move(part));
}

}  // namespace

std::vector<StreamPart> parts_of(const Tensor& state) {
  std::vector<StreamPart> parts;
  if (!state.op || state.op->name() != "add") {
    add_part(state, parts);
    if (state.layer < 0) parts.back().name = "embed";
    return parts;
  }
  const Tensor* before = nullptr;
  for (const Tensor* input : state.inputs)
    if (input->spine) before = input;
  if (before) parts = parts_of(*before);
  const size_t known = parts.size();
  for (const Tensor* input : state.inputs)
    if (input != before) add_part(*input, parts);
  for (size_t i = known; i < parts.size(); ++i) parts[i].added_to = before;
  return parts;
}

std::vector<double> part_vector(const Values& values, const StreamPart& part, int row) {
  const MatrixView view = values.view(*part.tensor);
  Eigen::RowVectorXd vector = row_doubles(view, part.tensor->rows.size == 1 ? 0 : row);
  if (part.weights) vector = (vector * doubles(values.view(*part.weights))).eval();
  return {vector.data(), vector.data() + vector.size()};
}

Matrix part_vectors(const Values& values, const std::vector<StreamPart>& parts, int row) {
  Matrix result;
  for (const StreamPart& part : parts) {
    const std::vector<double> vector = part_vector(values, part, row);
    if (!result.rows) result = Matrix(int(parts.size()), int(vector.size()));
    std::copy(vector.begin(), vector.end(),
              result.numbers.begin() + std::ptrdiff_t(&part - parts.data()) * result.cols);
  }
  return result;
}

Finding<StreamNorms> stream_norms(const Graph& graph, const Values& values, Rows rows) {
  StreamNorms norms;
  norms.states = stream_states(graph, true);
  if (norms.states.empty()) return say("This model has no residual stream.");
  norms.state_norms = Matrix(int(norms.states.size()), rows.count());
  norms.parts = parts_of(*norms.states.back());
  const int count = int(norms.parts.size());
  norms.part_norms = Matrix(count, rows.count());
  norms.part_cosines = Matrix(count, rows.count());
  for (int row = rows.begin, col = 0; row < rows.end; ++row, ++col) {
    for (size_t s = 0; s < norms.states.size(); ++s)
      norms.state_norms(int(s), col) = row_doubles(values.view(*norms.states[s]), row).norm();
    const Matrix vectors = part_vectors(values, norms.parts, row);
    for (int p = 0; p < count; ++p) {
      const Eigen::RowVectorXd vector = map(vectors).row(p);
      norms.part_norms(p, col) = vector.norm();
      if (!norms.parts[size_t(p)].added_to) continue;
      const Eigen::RowVectorXd stream = row_doubles(values.view(*norms.parts[size_t(p)].added_to), row);
      const double lengths = vector.norm() * stream.norm();
      norms.part_cosines(p, col) = lengths > 0 ? vector.dot(stream) / lengths : 0;
    }
  }
  return norms;
}

}  // namespace orrery
