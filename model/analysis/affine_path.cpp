#include "model/analysis/affine_path.h"

#include <algorithm>
#include <cmath>

#include "model/analysis/matrix_maps.h"

namespace orrery {
namespace {

/// What a step does to a row x while the norms' scales stay as they were: x A + b, with A kept in the form in
/// which it is cheap.
struct Step {
  enum class Form { matrix, table, centre_and_divide, divide, stretch };
  Form form = Form::matrix;
  Eigen::MatrixXd matrix;        // [in, out]
  MatrixView table;              // [out, in], of the model
  Eigen::RowVectorXd numbers;    // stretch
  double divisor = 1;            // of a norm
  Eigen::RowVectorXd constants;  // b; empty: none
};

/// A from the explanations of the step's cells: each term's factor beside the input's own cell. Serves every
/// op whose explanation is a sum of products. Nothing if the terms are not the whole.
std::optional<Eigen::MatrixXd> explained_matrix(const Tensor& out, int row, const Values& values) {
  const Tensor& input = *out.inputs[0];
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(input.cols.size, out.cols.size);
  for (int col = 0; col < out.cols.size; ++col) {
    const Explanation why = out.op->explain(out, {&out, row, col}, values);
    double sum = 0;
    for (const Term& term : why.terms) {
      sum += term.value;
      const Cell* cell = nullptr;
      for (const Cell& candidate : term.cells)
        if (candidate.tensor == &input && candidate.row == row && !cell) cell = &candidate;
      if (!cell || term.values.empty()) return std::nullopt;
      double factor = 1;
      for (size_t i = 0; i < term.values.size(); ++i)
        if (i >= term.cells.size() || &term.cells[i] != cell) factor *= term.values[i];
      matrix(cell->col, col) += factor;
    }
    if (why.terms.empty() || std::abs(sum - why.value) > 1e-6 * (1 + std::abs(why.value)))
      return std::nullopt;
  }
  return matrix;
}

Step step_for(const Tensor& out, int row, const Values& values) {
  const std::string op = out.op->name();
  const MatrixView second = out.inputs.size() > 1 ? values.view(*out.inputs[1]) : MatrixView{};
  Step step;
  if (op == "linear") {
    step.matrix = doubles(second);
  } else if (op == "unembed") {
    step.form = Step::Form::table;
    step.table = second;
  } else if (op == "normalize" || op == "divide") {
    step.form = op == "divide" ? Step::Form::divide : Step::Form::centre_and_divide;
    step.divisor = second(row, 0);
  } else if (op == "scale and shift" || op == "scale by one plus") {
    step.form = Step::Form::stretch;
    step.numbers = row_doubles(second, 0);
    if (op == "scale by one plus") step.numbers.array() += 1;
  } else if (auto matrix = explained_matrix(out, row, values)) {
    step.matrix = std::move(*matrix);
  }
  const bool biased = op == "linear" || op == "scale and shift";
  if (biased && out.inputs.size() > 2) step.constants = row_doubles(values.view(*out.inputs[2]), 0);
  return step;
}

/// vectors A
DoubleRows forward(const Step& step, const DoubleRows& vectors) {
  switch (step.form) {
    case Step::Form::matrix:
      return vectors * step.matrix;
    case Step::Form::table: {
      DoubleRows result(vectors.rows(), step.table.rows);
      for (int v = 0; v < step.table.rows; ++v)
        result.col(v) = vectors * row_doubles(step.table, v).transpose();
      return result;
    }
    case Step::Form::centre_and_divide:
      return (vectors.colwise() - vectors.rowwise().mean()) / step.divisor;
    case Step::Form::divide:
      return vectors / step.divisor;
    case Step::Form::stretch:
      return vectors.array().rowwise() * step.numbers.array();
  }
  return vectors;
}

/// A g
Eigen::VectorXd backward(const Step& step, const Eigen::VectorXd& g) {
  switch (step.form) {
    case Step::Form::matrix:
      return step.matrix * g;
    case Step::Form::table: {
      Eigen::VectorXd result = Eigen::VectorXd::Zero(step.table.cols);
      for (int v = 0; v < step.table.rows; ++v)
        if (g(v) != 0) result += g(v) * row_doubles(step.table, v).transpose();
      return result;
    }
    case Step::Form::centre_and_divide:
      return (g.array() - g.mean()) / step.divisor;
    case Step::Form::divide:
      return g / step.divisor;
    case Step::Form::stretch:
      return g.cwiseProduct(step.numbers.transpose());
  }
  return g;
}

/// Ops that are straight maps of their first input while the others are held fast.
bool is_straight(const std::string& op) {
  static const char* const names[] = {"linear",          "unembed",           "normalize", "divide",
                                      "scale and shift", "scale by one plus", "rotate",    "scale"};
  return std::ranges::find(names, op) != std::end(names);
}

}  // namespace

Finding<AffinePath> AffinePath::to(const Tensor& to) {
  AffinePath path;
  const Tensor* tensor = &to;
  for (; !tensor->spine; tensor = tensor->inputs[0]) {
    if (!tensor->op || !is_straight(tensor->op->name()))
      return say("{0} is not a straight map of the residual stream: {1} lies between", to.name, tensor->name);
    path.steps_.push_back(tensor);
  }
  std::reverse(path.steps_.begin(), path.steps_.end());
  path.from_ = tensor;
  return path;
}

Matrix AffinePath::carry(const Values& values, int row, const Matrix& vectors) const {
  DoubleRows now = map(vectors);
  for (const Tensor* tensor : steps_) now = forward(step_for(*tensor, row, values), now);
  Matrix result(int(now.rows()), int(now.cols()));
  map(result) = now;
  return result;
}

std::vector<double> AffinePath::constant(const Values& values, int row) const {
  DoubleRows now = DoubleRows::Zero(1, from_->cols.size);
  for (const Tensor* tensor : steps_) {
    const Step step = step_for(*tensor, row, values);
    now = forward(step, now);
    if (step.constants.size() > 0) now += step.constants;
  }
  return {now.data(), now.data() + now.size()};
}

AffinePath::Reading AffinePath::read(const Values& values, int row,
                                     const std::vector<std::pair<int, double>>& columns) const {
  const Tensor& to = steps_.empty() ? *from_ : *steps_.back();
  Eigen::VectorXd g = Eigen::VectorXd::Zero(to.cols.size);
  for (const auto& [column, factor] : columns) g(column) += factor;
  Reading reading;
  for (size_t i = steps_.size(); i-- > 0;) {
    const Step step = step_for(*steps_[i], row, values);
    if (step.constants.size() > 0) reading.constant += step.constants.dot(g);
    g = backward(step, g);
  }
  reading.direction.assign(g.data(), g.data() + g.size());
  return reading;
}

double AffinePath::Reading::of(const std::vector<double>& x) const {
  double sum = constant;
  for (size_t i = 0; i < direction.size(); ++i) sum += direction[i] * x[i];
  return sum;
}

}  // namespace orrery
