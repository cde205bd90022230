#include "model/analysis/principal_components.h"

#include <Eigen/Eigenvalues>
#include <algorithm>

#include "model/analysis/matrix_maps.h"

namespace orrery {
namespace {

constexpr int largest = 1536;  // beyond it an eigen decomposition takes too long to wait for
constexpr int piece = 512;     // rows that are taken at a time

Eigen::RowVectorXd mean_row(const MatrixView& matrix) {
  Eigen::RowVectorXd mean = Eigen::RowVectorXd::Zero(matrix.cols);
  for (int row = 0; row < matrix.rows; ++row) mean += row_doubles(matrix, row);
  return mean / matrix.rows;
}

/// Rows [first, first + count) less the mean.
DoubleRows centred(const MatrixView& matrix, const Eigen::RowVectorXd& mean, int first, int count) {
  DoubleRows rows(count, matrix.cols);
  for (int row = 0; row < count; ++row) rows.row(row) = row_doubles(matrix, first + row) - mean;
  return rows;
}

/// The components as rows, and the shares; from the products of columns, or of rows where there are fewer.
void solve(const MatrixView& matrix, const Eigen::RowVectorXd& mean, int count, PrincipalComponents& found,
           Progress& progress) {
  const bool by_rows = matrix.rows < matrix.cols;
  const int size = std::min(matrix.rows, matrix.cols);
  Eigen::MatrixXd products = Eigen::MatrixXd::Zero(size, size);
  if (by_rows) {
    const DoubleRows all = centred(matrix, mean, 0, matrix.rows);
    products.selfadjointView<Eigen::Lower>().rankUpdate(all);
  } else {
    for (int first = 0; first < matrix.rows; first += piece) {
      const DoubleRows some = centred(matrix, mean, first, std::min(piece, matrix.rows - first));
      products.selfadjointView<Eigen::Lower>().rankUpdate(some.transpose());
      progress.report(0.8f * float(first) / float(matrix.rows));
    }
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(products);
  const double whole = std::max(0.0, products.trace());
  found.directions = Matrix(count, matrix.cols);
  for (int k = 0; k < count; ++k) {
    const double value = std::max(0.0, solver.eigenvalues()(size - 1 - k));
    found.explained.push_back(whole > 0 ? value / whole : 0);
    Eigen::RowVectorXd direction = solver.eigenvectors().col(size - 1 - k).transpose();
    if (by_rows) direction = (direction * centred(matrix, mean, 0, matrix.rows)).eval();
    if (const double length = direction.norm(); length > 0) direction /= length;
    Eigen::Index place = 0;
    direction.cwiseAbs().maxCoeff(&place);
    if (direction(place) < 0) direction = -direction;
    map(found.directions).row(k) = direction;
  }
}

}  // namespace

Finding<PrincipalComponents> principal_components(const MatrixView& matrix, int count, Progress& progress) {
  if (matrix.rows < 2) return say("Principal components need at least two points.");
  if (std::min(matrix.rows, matrix.cols) > largest)
    return say("{0} points of {1} channels are too many for an exact decomposition.", matrix.rows,
               matrix.cols);
  PrincipalComponents found;
  count = std::clamp(count, 1, std::min(matrix.rows, matrix.cols));
  const Eigen::RowVectorXd mean = mean_row(matrix);
  solve(matrix, mean, count, found, progress);
  found.mean.assign(mean.data(), mean.data() + mean.size());
  found.positions = Matrix(matrix.rows, count);
  for (int first = 0; first < matrix.rows; first += piece) {
    const int rows = std::min(piece, matrix.rows - first);
    map(found.positions).middleRows(first, rows) =
        centred(matrix, mean, first, rows) * map(found.directions).transpose();
    progress.report(0.9f + 0.1f * float(first) / float(matrix.rows));
  }
  return found;
}

}  // namespace orrery
