#pragma once
// What the ops' files share: Eigen maps over views, parts of them, shape checks, explanations of sums.
#include <Eigen/Core>
#include <cmath>
#include <string>

#include "model/kernels/kernels.h"
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

/// Rows [first, first + count) of a matrix, for the kernels.
template <class Number>
BasicView<Number> part(const BasicView<Number>& view, int first, int count) {
  return {view.row(first), count, view.cols, view.row_stride, view.col_stride};
}
template <class Number>
BasicView<Number> part(const BasicView<Number>& view, Rows rows) {
  return part(view, rows.begin, rows.count());
}

/// A [in, out] weight whose columns are contiguous, as the [out, in] row-major matrix that it is in memory.
inline MatrixView outputs_of(const MatrixView& weight) {
  return {weight.data, weight.cols, weight.rows, weight.col_stride, 1};
}

/// Throws Error unless `ok`; `op` and `tensor` say where the network is put together wrongly.
inline void check_shape(bool ok, const char* op, const Tensor& tensor) {
  if (!ok)
    throw Error(say("the network is inconsistent: '{0}' cannot read '{1}' of shape [{2}, {3}]", op,
                    tensor.name, tensor.rows.size, tensor.cols.size));
}

inline Region row_region(const Tensor& tensor, int row) { return {&tensor, row, 0, 1, tensor.cols.size}; }
inline Region cell_region(const Tensor& tensor, int row, int col) { return {&tensor, row, col, 1, 1}; }
inline Region column_region(const Tensor& tensor, int col) { return {&tensor, 0, col, tensor.rows.size, 1}; }
/// The same cell of an input, as ops read it that go number by number.
inline Region same_cell(const Tensor& input, const Cell& cell) {
  return cell_region(input, cell.row, cell.col);
}
/// The number of a learned vector [1, D] that belongs to the cell's column.
inline Region own_weight(const Tensor& vector, const Cell& cell) { return cell_region(vector, 0, cell.col); }
/// The same cell of every input.
inline std::vector<Region> same_cells(const Tensor& out, const Cell& cell) {
  std::vector<Region> regions;
  for (const Tensor* input : out.inputs) regions.push_back(same_cell(*input, cell));
  return regions;
}

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
}

/// An act that makes `value` of a few numbers, as `form` says with places for them.
inline Act single_act(Message words, Message symbol, std::vector<Cell> cells, std::vector<double> numbers,
                      double value, const char* form) {
  Act act{std::move(words), std::move(symbol), Fold::sum, {}, value};
  act.terms.push_back({std::move(cells), std::move(numbers), value, form});
  return act;
}

/// Explains the share of column `col` in the softmax over the columns [first, end) of a row of `scores`.
inline void explain_softmax(Explanation& explanation, const Values& values, const Tensor& scores, int row,
                            int first, int end, int col) {
  Act greatest{
      say("The largest score of the row"), {"max"}, Fold::maximum, {}, values.at({&scores, row, first})};
  for (int s = first; s < end; ++s) {
    const double score = values.at({&scores, row, s});
    greatest.terms.push_back({{{&scores, row, s}}, {score}, score});
    greatest.value = std::max(greatest.value, score);
  }
  const double largest = greatest.value;
  Act powers{say("e to the power of each score's distance from it, added up"), {"Σ exp"}, Fold::sum, {}, 0};
  for (const Term& term : greatest.terms) {
    const double power = std::exp(term.value - largest);
    powers.terms.push_back({term.cells, {term.value, largest}, power, "exp({0} − {1})"});
    powers.value += power;
  }
  const double sum = powers.value, score = values.at({&scores, row, col}), power = std::exp(score - largest);
  explanation.value = power / sum;
  explanation.acts = {std::move(greatest), std::move(powers),
                      single_act(say("Its own exponential, divided by that sum"), {}, {{&scores, row, col}},
                                 {score, largest, sum}, explanation.value, "exp({0} − {1}) / {2}")};
}

}  // namespace orrery
