#include <cmath>

#include "model/ops/op_support.h"

namespace orrery {
namespace {

/// Mean and biased variance of a row in double arithmetic (reference: LayerNorm divides by D, not D - 1).
struct Moments {
  double mean = 0, variance = 0;
};

Moments moments(const MatrixView& view, int row) {
  Moments result;
  for (int c = 0; c < view.cols; ++c) result.mean += view(row, c);
  result.mean /= view.cols;
  for (int c = 0; c < view.cols; ++c) result.variance += std::pow(view(row, c) - result.mean, 2);
  result.variance /= view.cols;
  return result;
}

/// The mean of a row as an act: its channels, each divided by how many they are, added up.
Act mean_act(const Values& values, const Tensor& x, int row, double mean) {
  Act act{say("The mean of the token's channels"), say("mean"), Fold::sum, {}, mean};
  for (int c = 0; c < x.cols.size; ++c) {
    const Cell cell{&x, row, c};
    const double value = values.at(cell), count = x.cols.size;
    act.terms.push_back({{cell}, {value, count}, value / count, "{0} / {1}"});
  }
  return act;
}

class LayerNormScale : public Op {
 public:
  explicit LayerNormScale(double epsilon) : epsilon_(epsilon) {}

  std::string name() const override { return "layer norm scale"; }

  Message sentence(const Tensor& out) const override {
    return say("How widely the channels of {0} spread, for each token: the layer norm's divisor",
               out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return {inputs[0]->rows, {Axis::unit, 1}};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView x = values.view(*out.inputs[0]);
    for (int t = rows.begin; t < rows.end; ++t) {
      const double mean = kernels().mean(x.row(t), x.cols);
      result(t, 0) = float(std::sqrt(kernels().mean_square(x.row(t), x.cols, mean) + epsilon_));
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& x = *out.inputs[0];
    Moments found = moments(values.view(x), cell.row);
    Explanation explanation;
    explanation.value = std::sqrt(found.variance + epsilon_);
    explanation.words = say("The standard deviation of the token's {0} channels", x.cols.size);
    explanation.formula = say("√(variance + ε)");
    Act variance{
        say("The mean of the squared distances from it"), say("variance"), Fold::sum, {}, found.variance};
    for (int c = 0; c < x.cols.size; ++c) {
      const Cell other{&x, cell.row, c};
      const double value = values.at(other), count = x.cols.size;
      variance.terms.push_back({{other},
                                {value, found.mean, count},
                                std::pow(value - found.mean, 2) / count,
                                "({0} − {1})² / {2}"});
    }
    Act root{say("The square root of it and a little more"), {}, Fold::sum, {}, explanation.value};
    root.terms.push_back({{}, {found.variance, epsilon_}, explanation.value, "√({0} + {1})"});
    explanation.acts = {mean_act(values, x, cell.row, found.mean), std::move(variance), std::move(root)};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {row_region(*out.inputs[0], cell.row)};
  }

  double cost(const Tensor& out, int) const override { return 4.0 * out.inputs[0]->cols.size; }

 private:
  double epsilon_;
};

class Normalize : public Op {
 public:
  std::string name() const override { return "normalize"; }

  Message sentence(const Tensor& out) const override {
    return say("Subtract each token's mean from {0} and divide by {1}", out.inputs[0]->name,
               out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[1]->cols.size == 1 && inputs[1]->rows == inputs[0]->rows, "normalize", *inputs[1]);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView x = values.view(*out.inputs[0]), scale = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t)
      kernels().standardize(x.row(t), x.cols, kernels().mean(x.row(t), x.cols), scale(t, 0), result.row(t));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &x = *out.inputs[0], &scale = *out.inputs[1];
    double mean = moments(values.view(x), cell.row).mean;
    double value = values.at({&x, cell.row, cell.col}), divisor = values.at({&scale, cell.row, 0});
    Explanation explanation;
    explanation.value = (value - mean) / divisor;
    explanation.words = say("How many standard deviations channel {0} lies from the token's mean", cell.col);
    explanation.formula = say("(x − mean) / scale");
    Act apart{say("Its distance from the mean, divided by the scale"), {}, Fold::sum, {}, explanation.value};
    apart.terms.push_back({{{&x, cell.row, cell.col}, {&scale, cell.row, 0}},
                           {value, divisor, mean},
                           explanation.value,
                           "({0} − {2}) / {1}"});
    explanation.acts = {mean_act(values, x, cell.row, mean), std::move(apart)};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {row_region(*out.inputs[0], cell.row), cell_region(*out.inputs[1], cell.row, 0)};
  }

  double cost(const Tensor& out, int) const override { return 3.0 * out.cols.size; }
};

/// Multiplies by a learned weight and adds a learned bias, channel by channel.
class ScaleShift : public Op {
 public:
  std::string name() const override { return "scale and shift"; }

  Message sentence(const Tensor& out) const override {
    if (out.inputs.size() < 3)
      return say("Multiply each channel of {0} by its learned weight", out.inputs[0]->name);
    return say("Multiply each channel of {0} by its learned weight and add its bias", out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    for (const Tensor* input : inputs.subspan(1))
      check_shape(input->rows.size == 1 && input->cols == inputs[0]->cols, "scale and shift", *input);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    auto weight = row_of(values.view(*out.inputs[1]), 0).array();
    for (int t = rows.begin; t < rows.end; ++t) {
      auto scaled = row_of(values.view(*out.inputs[0]), t).array() * weight;
      if (out.inputs.size() > 2)
        row_of(result, t) = scaled + row_of(values.view(*out.inputs[2]), 0).array();
      else
        row_of(result, t) = scaled;
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    Cell x{out.inputs[0], cell.row, cell.col}, weight{out.inputs[1], 0, cell.col};
    Explanation explanation;
    double product = values.at(x) * values.at(weight);
    explanation.terms.push_back({{x, weight}, {values.at(x), values.at(weight)}, product});
    explanation.value = product;
    explanation.words = say("Channel {0}, stretched and shifted as the model has learned", cell.col);
    explanation.formula = {out.inputs.size() > 2 ? "x · w + b" : "x · w"};
    if (out.inputs.size() > 2) explain_plus(explanation, values, {out.inputs[2], 0, cell.col});
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    std::vector<Region> regions = {same_cell(*out.inputs[0], cell)};
    for (size_t i = 1; i < out.inputs.size(); ++i) regions.push_back(own_weight(*out.inputs[i], cell));
    return regions;
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.cols.size; }
};

}  // namespace

std::unique_ptr<Op> ops::layer_norm_scale(double epsilon) {
  return std::make_unique<LayerNormScale>(epsilon);
}
std::unique_ptr<Op> ops::normalize() { return std::make_unique<Normalize>(); }
std::unique_ptr<Op> ops::scale_shift() { return std::make_unique<ScaleShift>(); }

}  // namespace orrery
