#pragma once
// What the analyses' files share: Eigen over their tables and over the model's numbers, in double.
#include "model/analysis/matrix.h"
#include "model/ops/op_support.h"

namespace orrery {

using DoubleRows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline Eigen::Map<const DoubleRows> map(const Matrix& matrix) {
  return {matrix.numbers.data(), matrix.rows, matrix.cols};
}
inline Eigen::Map<DoubleRows> map(Matrix& matrix) {
  return {matrix.numbers.data(), matrix.rows, matrix.cols};
}

/// A weight [in, out] in double, however it lies in memory.
inline Eigen::MatrixXd doubles(const MatrixView& weight) {
  Eigen::MatrixXd result(weight.rows, weight.cols);
  for (int col = 0; col < weight.cols; ++col)
    for (int row = 0; row < weight.rows; ++row) result(row, col) = weight(row, col);
  return result;
}

inline Eigen::RowVectorXd row_doubles(const MatrixView& view, int row) {
  Eigen::RowVectorXd result(view.cols);
  for (int col = 0; col < view.cols; ++col) result(col) = view(row, col);
  return result;
}

}  // namespace orrery
