#include "model/ops/op_support.h"

namespace orrery {
namespace {

/// RWKV's token shift: each channel is a blend of this token and the one before; before the text there are
/// zeros. Version 4 keeps the learned share of this token, version 7 takes it from the one before.
class TokenShift : public Op {
 public:
  explicit TokenShift(bool share_of_past) : share_of_past_(share_of_past) {}

  std::string name() const override { return "token shift"; }

  Message sentence(const Tensor& out) const override {
    return say("Blend each token's {0} with that of the token before, channel by channel",
               out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[1]->rows.size == 1 && inputs[1]->cols == inputs[0]->cols, "token shift", *inputs[1]);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView x = values.view(*out.inputs[0]);
    const auto share = row_of(values.view(*out.inputs[1]), 0).array();
    for (int t = rows.begin; t < rows.end; ++t) {
      auto blend = row_of(result, t).array();
      if (share_of_past_)
        blend = row_of(x, t).array() * (1 - share);
      else
        blend = row_of(x, t).array() * share;
      if (t == 0) continue;
      if (share_of_past_)
        blend += row_of(x, t - 1).array() * share;
      else
        blend += row_of(x, t - 1).array() * (1 - share);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& x = *out.inputs[0];
    const Cell mix{out.inputs[1], 0, cell.col};
    const double share = share_of_past_ ? 1 - values.at(mix) : values.at(mix);
    Explanation explanation;
    for (int back = 0; back <= std::min(1, cell.row); ++back) {
      const Cell read{&x, cell.row - back, cell.col};
      const double weight = back == 0 ? share : 1 - share, product = values.at(read) * weight;
      explanation.terms.push_back({{read}, {values.at(read), weight}, product});
      explanation.value += product;
    }
    explanation.words =
        say("Channel {0}: {1} of this token and {2} of the one before", cell.col, share, 1 - share);
    explanation.formula =
        share_of_past_ ? say("x · (1 − m) + x before · m") : say("x · m + x before · (1 − m)");
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const int back = std::min(1, cell.row);
    return {own_weight(*out.inputs[1], cell), {out.inputs[0], cell.row - back, cell.col, back + 1, 1}};
  }

  double cost(const Tensor& out, int) const override { return 4.0 * out.cols.size; }
  bool reads_history(int input) const override { return input == 0; }

 private:
  bool share_of_past_;
};

}  // namespace

std::unique_ptr<Op> ops::token_shift(bool share_of_past) {
  return std::make_unique<TokenShift>(share_of_past);
}

}  // namespace orrery
