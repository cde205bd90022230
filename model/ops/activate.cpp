#include <cmath>
#include <numbers>

#include "model/ops/op_support.h"

namespace orrery {
namespace {

struct ActivationRow {
  Activation activation;
  const char* name;
  const char* formula;
};

// Reference section 1.2. gelu_fast and gelu_tanh are one function, written in two ways.
constexpr ActivationRow table[] = {
    {Activation::gelu, "GELU", "½ x (1 + erf(x / √2))"},
    {Activation::gelu_tanh, "GELU (tanh)", "½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))"},
    {Activation::gelu_fast, "GELU (fast)", "½ x (1 + tanh(0.7978845608 x (1 + 0.044715 x²)))"},
    {Activation::quick_gelu, "quick GELU", "x / (1 + exp(−1.702 x))"},
    {Activation::silu, "SiLU", "x / (1 + exp(−x))"},
    {Activation::relu, "ReLU", "max(0, x)"},
    {Activation::squared_relu, "squared ReLU", "max(0, x)²"},
    {Activation::tanh, "tanh", "tanh(x)"},
    {Activation::sigmoid, "sigmoid", "1 / (1 + exp(−x))"},
    {Activation::softplus, "softplus", "log(1 + exp(x))"},
};

const ActivationRow& row_for(Activation activation) { return table[int(activation)]; }

// 1 + erf(z) = erfc(-z) and ½ (1 + tanh(u)) = 1 / (1 + exp(-2u)): these sides lose no digits where x is
// negative.
template <class Number>
Number apply(Activation activation, Number x) {
  const Number half = Number(0.5), one = Number(1);
  switch (activation) {
    case Activation::gelu:
      return half * x * std::erfc(-x * Number(1 / std::numbers::sqrt2));
    case Activation::gelu_tanh:
      return x / (one + std::exp(Number(-2 * std::sqrt(2 / std::numbers::pi)) *
                                 (x + Number(0.044715) * x * x * x)));
    case Activation::gelu_fast:
      return x / (one + std::exp(Number(-2 * 0.7978845608) * x * (one + Number(0.044715) * x * x)));
    case Activation::quick_gelu:
      return x / (one + std::exp(Number(-1.702) * x));
    case Activation::silu:
      return x / (one + std::exp(-x));
    case Activation::relu:
      return std::max(Number(0), x);
    case Activation::squared_relu:
      return x > 0 ? x * x : Number(0);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::sigmoid:
      return one / (one + std::exp(-x));
    case Activation::softplus:  // written so that a large x does not overflow
      return std::max(x, Number(0)) + std::log1p(std::exp(-std::abs(x)));
  }
  return x;
}

class Activate : public Op {
 public:
  explicit Activate(Activation activation) : activation_(activation) {}

  std::string name() const override { return row_for(activation_).name; }

  Message sentence(const Tensor& out) const override {
    return say("Apply the activation function {0} to each number of {1}", name(), out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView x = values.view(*out.inputs[0]);
    for (int t = rows.begin; t < rows.end; ++t)
      kernels().activate(activation_, x.row(t), x.cols, result.row(t));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    Cell input{out.inputs[0], cell.row, cell.col};
    double x = values.at(input);
    Explanation explanation;
    explanation.value = apply(activation_, x);
    explanation.words = say("{0} of the number {1}", name(), number_text(x));
    explanation.formula = {row_for(activation_).formula};
    Act act{say("The point on the curve above the number"), {}, Fold::sum, {}, explanation.value};
    act.terms.push_back({{input}, {x}, explanation.value, "f({0})"});
    explanation.acts = {std::move(act)};
    explanation.curve = [which = activation_](double at) { return apply(which, at); };
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return same_cells(out, cell);
  }

  double cost(const Tensor& out, int) const override { return 12.0 * out.cols.size; }

 private:
  Activation activation_;
};

}  // namespace

float activate(Activation activation, float x) { return apply(activation, x); }
double activate(Activation activation, double x) { return apply(activation, x); }
const char* activation_title(Activation activation) { return row_for(activation).name; }

Activation activation_named(const std::string& name, const std::string& where) {
  if (name == "gelu") return Activation::gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (name == "gelu_fast") return Activation::gelu_fast;
  if (name == "quick_gelu") return Activation::quick_gelu;
  if (name == "silu" || name == "swish") return Activation::silu;
  if (name == "relu") return Activation::relu;
  if (name == "tanh") return Activation::tanh;
  throw Error(say("{0}: Orrery does not know the activation function '{1}'", where, name));
}

std::unique_ptr<Op> ops::activate(Activation activation) { return std::make_unique<Activate>(activation); }

}  // namespace orrery
