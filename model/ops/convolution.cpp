#include "model/ops/op_support.h"

namespace orrery {
namespace {

/// A causal convolution of each channel by itself: the last tap meets the current token, earlier taps the
/// tokens before it; before the text there is nothing.
class CausalConvolution : public Op {
 public:
  std::string name() const override { return "causal convolution"; }

  Message sentence(const Tensor& out) const override {
    return say("Mix each channel of {0} with its values at the {1} tokens before", out.inputs[0]->name,
               out.inputs[1]->rows.size - 1);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    for (const Tensor* input : inputs.subspan(1))
      check_shape(input->cols.size == inputs[0]->cols.size, "causal convolution", *input);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView x = values.view(*out.inputs[0]), taps = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t)
      for (int c = 0; c < x.cols; ++c) {
        float sum = out.inputs.size() > 2 ? values.view(*out.inputs[2])(0, c) : 0;
        for (int k = first_tap(t, taps.rows); k < taps.rows; ++k)
          sum += taps(k, c) * x(t - taps.rows + 1 + k, c);
        result(t, c) = sum;
      }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &x = *out.inputs[0], &taps = *out.inputs[1];
    const int count = taps.rows.size, first = first_tap(cell.row, count);
    Explanation explanation;
    for (int k = first; k < count; ++k) {
      const Cell tap{&taps, k, cell.col}, past{&x, cell.row - count + 1 + k, cell.col};
      const double product = values.at(tap) * values.at(past);
      explanation.terms.push_back({{past, tap}, {values.at(past), values.at(tap)}, product});
      explanation.value += product;
    }
    explanation.words = say("Channel {0} at this token and the {1} before it, each times its tap", cell.col,
                            count - first - 1);
    explanation.formula = {out.inputs.size() > 2 ? "Σ x · w + b" : "Σ x · w"};
    if (out.inputs.size() > 2) explain_plus(explanation, values, {out.inputs[2], 0, cell.col});
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const int count = out.inputs[1]->rows.size, first = first_tap(cell.row, count);
    std::vector<Region> regions = {{out.inputs[0], cell.row - count + 1 + first, cell.col, count - first, 1},
                                   {out.inputs[1], first, cell.col, count - first, 1}};
    if (out.inputs.size() > 2) regions.push_back(own_weight(*out.inputs[2], cell));
    return regions;
  }

  double cost(const Tensor& out, int) const override {
    return 2.0 * out.inputs[1]->rows.size * out.cols.size;
  }
  bool reads_history(int input) const override { return input == 0; }

 private:
  static int first_tap(int row, int taps) { return std::max(0, taps - 1 - row); }
};

}  // namespace

std::unique_ptr<Op> ops::causal_convolution() { return std::make_unique<CausalConvolution>(); }

}  // namespace orrery
