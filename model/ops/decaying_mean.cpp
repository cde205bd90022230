#include <algorithm>
#include <cmath>

#include "model/ops/op_support.h"

// RWKV-4's attention without pairs (Peng et al. 2023): for each channel the mean of all values so far, each
// weighted by exp(its key) and fading with every token. Sums are kept divided by exp(largest exponent), so
// that nothing overflows. Reference section 9.1.

namespace orrery {
namespace {

/// The exponent by which a channel's sums lose with every token: w = -exp(time_decay).
double fading(double time_decay) { return -std::exp(time_decay); }
float fading(float time_decay) { return -std::exp(time_decay); }

/// What each token has left in a decaying sum after the token of `cell`. Without `v`: in the sum of the
/// weights.
Carried::Sum carried_sum(Message name, const Tensor& p, const Tensor& k, const Tensor& decay, const Tensor* v,
                         const Cell& cell, const Values& values) {
  const int c = cell.col;
  const auto at = [&](const Tensor& tensor, int row) { return values.at({&tensor, row, c}); };
  Carried::Sum sum{std::move(name), {}, {}};
  for (int t = 0; t <= cell.row; ++t) {
    sum.before = sum.left;
    for (double& part : sum.left) part *= std::exp(at(p, t - 1) + fading(at(decay, 0)) - at(p, t));
    sum.left.push_back(std::exp(at(k, t) - at(p, t)) * (v ? at(*v, t) : 1));
  }
  return sum;
}

/// p = max(p before + w, k): the exponent by which the sums are kept divided. Inputs: p itself, k,
/// time_decay.
class DecayingMax : public Op {
 public:
  std::string name() const override { return "decaying maximum"; }

  Message sentence(const Tensor& out) const override {
    return say("Carry along the largest exponent of {0}, fading with every token", out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[2]->cols.size == inputs[1]->cols.size, name().c_str(), *inputs[2]);
    return {inputs[1]->rows, inputs[1]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView k = values.view(*out.inputs[1]), decay = values.view(*out.inputs[2]);
    for (int t = rows.begin; t < rows.end; ++t)
      for (int c = 0; c < k.cols; ++c)
        result(t, c) = t == 0 ? k(t, c) : std::max(result(t - 1, c) + fading(decay(0, c)), k(t, c));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell k{out.inputs[1], cell.row, cell.col}, decay{out.inputs[2], 0, cell.col};
    Explanation explanation;
    explanation.value = values.at(k);
    Act larger{say("The larger of what was carried, faded, and the key"), {}, Fold::maximum, {}, 0};
    larger.terms.push_back({{k}, {values.at(k)}, values.at(k)});
    explanation.formula = say("max(p before + w, k)");
    if (cell.row > 0) {
      const Cell before{&out, cell.row - 1, cell.col};
      const double faded = values.at(before) + fading(values.at(decay));
      larger.terms.push_back(
          {{before, decay}, {values.at(before), values.at(decay)}, faded, "{0} − exp({1})"});
      explanation.value = std::max(faded, values.at(k));
    }
    explanation.words = say("Channel {0}'s sums are kept divided by e to this power", cell.col);
    larger.value = explanation.value;
    explanation.acts = {std::move(larger)};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    if (cell.row == 0) return {same_cell(*out.inputs[1], cell)};
    return {same_cell(*out.inputs[1], cell), cell_region(out, cell.row - 1, cell.col),
            own_weight(*out.inputs[2], cell)};
  }

  double cost(const Tensor& out, int) const override { return 12.0 * out.cols.size; }
  bool reads_history(int input) const override { return input == 0; }
};

/// a = e^(p before + w - p) a before + e^(k - p) v; without v the sum of the weights alone. Inputs: a itself,
/// p, k, time_decay, (v).
class DecayingSum : public Op {
 public:
  explicit DecayingSum(bool of_values) : of_values_(of_values) {}

  std::string name() const override { return "decaying sum"; }

  Message sentence(const Tensor& out) const override {
    if (of_values_)
      return say("Carry along the sum of the values {0}, weighted by the keys and fading with every token",
                 out.inputs[4]->name);
    return say("Carry along the sum of the keys' weights, fading with every token");
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    for (const Tensor* input : inputs)
      check_shape(input->cols.size == inputs[2]->cols.size, "decaying sum", *input);
    return {inputs[2]->rows, inputs[2]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView p = values.view(*out.inputs[1]), k = values.view(*out.inputs[2]),
               decay = values.view(*out.inputs[3]);
    for (int t = rows.begin; t < rows.end; ++t)
      for (int c = 0; c < k.cols; ++c) {
        const float added = of_values_ ? values.view(*out.inputs[4])(t, c) : 1.f;
        float sum = std::exp(k(t, c) - p(t, c)) * added;
        if (t > 0) sum += std::exp(p(t - 1, c) + fading(decay(0, c)) - p(t, c)) * result(t - 1, c);
        result(t, c) = sum;
      }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell p{out.inputs[1], cell.row, cell.col}, k{out.inputs[2], cell.row, cell.col};
    const double weight = std::exp(values.at(k) - values.at(p));
    Explanation explanation;
    explanation.acts = {single_act(say("How much this token counts"), say("now"), {k, p},
                                   {values.at(k), values.at(p)}, weight, "exp({0} − {1})")};
    if (cell.row > 0) explain_before(explanation, out, cell, values);
    if (of_values_) {
      const Cell v{out.inputs[4], cell.row, cell.col};
      explanation.terms.push_back({{v}, {values.at(v), weight}, values.at(v) * weight});
      explanation.formula = say("exp(p before + w − p) · a before + exp(k − p) · v");
    } else {
      explanation.terms.push_back({{}, {weight}, weight});
      explanation.formula = say("exp(p before + w − p) · b before + exp(k − p)");
    }
    explanation.value += explanation.terms.back().value;
    explanation.words = say("What channel {0} remembers: the past, faded, and this token", cell.col);
    explanation.acts.push_back({explanation.words, {}, Fold::sum, explanation.terms, explanation.value});
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    std::vector<Region> regions = {same_cell(*out.inputs[1], cell), same_cell(*out.inputs[2], cell)};
    if (cell.row > 0) {
      regions.push_back(cell_region(*out.inputs[1], cell.row - 1, cell.col));
      regions.push_back(own_weight(*out.inputs[3], cell));
      regions.push_back(cell_region(out, cell.row - 1, cell.col));
    }
    if (of_values_) regions.push_back(same_cell(*out.inputs[4], cell));
    return regions;
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    return Carried{{carried_sum(say("The sum"), *out.inputs[1], *out.inputs[2], *out.inputs[3],
                                of_values_ ? out.inputs[4] : nullptr, cell, values)}};
  }

  double cost(const Tensor& out, int) const override { return 24.0 * out.cols.size; }
  bool reads_history(int input) const override { return input < 2; }

 private:
  static void explain_before(Explanation& explanation, const Tensor& out, const Cell& cell,
                             const Values& values) {
    const Cell p{out.inputs[1], cell.row, cell.col}, p_before{p.tensor, cell.row - 1, cell.col};
    const Cell decay{out.inputs[3], 0, cell.col}, before{&out, cell.row - 1, cell.col};
    const double kept = std::exp(values.at(p_before) + fading(values.at(decay)) - values.at(p));
    explanation.acts.push_back(
        single_act(say("How much of the past is kept"), say("kept"), {p_before, decay, p},
                   {values.at(p_before), values.at(decay), values.at(p)}, kept, "exp({0} − exp({1}) − {2})"));
    explanation.terms.push_back({{before}, {values.at(before), kept}, values.at(before) * kept});
    explanation.value += values.at(before) * kept;
  }

  bool of_values_;
};

/// The mean with this token's bonus: (e^(p-q) a + e^(u+k-q) v) / (e^(p-q) b + e^(u+k-q)), where a, b, p are
/// those after the token before and q the larger exponent. Inputs: a, b, p, k, v, time_first.
class DecayingMean : public Op {
 public:
  std::string name() const override { return "decaying mean"; }

  Message sentence(const Tensor& out) const override {
    return say("The mean of all values {0} so far, weighted by their keys, with a bonus for this token",
               out.inputs[4]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    for (const Tensor* input : inputs)
      check_shape(input->cols.size == inputs[3]->cols.size, "decaying mean", *input);
    return {inputs[3]->rows, inputs[3]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    for (int t = rows.begin; t < rows.end; ++t)
      for (int c = 0; c < out.cols.size; ++c) result(t, c) = float(weights(out, {&out, t, c}, values).mean());
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Weights w = weights(out, cell, values);
    Explanation explanation;
    explanation.value = w.mean();
    explanation.words = say("Channel {0}: this token's value counts {1}, the past {2}", cell.col,
                            w.now / w.sum(), w.past * w.b / w.sum());
    explanation.formula = {"(exp(p − q) · a + exp(u + k − q) · v) / (exp(p − q) · b + exp(u + k − q))"};
    add_acts(explanation, out, cell, values, w);
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    if (cell.row == 0) return {same_cell(*out.inputs[4], cell)};
    std::vector<Region> regions = {same_cell(*out.inputs[3], cell), same_cell(*out.inputs[4], cell),
                                   own_weight(*out.inputs[5], cell)};
    for (size_t i = 0; i < 3; ++i) regions.push_back(cell_region(*out.inputs[i], cell.row - 1, cell.col));
    return regions;
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Weights w = weights(out, cell, values);
    Carried mean;
    for (const size_t input : {0, 1}) {
      Carried::Sum sum;
      if (cell.row > 0) {  // the sums themselves know what is left in them of each token
        const Tensor& carried = *out.inputs[input];
        const Figure figure = carried.op->figure(carried, {&carried, cell.row - 1, cell.col}, values);
        sum = std::get<Carried>(figure).sums.front();
        sum.before = sum.left;
      }
      sum.name = input == 0 ? say("The values, each times its weight") : say("The weights alone");
      for (double& part : sum.left) part *= w.past;
      sum.left.push_back(w.now * (input == 0 ? w.v : 1));
      mean.sums.push_back(std::move(sum));
    }
    return mean;
  }

  double cost(const Tensor& out, int) const override { return 28.0 * out.cols.size; }
  bool reads_history(int input) const override { return input < 3; }

 private:
  struct Weights {
    double past = 0, now = 1, a = 0, b = 0, v = 0;
    double sum() const { return past * b + now; }
    double mean() const { return (past * a + now * v) / sum(); }
  };

  static void add_acts(Explanation& explanation, const Tensor& out, const Cell& cell, const Values& values,
                       const Weights& w) {
    const auto before = [&](size_t input) { return Cell{out.inputs[input], cell.row - 1, cell.col}; };
    const Cell k{out.inputs[3], cell.row, cell.col}, v{out.inputs[4], cell.row, cell.col};
    const Cell first{out.inputs[5], 0, cell.col};
    Act above{
        say("The values, each times its weight"), say("above"), Fold::sum, {}, w.past * w.a + w.now * w.v};
    Act below{say("The weights alone"), say("below"), Fold::sum, {}, w.sum()};
    if (cell.row > 0) {
      const double q = std::max(values.at(before(2)), values.at(first) + values.at(k));
      explanation.acts = {single_act(say("How much the past counts"), say("past"), {before(2)},
                                     {values.at(before(2)), q}, w.past, "exp({0} − {1})"),
                          single_act(say("How much this token counts"), say("now"), {first, k},
                                     {values.at(first), values.at(k), q}, w.now, "exp({0} + {1} − {2})")};
      above.terms.push_back({{before(0)}, {w.past, w.a}, w.past * w.a});
      below.terms.push_back({{before(1)}, {w.past, w.b}, w.past * w.b});
    }
    above.terms.push_back({{v}, {w.now, w.v}, w.now * w.v});
    below.terms.push_back({{}, {w.now}, w.now});
    explanation.acts.push_back(std::move(above));
    explanation.acts.push_back(std::move(below));
    explanation.acts.push_back(single_act(say("The one divided by the other"), {}, {},
                                          {w.past * w.a + w.now * w.v, w.sum()}, w.mean(), "{0} / {1}"));
  }

  static Weights weights(const Tensor& out, const Cell& cell, const Values& values) {
    const int t = cell.row, c = cell.col;
    const auto at = [&](size_t input, int row) { return values.at({out.inputs[input], row, c}); };
    Weights w;
    w.v = at(4, t);
    if (t == 0) return w;
    w.a = at(0, t - 1);
    w.b = at(1, t - 1);
    const double past = at(2, t - 1), now = at(5, 0) + at(3, t), largest = std::max(past, now);
    w.past = std::exp(past - largest);
    w.now = std::exp(now - largest);
    return w;
  }
};

}  // namespace

std::unique_ptr<Op> ops::decaying_max() { return std::make_unique<DecayingMax>(); }
std::unique_ptr<Op> ops::decaying_sum(bool of_values) { return std::make_unique<DecayingSum>(of_values); }
std::unique_ptr<Op> ops::decaying_mean() { return std::make_unique<DecayingMean>(); }

}  // namespace orrery
