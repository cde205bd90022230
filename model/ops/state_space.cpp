#include <cmath>

#include "model/ops/op_support.h"

// Mamba's selective state space (Gu and Dao 2023): every channel carries a few numbers from token to token;
// how fast they fade and what is added depends on the token. Reference section 8.

namespace orrery {
namespace {

/// h[e,n] = exp(-delta_e exp(A_log_en)) h_before[e,n] + delta_e B_n x_e. Inputs: h itself, delta, B, x,
/// A_log.
class SelectiveState : public Op {
 public:
  std::string name() const override { return "selective state"; }

  Message sentence(const Tensor& out) const override {
    return say("The state fades, each number at its own pace, and takes up what {0} brings",
               out.inputs[3]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    const int channels = inputs[1]->cols.size, states = inputs[2]->cols.size;
    check_shape(inputs[0]->cols.size == channels * states, "selective state", *inputs[0]);
    check_shape(inputs[3]->cols.size == channels, "selective state", *inputs[3]);
    check_shape(inputs[4]->rows.size == states && inputs[4]->cols.size == channels, "selective state",
                *inputs[4]);
    return {inputs[1]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    const auto [delta, b, x, a_log] = views(out, values);
    const int states = b.cols;
    Eigen::ArrayXf kept(states);
    for (int t = rows.begin; t < rows.end; ++t)
      for (int e = 0; e < x.cols; ++e) {
        const Eigen::Map<const Eigen::ArrayXf> speed(a_log.data + e * a_log.col_stride, states);
        const Eigen::Map<const Eigen::ArrayXf> entry(b.row(t), states);
        Eigen::Map<Eigen::ArrayXf> state(result.row(t) + e * states, states);
        kept = delta(t, e) * x(t, e) * entry;
        if (t > 0)
          kept += (-delta(t, e) * speed.exp()).exp() *
                  Eigen::Map<const Eigen::ArrayXf>(result.row(t - 1) + e * states, states);
        state = kept;
      }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const int states = out.cols.inner, e = cell.col / states, n = cell.col % states;
    const Cell delta{out.inputs[1], cell.row, e}, b{out.inputs[2], cell.row, n},
        x{out.inputs[3], cell.row, e};
    const Cell a_log{out.inputs[4], n, e}, before{&out, cell.row - 1, cell.col};
    Explanation explanation;
    explanation.formula = say("exp(−Δ exp(A_log)) · h before + Δ · B · x");
    const double fading = std::exp(-values.at(delta) * std::exp(values.at(a_log)));
    if (cell.row > 0) {
      const double kept = fading * values.at(before);
      explanation.terms.push_back({{before}, {values.at(before), fading}, kept});
      explanation.value += kept;
    }
    const double added = values.at(delta) * values.at(b) * values.at(x);
    explanation.terms.push_back({{delta, b, x}, {values.at(delta), values.at(b), values.at(x)}, added});
    explanation.value += added;
    explanation.words =
        say("Number {0} of channel {1}'s state: {2} of it is kept, the rest is new", n, e, fading);
    explanation.acts = {single_act(say("How much of the state is kept"), say("kept"), {delta, a_log},
                                   {values.at(delta), values.at(a_log)}, fading, "exp(−{0} · exp({1}))"),
                        {say("What is kept, and what the token brings"),
                         {},
                         Fold::sum,
                         explanation.terms,
                         explanation.value}};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const int states = out.cols.inner, e = cell.col / states, n = cell.col % states;
    std::vector<Region> regions = {cell_region(*out.inputs[1], cell.row, e),
                                   cell_region(*out.inputs[2], cell.row, n),
                                   cell_region(*out.inputs[3], cell.row, e)};
    if (cell.row == 0) return regions;  // nothing is there yet that could fade
    regions.push_back(cell_region(*out.inputs[4], n, e));
    regions.push_back(cell_region(out, cell.row - 1, cell.col));
    return regions;
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    const auto [delta, b, x, a_log] = views(out, values);
    const int states = out.cols.inner, e = cell.col / states, n = cell.col % states;
    Carried::Sum state{say("The state"), {}, {}};
    for (int t = 0; t <= cell.row; ++t) {
      state.before = state.left;
      for (double& part : state.left) part *= std::exp(-double(delta(t, e)) * std::exp(double(a_log(n, e))));
      state.left.push_back(double(delta(t, e)) * b(t, n) * x(t, e));
    }
    return Carried{{std::move(state)}};
  }

  double cost(const Tensor& out, int) const override { return 20.0 * out.cols.size; }
  bool reads_history(int input) const override { return input == 0; }

 private:
  struct Views {
    MatrixView delta, b, x, a_log;
  };
  static Views views(const Tensor& out, const Values& values) {
    return {values.view(*out.inputs[1]), values.view(*out.inputs[2]), values.view(*out.inputs[3]),
            values.view(*out.inputs[4])};
  }
};

/// y_e = Σ_n C_n h[e,n] + D_e x_e. Inputs: h, C, x, D.
class ReadState : public Op {
 public:
  std::string name() const override { return "read state"; }

  Message sentence(const Tensor& out) const override {
    return say("Ask each channel's state with {0}, and let {1} itself through", out.inputs[1]->name,
               out.inputs[2]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[0]->cols.size == inputs[1]->cols.size * inputs[2]->cols.size, "read state",
                *inputs[0]);
    check_shape(inputs[3]->cols.size == inputs[2]->cols.size, "read state", *inputs[3]);
    return {inputs[2]->rows, inputs[2]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView h = values.view(*out.inputs[0]), c = values.view(*out.inputs[1]);
    MatrixView x = values.view(*out.inputs[2]), d = values.view(*out.inputs[3]);
    for (int t = rows.begin; t < rows.end; ++t) {
      const ConstRows state(h.row(t), x.cols, c.cols, Eigen::OuterStride<>(c.cols));
      row_of(result, t).noalias() = row_of(c, t) * state.transpose();
      row_of(result, t) += row_of(d, 0).cwiseProduct(row_of(x, t));
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &h = *out.inputs[0], &c = *out.inputs[1];
    const int states = c.cols.size;
    Explanation explanation;
    explain_dot(explanation, values, c, cell.row, states, [&](int n) {
      return Cell{&h, cell.row, cell.col * states + n};
    });
    const Cell x{out.inputs[2], cell.row, cell.col}, d{out.inputs[3], 0, cell.col};
    const double through = values.at(x) * values.at(d);
    explanation.terms.push_back({{x, d}, {values.at(x), values.at(d)}, through});
    explanation.value += through;
    explanation.words =
        say("What channel {0}'s state answers, and the part of the input that skips it", cell.col);
    explanation.formula = {"Σ C · h + D · x"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const int states = out.inputs[1]->cols.size;
    return {{out.inputs[0], cell.row, cell.col * states, 1, states},
            row_region(*out.inputs[1], cell.row),
            same_cell(*out.inputs[2], cell),
            own_weight(*out.inputs[3], cell)};
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.inputs[0]->cols.size; }
};

}  // namespace

std::unique_ptr<Op> ops::selective_state() { return std::make_unique<SelectiveState>(); }
std::unique_ptr<Op> ops::read_state() { return std::make_unique<ReadState>(); }

}  // namespace orrery
