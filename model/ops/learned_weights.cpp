#include <cmath>

#include "model/ops/op_support.h"

// TTT-Linear (Sun et al. 2024): the state of a head is a small linear model that learns while it reads. For
// each token it predicts value minus key from the key, and takes a gradient step; tokens of one mini-batch
// take their gradients at the weights with which the batch began. Reference section 10.

namespace orrery {
namespace {

/// Where a token stands in its mini-batch.
class MiniBatches {
 public:
  explicit MiniBatches(int size) : size_(size) {}
  int place(int row) const { return row % size_; }
  int first(int row) const { return row - place(row); }
  /// The row that holds the weights with which the batch of `row` began; -1: the model's own.
  int before(int row) const { return first(row) - 1; }
  /// How far the step after that token goes: max(0, 1 / (place + 1) + learned).
  double step(const MatrixView& learned, int row) const {
    return std::max(0.0, 1.0 / (place(row) + 1) + learned(0, place(row)));
  }

 private:
  int size_;
};

/// A row of carried weights as the [in, out] matrix that it is.
ConstRows carried_weights(const MatrixView& state, int row, int width) {
  return {state.row(row), state.cols / width, width, Eigen::OuterStride<>(width)};
}

/// The number of a carried matrix at (in, out): of the state after `row`, or of the model's own weights.
Cell weight_cell(const Tensor& state, const Tensor& own, int row, int in, int out) {
  if (row < 0) return {&own, in, out};
  return {&state, row, in * own.cols.size + out};
}

/// Adds where a column of a carried [in, out] matrix stands in a row of the recording.
void add_carried_column(std::vector<Region>& regions, const Tensor& state, int row, int col, int width) {
  for (int at = col; at < state.cols.size; at += width) regions.push_back(cell_region(state, row, at));
}

/// z = k W + b with the weights with which the mini-batch began. Inputs: W, b (states), k, W1, b1 (weights).
class InnerPrediction : public Op {
 public:
  explicit InnerPrediction(int batch) : batches_(batch) {}

  std::string name() const override { return "inner prediction"; }

  Message sentence(const Tensor& out) const override {
    return say("What the learned weights say about {0}, before they learn from it", out.inputs[2]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    const int d = inputs[2]->cols.size;
    check_shape(inputs[0]->cols.size == d * d, "inner prediction", *inputs[0]);
    check_shape(inputs[3]->rows.size == d && inputs[3]->cols.size == d, "inner prediction", *inputs[3]);
    return {inputs[2]->rows, inputs[2]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView weights = values.view(*out.inputs[0]), bias = values.view(*out.inputs[1]);
    MatrixView k = values.view(*out.inputs[2]);
    for (int t = rows.begin; t < rows.end; ++t) {
      const int before = batches_.before(t);
      if (before < 0) {
        kernels().project(part(k, t, 1), outputs_of(values.view(*out.inputs[3])),
                          values.view(*out.inputs[4]).data, part(result, t, 1));
      } else {
        row_of(result, t).noalias() = row_of(k, t) * carried_weights(weights, before, k.cols);
        row_of(result, t) += row_of(bias, before);
      }
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &k = *out.inputs[2], &own = *out.inputs[3];
    const int before = batches_.before(cell.row);
    Explanation explanation;
    explain_dot(explanation, values, k, cell.row, k.cols.size,
                [&](int i) { return weight_cell(*out.inputs[0], own, before, i, cell.col); });
    const Tensor& bias = before < 0 ? *out.inputs[4] : *out.inputs[1];
    explain_plus(explanation, values, {&bias, std::max(0, before), cell.col});
    explanation.words =
        before < 0
            ? say("The key of token {0} times the weights that the model starts with", cell.row)
            : say("The key of token {0} times the weights as learned up to token {1}", cell.row, before);
    explanation.formula = {"k · W + b"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const int before = batches_.before(cell.row);
    std::vector<Region> regions = {row_region(*out.inputs[2], cell.row)};
    if (before < 0) {
      regions.push_back(column_region(*out.inputs[3], cell.col));
      regions.push_back(own_weight(*out.inputs[4], cell));
    } else {
      add_carried_column(regions, *out.inputs[0], before, cell.col, out.cols.size);
      regions.push_back(cell_region(*out.inputs[1], before, cell.col));
    }
    return regions;
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.cols.size * out.cols.size; }
  bool reads_history(int input) const override { return input < 2; }

 private:
  MiniBatches batches_;
};

/// The gradient of ½ |LN(z) - (v - k)|² with respect to z. Inputs: z, k, v, gamma, beta.
class InnerGradient : public Op {
 public:
  std::string name() const override { return "inner gradient"; }

  Message sentence(const Tensor& out) const override {
    return say("How {0} would have to change to come closer to value minus key", out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    for (const Tensor* input : inputs)
      check_shape(input->cols.size == inputs[0]->cols.size, "inner gradient", *input);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    for (int t = rows.begin; t < rows.end; ++t)
      row_of(result, t) = parts(out, t, values).gradient.cast<float>();
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Parts found = parts(out, cell.row, values);
    Explanation explanation;
    explanation.value = found.gradient[cell.col];
    explanation.words =
        say("Channel {0}: the prediction misses value minus key by {1}", cell.col, found.error[cell.col]);
    explanation.formula = {"∂ ½ |LN(z) − (v − k)|² / ∂z"};
    add_acts(explanation, out, cell, found);
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    std::vector<Region> regions;
    for (size_t i = 0; i < 5; ++i) regions.push_back(row_region(*out.inputs[i], i < 3 ? cell.row : 0));
    return regions;
  }

  double cost(const Tensor& out, int) const override { return 16.0 * out.cols.size; }

 private:
  struct Parts {
    Eigen::ArrayXd normalized, error, back, gradient;  ///< back: the error times gamma
    double deviation = 1;
  };

  static void add_acts(Explanation& explanation, const Tensor& out, const Cell& cell, const Parts& found) {
    const int d = out.cols.size;
    Act pulls{say("The mean of all channels' errors times gamma"), say("mean"), Fold::sum, {}, 0};
    Act spread{say("The same, each times its place in the row"), say("spread"), Fold::sum, {}, 0};
    for (int c = 0; c < d; ++c) {
      const Cell z{out.inputs[0], cell.row, c};
      const double pull = found.back[c], place = found.normalized[c];
      pulls.terms.push_back({{z}, {pull, double(d)}, pull / d, "{0} / {1}"});
      spread.terms.push_back({{z}, {pull, place, double(d)}, pull * place / d, "{0} × {1} / {2}"});
      pulls.value += pull / d;
      spread.value += pull * place / d;
    }
    const double mean = pulls.value, slope = spread.value;
    explanation.acts = {
        std::move(pulls), std::move(spread),
        single_act(say("What is left of this channel's own, divided by the deviation"), {},
                   {{out.inputs[0], cell.row, cell.col}},
                   {found.back[cell.col], mean, found.normalized[cell.col], slope, found.deviation},
                   explanation.value, "({0} − {1} − {2} × {3}) / {4}")};
  }

  static Parts parts(const Tensor& out, int row, const Values& values) {
    const auto of = [&](size_t input, int at) -> Eigen::ArrayXd {
      return row_of(values.view(*out.inputs[input]), at).transpose().array().cast<double>();
    };
    const Eigen::ArrayXd z = of(0, row), gamma = of(3, 0);
    Parts p;
    p.deviation = std::sqrt((z - z.mean()).square().mean() + 1e-6);
    p.normalized = (z - z.mean()) / p.deviation;
    p.error = p.normalized * gamma + of(4, 0) - (of(2, row) - of(1, row));
    p.back = p.error * gamma;
    p.gradient = (p.back - p.back.mean() - p.normalized * (p.back * p.normalized).mean()) / p.deviation;
    return p;
  }
};

/// W = W of the batch's beginning - step * Σ lr k^T grad over the batch's tokens so far; the bias likewise,
/// without k. Inputs: the state itself, grad, lr [T,H], learned steps [1,M], the model's own weights, (k).
class InnerStep : public Op {
 public:
  InnerStep(int batch, int head, bool bias) : batches_(batch), head_(head), bias_(bias) {}

  std::string name() const override { return "inner step"; }

  Message sentence(const Tensor& out) const override {
    return say("The weights learn: a step against {0}", out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    const int d = inputs[1]->cols.size;
    check_shape(inputs[0]->cols.size == (bias_ ? d : d * d), "inner step", *inputs[0]);
    check_shape(inputs[2]->cols.size > head_, "inner step", *inputs[2]);
    return {inputs[1]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView gradient = values.view(*out.inputs[1]), rate = values.view(*out.inputs[2]);
    MatrixView own = values.view(*out.inputs[4]);
    const int d = gradient.cols;
    for (int t = rows.begin; t < rows.end; ++t) {
      MutableRows state(result.row(t), result.cols / d, d, Eigen::OuterStride<>(d));
      const int before = batches_.before(t);
      for (int i = 0; i < state.rows(); ++i)
        for (int c = 0; c < d; ++c) state(i, c) = before < 0 ? own(i, c) : result(before, i * d + c);
      const float step = float(batches_.step(values.view(*out.inputs[3]), t));
      for (int s = batches_.first(t); s <= t; ++s) {
        const float far = step * rate(s, head_);
        if (bias_)
          state.row(0) -= far * row_of(gradient, s);
        else
          state.noalias() -= far * row_of(values.view(*out.inputs[5]), s).transpose() * row_of(gradient, s);
      }
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &gradient = *out.inputs[1], &rate = *out.inputs[2], &own = *out.inputs[4];
    const int d = gradient.cols.size, i = cell.col / d, c = cell.col % d;
    const int before = batches_.before(cell.row), first = batches_.first(cell.row);
    Explanation explanation;
    explain_plus(explanation, values, weight_cell(out, own, before, i, c));
    const double step = batches_.step(values.view(*out.inputs[3]), cell.row);
    for (int s = first; s <= cell.row; ++s) {
      Term term;
      term.cells = {{&rate, s, head_}, {&gradient, s, c}};
      if (!bias_) term.cells.push_back({out.inputs[5], s, i});
      term.value = -step;
      for (const Cell& factor : term.cells) {
        term.values.push_back(values.at(factor));
        term.value *= values.at(factor);
      }
      term.values.push_back(-step);
      explanation.value += term.value;
      explanation.terms.push_back(std::move(term));
    }
    const int count = cell.row - first + 1;
    explanation.words =
        say("The number with which this mini-batch began, and what its {0} tokens so far have taught", count);
    explanation.formula =
        bias_ ? say("b − step · Σ rate · gradient") : say("W − step · Σ rate · k · gradient");
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const int d = out.inputs[1]->cols.size, i = cell.col / d, c = cell.col % d;
    const int first = batches_.first(cell.row), count = cell.row - first + 1;
    const Cell began = weight_cell(out, *out.inputs[4], batches_.before(cell.row), i, c);
    std::vector<Region> regions = {cell_region(*began.tensor, began.row, began.col),
                                   {out.inputs[1], first, c, count, 1},
                                   {out.inputs[2], first, head_, count, 1},
                                   cell_region(*out.inputs[3], 0, batches_.place(cell.row))};
    if (!bias_) regions.push_back({out.inputs[5], first, i, count, 1});
    return regions;
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    const int d = out.inputs[1]->cols.size, before = batches_.before(cell.row);
    const MatrixView gradient = values.view(*out.inputs[1]), rate = values.view(*out.inputs[2]);
    Update update{bias_ ? 1 : d, d, cell.col / d, cell.col % d, {}};
    std::vector<double> began, learned(size_t(update.rows * d)), now;
    for (int i = 0; i < update.rows; ++i)
      for (int c = 0; c < d; ++c) began.push_back(values.at(weight_cell(out, *out.inputs[4], before, i, c)));
    const double step = batches_.step(values.view(*out.inputs[3]), cell.row);
    for (int s = batches_.first(cell.row); s <= cell.row; ++s)
      for (int i = 0; i < update.rows; ++i)
        for (int c = 0; c < d; ++c)
          learned[size_t(i * d + c)] -= step * rate(s, head_) * gradient(s, c) *
                                        (bias_ ? 1 : double(values.view(*out.inputs[5])(s, i)));
    for (size_t i = 0; i < began.size(); ++i) now.push_back(began[i] + learned[i]);
    update.parts = {{say("the batch's start"), std::move(began)},
                    {say("learned since"), std::move(learned)},
                    {say("now"), std::move(now)}};
    return update;
  }

  double cost(const Tensor& out, int row) const override {
    return 2.0 * out.cols.size * (batches_.place(row) + 1);
  }
  bool reads_history(int input) const override { return input <= 2 || input == 5; }

 private:
  MiniBatches batches_;
  int head_;
  bool bias_;
};

/// q W + b with the weights after this token's step. Inputs: q, W, b (states).
class AskWeights : public Op {
 public:
  std::string name() const override { return "ask weights"; }

  Message sentence(const Tensor& out) const override {
    return say("Ask the weights, as learned so far, with {0}", out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[1]->cols.size == inputs[0]->cols.size * inputs[2]->cols.size, "ask weights",
                *inputs[1]);
    return {inputs[0]->rows, inputs[2]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView q = values.view(*out.inputs[0]), weights = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t) {
      row_of(result, t).noalias() = row_of(q, t) * carried_weights(weights, t, result.cols);
      row_of(result, t) += row_of(values.view(*out.inputs[2]), t);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &q = *out.inputs[0], &weights = *out.inputs[1];
    Explanation explanation;
    explain_dot(explanation, values, q, cell.row, q.cols.size, [&](int i) {
      return Cell{&weights, cell.row, i * out.cols.size + cell.col};
    });
    explain_plus(explanation, values, {out.inputs[2], cell.row, cell.col});
    explanation.words =
        say("The query of token {0} times column {1} of the weights that it finds", cell.row, cell.col);
    explanation.formula = {"q · W + b"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    std::vector<Region> regions = {row_region(*out.inputs[0], cell.row), same_cell(*out.inputs[2], cell)};
    add_carried_column(regions, *out.inputs[1], cell.row, cell.col, out.cols.size);
    return regions;
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.inputs[1]->cols.size; }
};

}  // namespace

std::unique_ptr<Op> ops::inner_prediction(int batch) { return std::make_unique<InnerPrediction>(batch); }
std::unique_ptr<Op> ops::inner_gradient() { return std::make_unique<InnerGradient>(); }
std::unique_ptr<Op> ops::inner_step(int batch, int head, bool bias) {
  return std::make_unique<InnerStep>(batch, head, bias);
}
std::unique_ptr<Op> ops::ask_weights() { return std::make_unique<AskWeights>(); }

}  // namespace orrery
