#pragma once
#include <utility>

#include "model/analysis/matrix.h"
#include "model/graph.h"

namespace orrery {

/// A stretch of the network that is a straight map of a row once the norms' scales are held fast: norm,
/// learned stretch, projection, rotation. Through it one number can be split exactly into what the summands
/// of the residual stream give to it (INTERPRETABILITY: Elhage et al. 2021, "frozen layer norm").
class AffinePath {
 public:
  /// From the newest state of the residual stream before `to` up to `to`, along first inputs.
  static Finding<AffinePath> to(const Tensor& to);

  const Tensor& from() const { return *from_; }

  /// vectors [n, cols of from()] that stand at token `row` -> [n, cols of `to`]: what each becomes, without
  /// the constants.
  Matrix carry(const Values& values, int row, const Matrix& vectors) const;
  /// [cols of `to`]: what comes out of nothing, that is the biases.
  std::vector<double> constant(const Values& values, int row) const;

  /// A number of `to` as a function of the row of from(): direction · x + constant.
  struct Reading {
    std::vector<double> direction;
    double constant = 0;
    double of(const std::vector<double>& x) const;
  };
  /// The sum of the columns of `to` with the given factors, read at token `row`.
  Reading read(const Values& values, int row, const std::vector<std::pair<int, double>>& columns) const;

 private:
  const Tensor* from_ = nullptr;
  std::vector<const Tensor*> steps_;  // in execution order
};

}  // namespace orrery
