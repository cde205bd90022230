#include <cmath>
#include <limits>

#include "model/ops/op_support.h"

namespace orrery {
namespace {

constexpr float masked_score = -std::numeric_limits<float>::infinity();

/// scale * q · k for every key up to the query; -inf for later ones, as TransformerLens keeps them.
class AttentionScores : public Op {
 public:
  explicit AttentionScores(double scale) : scale_(scale) {}

  std::string name() const override { return "attention scores"; }

  Message sentence(const Tensor& out) const override {
    return say("How well each query of {0} fits each key of {1} that came before it", out.inputs[0]->name,
               out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[0]->cols == inputs[1]->cols, "attention scores", *inputs[1]);
    return {inputs[0]->rows, {Axis::source, inputs[1]->rows.size}};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView q = values.view(*out.inputs[0]), k = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t) {
      for (int s = 0; s <= t; ++s) result(t, s) = float(scale_) * row_of(q, t).dot(row_of(k, s));
      std::fill(result.row(t) + t + 1, result.row(t) + result.cols, masked_score);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &q = *out.inputs[0], &k = *out.inputs[1];
    Explanation explanation;
    explanation.formula = "q · k · " + number_text(scale_);
    if (masked(cell.row, cell.col)) {
      explanation.words =
          say("Masked: token {0} must not look at token {1}, which comes after it", cell.row, cell.col);
      explanation.value = masked_score;
      return explanation;
    }
    explanation.reads = {row_region(q, cell.row), row_region(k, cell.col)};
    explain_dot(explanation, values, q, cell.row, q.cols.size, [&](int c) { return Cell{&k, cell.col, c}; });
    explanation.words = say("The query of token {0} times the key of token {1}, scaled", cell.row, cell.col);
    explanation.working = {"q · k = " + number_text(explanation.value), "× " + number_text(scale_)};
    for (Term& term : explanation.terms) {
      term.values.push_back(scale_);
      term.value *= scale_;
    }
    explanation.value *= scale_;
    return explanation;
  }

  double cost(const Tensor& out, int row) const override {
    return 2.0 * out.inputs[0]->cols.size * (row + 1);
  }
  bool reads_history(int input) const override { return input == 1; }
  bool masked(int row, int col) const override { return col > row; }

 private:
  double scale_;
};

class AttentionPattern : public Op {
 public:
  std::string name() const override { return "attention pattern"; }

  Message sentence(const Tensor& out) const override {
    return say("Softmax: turn each token's scores of {0} into weights that sum to 1", out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView scores = values.view(*out.inputs[0]);
    for (int t = rows.begin; t < rows.end; ++t) {
      auto row = rows_of(scores, t, 1, t + 1).array();
      auto weights = rows_of(result, t, 1, t + 1);
      weights = (row - row.maxCoeff()).exp().matrix();
      weights /= weights.sum();
      std::fill(result.row(t) + t + 1, result.row(t) + result.cols, 0.f);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& scores = *out.inputs[0];
    Explanation explanation;
    explanation.formula = "exp(score − max) / Σ exp(score − max)";
    if (masked(cell.row, cell.col)) {
      explanation.words =
          say("Masked: token {0} must not look at token {1}, which comes after it", cell.row, cell.col);
      return explanation;
    }
    Act greatest{say("The largest score of the row"), "max", Fold::maximum, {}, masked_score};
    for (int s = 0; s <= cell.row; ++s) {
      const double score = values.at({&scores, cell.row, s});
      greatest.terms.push_back({{{&scores, cell.row, s}}, {score}, score});
      greatest.value = std::max(greatest.value, score);
    }
    const double largest = greatest.value;
    Act powers{say("e to the power of each score's distance from it, added up"), "Σ exp", Fold::sum, {}, 0};
    for (const Term& term : greatest.terms) {
      const double power = std::exp(term.value - largest);
      powers.terms.push_back({term.cells, {term.value, largest}, power, "exp({0} − {1})"});
      powers.value += power;
    }
    const double sum = powers.value, score = values.at({&scores, cell.row, cell.col}),
                 power = std::exp(score - largest);
    explanation.value = power / sum;
    Act share{say("Its own exponential, divided by that sum"), "", Fold::sum, {}, explanation.value};
    share.terms.push_back({{{&scores, cell.row, cell.col}}, {power, sum}, explanation.value, "{0} / {1}"});
    explanation.acts = {std::move(greatest), std::move(powers), std::move(share)};
    explanation.reads = {{&scores, cell.row, 0, 1, cell.row + 1}};
    explanation.words = say("How much of token {0}'s attention goes to token {1}", cell.row, cell.col);
    explanation.working = {"score = " + number_text(score) + ", max = " + number_text(largest),
                           "exp(score − max) = " + number_text(power), "Σ exp = " + number_text(sum)};
    return explanation;
  }

  double cost(const Tensor&, int row) const override { return 12.0 * (row + 1); }
  bool masked(int row, int col) const override { return col > row; }
};

class AttentionValues : public Op {
 public:
  std::string name() const override { return "attention values"; }

  Message sentence(const Tensor& out) const override {
    return say("Mix the values {0} of the tokens, weighted by {1}", out.inputs[1]->name, out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[0]->cols.size == inputs[1]->rows.size, "attention values", *inputs[1]);
    return {inputs[0]->rows, inputs[1]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView pattern = values.view(*out.inputs[0]), v = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t)
      rows_of(result, t, 1).noalias() = rows_of(pattern, t, 1, t + 1) * rows_of(v, 0, t + 1);
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &pattern = *out.inputs[0], &v = *out.inputs[1];
    Explanation explanation;
    explanation.reads = {{&pattern, cell.row, 0, 1, cell.row + 1}, {&v, 0, cell.col, cell.row + 1, 1}};
    explain_dot(explanation, values, pattern, cell.row, cell.row + 1, [&](int s) {
      return Cell{&v, s, cell.col};
    });
    explanation.words = say("Channel {0} of the values of tokens 0 to {1}, each times its attention weight",
                            cell.col, cell.row);
    explanation.formula = "Σ pattern · v";
    return explanation;
  }

  double cost(const Tensor& out, int row) const override { return 2.0 * out.cols.size * (row + 1); }
  bool reads_history(int input) const override { return input == 1; }
};

/// What TransformerLens computes as z W_O + b_O: every head adds its own part to the residual stream.
class JoinHeads : public Op {
 public:
  explicit JoinHeads(int heads) : heads_(heads) {}

  std::string name() const override { return "join heads"; }

  Message sentence(const Tensor&) const override {
    return say("Send each head's result through its output weights and add them all up");
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    for (int h = 0; h < heads_; ++h)
      check_shape(inputs[h]->cols == inputs[heads_ + h]->rows, "join heads", *inputs[heads_ + h]);
    return {inputs[0]->rows, inputs[size_t(heads_)]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MutableRows y = rows_of(result, rows.begin, rows.count());
    if (has_bias(out))
      y.rowwise() = row_of(values.view(*out.inputs.back()), 0);
    else
      y.setZero();
    for (int h = 0; h < heads_; ++h) {
      ConstRows weight = outputs_of(values.view(*out.inputs[size_t(heads_ + h)]));
      y.noalias() +=
          rows_of(values.view(*out.inputs[size_t(h)]), rows.begin, rows.count()) * weight.transpose();
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    Explanation explanation;
    for (int h = 0; h < heads_; ++h) {
      const Tensor &z = *out.inputs[size_t(h)], &weight = *out.inputs[size_t(heads_ + h)];
      double before = explanation.value;
      explanation.reads.push_back(row_region(z, cell.row));
      explanation.reads.push_back({&weight, 0, cell.col, weight.rows.size, 1});
      explain_dot(explanation, values, z, cell.row, z.cols.size, [&](int c) {
        return Cell{&weight, c, cell.col};
      });
      explanation.working.push_back("head " + std::to_string(h) + ": " +
                                    number_text(explanation.value - before));
    }
    explanation.words = say("What each head writes to channel {0}, added up", cell.col);
    explanation.formula = has_bias(out) ? "Σ heads Σ z · W_O + b_O" : "Σ heads Σ z · W_O";
    if (has_bias(out)) explain_plus(explanation, values, {out.inputs.back(), 0, cell.col});
    return explanation;
  }

  double cost(const Tensor& out, int) const override {
    return 2.0 * heads_ * out.inputs[0]->cols.size * out.cols.size;
  }

 private:
  bool has_bias(const Tensor& out) const { return int(out.inputs.size()) > 2 * heads_; }

  int heads_;
};

}  // namespace

std::unique_ptr<Op> ops::attention_scores(double scale) { return std::make_unique<AttentionScores>(scale); }
std::unique_ptr<Op> ops::attention_pattern() { return std::make_unique<AttentionPattern>(); }
std::unique_ptr<Op> ops::attention_values() { return std::make_unique<AttentionValues>(); }
std::unique_ptr<Op> ops::join_heads(int heads) { return std::make_unique<JoinHeads>(heads); }

}  // namespace orrery
