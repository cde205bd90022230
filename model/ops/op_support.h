#pragma once
// What the ops' files share: Eigen maps over views, shape checks, explanations of sums.
#include <Eigen/Core>
#include <string>

#include "model/ops.h"

namespace orrery {

using RowVectors = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstRows = Eigen::Map<const RowVectors, 0, Eigen::OuterStride<>>;
using MutableRows = Eigen::Map<RowVectors, 0, Eigen::OuterStride<>>;
using ConstRow = Eigen::Map<const Eigen::RowVectorXf>;
using MutableRow = Eigen::Map<Eigen::RowVectorXf>;

/// Rows [first, first + count) and the first `cols` columns of a matrix whose rows are contiguous.
inline ConstRows rows_of(const MatrixView& view, int first, int count, int cols = -1) {
  return {view.row(first), count, cols < 0 ? view.cols : cols, Eigen::OuterStride<>(view.row_stride)};
}
inline MutableRows rows_of(const MutableView& view, int first, int count, int cols = -1) {
  return {view.row(first), count, cols < 0 ? view.cols : cols, Eigen::OuterStride<>(view.row_stride)};
}
inline ConstRow row_of(const MatrixView& view, int row) { return {view.row(row), view.cols}; }
inline MutableRow row_of(const MutableView& view, int row) { return {view.row(row), view.cols}; }

/// A [in, out] weight whose columns are contiguous, as the [out, in] row-major matrix that it is in memory.
inline ConstRows outputs_of(const MatrixView& weight) {
  return {weight.data, weight.cols, weight.rows, Eigen::OuterStride<>(weight.col_stride)};
}

/// Throws Error unless `ok`; `op` and `tensor` say where the network is put together wrongly.
inline void check_shape(bool ok, const char* op, const Tensor& tensor) {
  if (!ok)
    throw Error(say("the network is inconsistent: '{0}' cannot read '{1}' of shape [{2}, {3}]", op,
                    tensor.name, tensor.rows.size, tensor.cols.size));
}

inline Region row_region(const Tensor& tensor, int row) { return {&tensor, row, 0, 1, tensor.cols.size}; }
inline Region cell_region(const Tensor& tensor, int row, int col) { return {&tensor, row, col, 1, 1}; }

/// Adds to `explanation` the summands x[row, c] * weight for the first `count` columns of x, where the weight
/// is the cell `other(c)`.
template <class Other>
void explain_dot(Explanation& explanation, const Values& values, const Tensor& x, int row, int count,
                 Other other) {
  explanation.terms.reserve(explanation.terms.size() + size_t(count));
  for (int c = 0; c < count; ++c) {
    Cell a{&x, row, c}, b = other(c);
    double left = values.at(a), right = values.at(b);
    explanation.terms.push_back({{a, b}, {left, right}, left * right});
    explanation.value += left * right;
  }
}

/// Adds one cell as a summand of its own (a bias).
inline void explain_plus(Explanation& explanation, const Values& values, const Cell& cell) {
  double value = values.at(cell);
  explanation.terms.push_back({{cell}, {value}, value});
  explanation.value += value;
  explanation.reads.push_back(cell_region(*cell.tensor, cell.row, cell.col));
}

}  // namespace orrery
