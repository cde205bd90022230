#include <cmath>

#include "model/ops/op_support.h"

namespace orrery {
namespace {

double mean_of_squares(const MatrixView& x, int row) { return kernels().mean_square(x.row(row), x.cols, 0); }

class RmsNormScale : public Op {
 public:
  explicit RmsNormScale(double epsilon) : epsilon_(epsilon) {}

  std::string name() const override { return "RMS norm scale"; }

  Message sentence(const Tensor& out) const override {
    return say("How large the channels of {0} are, for each token: the RMS norm's divisor",
               out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return {inputs[0]->rows, {Axis::unit, 1}};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    for (int t = rows.begin; t < rows.end; ++t)
      result(t, 0) = float(std::sqrt(mean_of_squares(values.view(*out.inputs[0]), t) + epsilon_));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& x = *out.inputs[0];
    const double mean = mean_of_squares(values.view(x), cell.row);
    Explanation explanation;
    explanation.value = std::sqrt(mean + epsilon_);
    explanation.words = say("The root of the mean square of the token's {0} channels", x.cols.size);
    explanation.formula = say("√(mean(x²) + ε)");
    Act squares{say("The mean of the token's squared channels"), say("mean"), Fold::sum, {}, mean};
    for (int c = 0; c < x.cols.size; ++c) {
      const Cell channel{&x, cell.row, c};
      const double value = values.at(channel), count = x.cols.size;
      squares.terms.push_back({{channel}, {value, count}, value * value / count, "{0}² / {1}"});
    }
    explanation.acts = {std::move(squares), single_act(say("The square root of it and a little more"), {}, {},
                                                       {mean, epsilon_}, explanation.value, "√({0} + {1})")};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {row_region(*out.inputs[0], cell.row)};
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.inputs[0]->cols.size; }

 private:
  double epsilon_;
};

class Divide : public Op {
 public:
  std::string name() const override { return "divide"; }

  Message sentence(const Tensor& out) const override {
    return say("Divide {0} by {1}", out.inputs[0]->name, out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[1]->cols.size == 1 && inputs[1]->rows == inputs[0]->rows, "divide", *inputs[1]);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView x = values.view(*out.inputs[0]), scale = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t) row_of(result, t) = row_of(x, t) / scale(t, 0);
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell x{out.inputs[0], cell.row, cell.col}, scale{out.inputs[1], cell.row, 0};
    Explanation explanation;
    explanation.value = values.at(x) / values.at(scale);
    explanation.words = say("Channel {0}, measured by the token's own scale", cell.col);
    explanation.formula = say("x / scale");
    explanation.acts = {single_act(explanation.words, {}, {x, scale}, {values.at(x), values.at(scale)},
                                   explanation.value, "{0} / {1}")};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {same_cell(*out.inputs[0], cell), cell_region(*out.inputs[1], cell.row, 0)};
  }

  double cost(const Tensor& out, int) const override { return out.cols.size; }
};

class ScaleByOnePlus : public Op {
 public:
  std::string name() const override { return "scale by one plus"; }

  Message sentence(const Tensor& out) const override {
    return say("Multiply each channel of {0} by one plus its learned weight", out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[1]->rows.size == 1 && inputs[1]->cols == inputs[0]->cols, "scale by one plus",
                *inputs[1]);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    auto weight = row_of(values.view(*out.inputs[1]), 0).array();
    for (int t = rows.begin; t < rows.end; ++t)
      row_of(result, t) = row_of(values.view(*out.inputs[0]), t).array() * (1 + weight);
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell x{out.inputs[0], cell.row, cell.col}, weight{out.inputs[1], 0, cell.col};
    const double value = values.at(x), product = value * values.at(weight);
    Explanation explanation;
    explanation.terms = {{{x}, {value}, value}, {{x, weight}, {value, values.at(weight)}, product}};
    explanation.value = value + product;
    explanation.words = say("Channel {0}, stretched and shifted as the model has learned", cell.col);
    explanation.formula = {"x · (1 + w)"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {same_cell(*out.inputs[0], cell), own_weight(*out.inputs[1], cell)};
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.cols.size; }
};

}  // namespace

std::unique_ptr<Op> ops::rms_norm_scale(double epsilon) { return std::make_unique<RmsNormScale>(epsilon); }
std::unique_ptr<Op> ops::divide() { return std::make_unique<Divide>(); }
std::unique_ptr<Op> ops::scale_by_one_plus() { return std::make_unique<ScaleByOnePlus>(); }

}  // namespace orrery
