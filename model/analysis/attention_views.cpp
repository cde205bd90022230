#include "model/analysis/attention_views.h"

#include <cmath>

#include "model/analysis/matrix_maps.h"

namespace orrery {

Matrix attention_pattern(const Values& values, const HeadParts& head, int rows) {
  Matrix result(rows, rows);
  const MatrixView view = values.view(*head.pattern);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j <= i; ++j)
      if (!head.pattern->op->masked(i, j)) result(i, j) = view(i, j);
  return result;
}

Matrix mean_pattern(const Values& values, const LayerParts& layer, int rows) {
  Matrix result(rows, rows);
  for (const HeadParts& head : layer.heads)
    map(result) += map(attention_pattern(values, head, rows)) / double(layer.heads.size());
  return result;
}

Finding<std::vector<double>> value_lengths(const Values& values, const HeadParts& head, Rows rows) {
  if (!head.output)
    return say("The output weights of {0} cannot be told apart: what it writes is not known by token.",
               head.name());
  std::vector<double> lengths;
  const Eigen::MatrixXd output = doubles(values.view(*head.output));
  for (int row = rows.begin; row < rows.end; ++row)
    lengths.push_back((row_doubles(values.view(*head.value), row) * output).norm());
  return lengths;
}

Finding<Matrix> written_norms(const Values& values, const HeadParts& head, int rows) {
  const auto lengths = value_lengths(values, head, {0, rows});
  if (!lengths) return lengths.why_not;
  Matrix result = attention_pattern(values, head, rows);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < rows; ++j) result(i, j) *= (*lengths)[size_t(j)];
  return result;
}

Finding<std::vector<Matrix>> attention_rollout(const Values& values, const Anatomy& anatomy, int rows) {
  if (anatomy.head_count() == 0) return no_attention();
  std::vector<Matrix> result;
  DoubleRows reached = DoubleRows::Identity(rows, rows);
  for (const LayerParts& layer : anatomy.layers) {
    if (!layer.heads.empty()) {
      DoubleRows mixed = 0.5 * map(mean_pattern(values, layer, rows));
      mixed.diagonal().array() += 0.5;
      mixed.array().colwise() /= mixed.rowwise().sum().array().eval();
      reached = (mixed * reached).eval();
    }
    result.emplace_back(rows, rows);
    map(result.back()) = reached;
  }
  return result;
}

std::vector<double> attention_entropy(const Matrix& pattern) {
  std::vector<double> result(size_t(pattern.rows));
  for (int i = 1; i < pattern.rows; ++i) {
    double entropy = 0;
    for (int j = 0; j <= i; ++j)
      if (pattern(i, j) > 0) entropy -= pattern(i, j) * std::log(pattern(i, j));
    result[size_t(i)] = entropy / std::log(double(i + 1));
  }
  return result;
}

Finding<SinkReport> sink_report(const Values& values, const HeadParts& head, int rows) {
  const Finding<Matrix> written = written_norms(values, head, rows);
  if (!written) return written.why_not;
  const Matrix pattern = attention_pattern(values, head, rows);
  SinkReport report;
  for (int i = 1; i < rows; ++i) {
    const double all = map(*written).row(i).sum();
    report.attention += pattern(i, 0) / (rows - 1);
    if (all > 0) report.written += (*written)(i, 0) / all / (rows - 1);
  }
  return report;
}

}  // namespace orrery
