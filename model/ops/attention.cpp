#include <cmath>
#include <limits>

#include "model/ops/op_support.h"
#include "model/ops/position_rules.h"

namespace orrery {
namespace {

constexpr float masked_score = -std::numeric_limits<float>::infinity();

/// Which keys a query sees: none after it and, with a window of w tokens, only the last w up to it.
class Sight {
 public:
  explicit Sight(int window) : window_(window) {}

  int first(int query) const { return window_ > 0 ? std::max(0, query - window_ + 1) : 0; }
  int count(int query) const { return query + 1 - first(query); }
  bool masked(int query, int key) const { return key > query || key < first(query); }
  Message why(int query, int key) const {
    if (key > query)
      return say("Masked: token {0} must not look at token {1}, which comes after it", query, key);
    return say("Masked: token {0} looks back over {1} tokens only, and token {2} is farther away", query,
               window_, key);
  }

 private:
  int window_;
};

/// scale * q · k for every key that the query sees; -inf for the others, as TransformerLens keeps them. With
/// ALiBi (Press et al. 2021) minus slope * distance.
class AttentionScores : public Op {
 public:
  AttentionScores(double scale, double slope, int window) : scale_(scale), slope_(slope), sight_(window) {}
  double slope() const { return slope_; }

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
    // All keys that any of the queries sees, in one product; then each row's scale, slope and mask.
    const int seen = sight_.first(rows.begin);
    MutableView products = part(result, rows);
    products.data += seen;
    products.cols = rows.end - seen;
    kernels().project(part(q, rows), part(k, seen, products.cols), nullptr, products);
    for (int t = rows.begin; t < rows.end; ++t) {
      for (int s = sight_.first(t); s <= t; ++s)
        result(t, s) = float(scale_) * result(t, s) - float(slope_) * float(t - s);
      std::fill(result.row(t), result.row(t) + sight_.first(t), masked_score);
      std::fill(result.row(t) + t + 1, result.row(t) + result.cols, masked_score);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &q = *out.inputs[0], &k = *out.inputs[1];
    Explanation explanation;
    explanation.formula = slope_ != 0 ? say("q · k · {0} − {1} · distance", scale_, slope_)
                                      : Message{"q · k · " + number_text(scale_)};
    if (masked(cell.row, cell.col)) {
      explanation.words = sight_.why(cell.row, cell.col);
      explanation.value = masked_score;
      return explanation;
    }
    explain_dot(explanation, values, q, cell.row, q.cols.size, [&](int c) { return Cell{&k, cell.col, c}; });
    explanation.words = say("The query of token {0} times the key of token {1}, scaled", cell.row, cell.col);
    for (Term& term : explanation.terms) {
      term.values.push_back(scale_);
      term.value *= scale_;
    }
    explanation.value *= scale_;
    if (slope_ != 0) explain_slope(explanation, cell.row - cell.col);
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    if (masked(cell.row, cell.col)) return {};
    return {row_region(*out.inputs[0], cell.row), row_region(*out.inputs[1], cell.col)};
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    if (slope_ == 0 || masked(cell.row, cell.col)) return {};
    Slope slope{slope_, cell.row - cell.col, {}, {}};
    for (int distance = 0; distance < sight_.count(cell.row); ++distance) {
      slope.after.push_back(values.at({&out, cell.row, cell.row - distance}));
      slope.before.push_back(slope.after.back() + slope_ * distance);
    }
    return slope;
  }

  double cost(const Tensor& out, int row) const override {
    return 2.0 * out.inputs[0]->cols.size * sight_.count(row);
  }
  bool reads_history(int input) const override { return input == 1; }
  bool masked(int row, int col) const override { return sight_.masked(row, col); }

 private:
  void explain_slope(Explanation& explanation, int distance) const {
    const double bias = -slope_ * distance;
    explanation.terms.push_back({{}, {-slope_, double(distance)}, bias});
    explanation.value += bias;
  }

  double scale_, slope_;
  Sight sight_;
};

class AttentionPattern : public Op {
 public:
  explicit AttentionPattern(int window) : sight_(window) {}

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
      const int first = sight_.first(t), count = sight_.count(t);
      kernels().softmax(scores.row(t) + first, count, result.row(t) + first);
      std::fill(result.row(t), result.row(t) + first, 0.f);
      std::fill(result.row(t) + t + 1, result.row(t) + result.cols, 0.f);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& scores = *out.inputs[0];
    Explanation explanation;
    explanation.formula = say("exp(score − max) / Σ exp(score − max)");
    if (masked(cell.row, cell.col)) {
      explanation.words = sight_.why(cell.row, cell.col);
      return explanation;
    }
    const int first = sight_.first(cell.row);
    explain_softmax(explanation, values, scores, cell.row, first, cell.row + 1, cell.col);
    explanation.words = say("How much of token {0}'s attention goes to token {1}", cell.row, cell.col);
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    if (masked(cell.row, cell.col)) return {};
    return {{out.inputs[0], cell.row, sight_.first(cell.row), 1, sight_.count(cell.row)}};
  }

  double cost(const Tensor&, int row) const override { return 12.0 * sight_.count(row); }
  bool masked(int row, int col) const override { return sight_.masked(row, col); }

 private:
  Sight sight_;
};

class AttentionValues : public Op {
 public:
  explicit AttentionValues(int window) : sight_(window) {}

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
    for (int t = rows.begin; t < rows.end; ++t) {
      const int first = sight_.first(t), count = sight_.count(t);
      kernels().mix_rows(pattern.row(t) + first, part(v, first, count), result.row(t));
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &pattern = *out.inputs[0], &v = *out.inputs[1];
    Explanation explanation;
    const int first = sight_.first(cell.row);
    for (int s = first; s <= cell.row; ++s) {
      const Cell weight{&pattern, cell.row, s}, value{&v, s, cell.col};
      const double product = values.at(weight) * values.at(value);
      explanation.terms.push_back({{weight, value}, {values.at(weight), values.at(value)}, product});
      explanation.value += product;
    }
    explanation.words = say("Channel {0} of the values of tokens {1} to {2}, each times its attention weight",
                            cell.col, first, cell.row);
    explanation.formula = say("Σ pattern · v");
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const int first = sight_.first(cell.row), count = sight_.count(cell.row);
    return {{out.inputs[0], cell.row, first, 1, count}, {out.inputs[1], first, cell.col, count, 1}};
  }

  double cost(const Tensor& out, int row) const override { return 2.0 * out.cols.size * sight_.count(row); }
  bool reads_history(int input) const override { return input == 1; }

 private:
  Sight sight_;
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
    for (int h = 0; h < heads_; ++h)
      kernels().add_projection(part(values.view(*out.inputs[size_t(h)]), rows),
                               outputs_of(values.view(*out.inputs[size_t(heads_ + h)])), part(result, rows));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    Explanation explanation;
    for (int h = 0; h < heads_; ++h) {
      const Tensor &z = *out.inputs[size_t(h)], &weight = *out.inputs[size_t(heads_ + h)];
      explain_dot(explanation, values, z, cell.row, z.cols.size, [&](int c) {
        return Cell{&weight, c, cell.col};
      });
    }
    explanation.words = say("What each head writes to channel {0}, added up", cell.col);
    explanation.formula = has_bias(out) ? say("Σ heads Σ z · W_O + b_O") : say("Σ heads Σ z · W_O");
    if (has_bias(out)) explain_plus(explanation, values, {out.inputs.back(), 0, cell.col});
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    std::vector<Region> regions;
    for (size_t h = 0; h < size_t(heads_); ++h) {
      regions.push_back(row_region(*out.inputs[h], cell.row));
      regions.push_back(column_region(*out.inputs[size_t(heads_) + h], cell.col));
    }
    if (has_bias(out)) regions.push_back(own_weight(*out.inputs.back(), cell));
    return regions;
  }

  double cost(const Tensor& out, int) const override {
    return 2.0 * heads_ * out.inputs[0]->cols.size * out.cols.size;
  }

 private:
  bool has_bias(const Tensor& out) const { return int(out.inputs.size()) > 2 * heads_; }

  int heads_;
};

}  // namespace

std::optional<double> slope_of(const Op& op) {
  const auto* scores = dynamic_cast<const AttentionScores*>(&op);
  return scores ? std::optional(scores->slope()) : std::nullopt;
}

std::unique_ptr<Op> ops::attention_scores(double scale, double slope, int window) {
  return std::make_unique<AttentionScores>(scale, slope, window);
}
std::unique_ptr<Op> ops::attention_pattern(int window) { return std::make_unique<AttentionPattern>(window); }
std::unique_ptr<Op> ops::attention_values(int window) { return std::make_unique<AttentionValues>(window); }
std::unique_ptr<Op> ops::join_heads(int heads) { return std::make_unique<JoinHeads>(heads); }

}  // namespace orrery
