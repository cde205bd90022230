#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "model/ops/op_support.h"
#include "model/ops/project.h"

// A mixture of experts (Shazeer et al. 2017; Mixtral, Jiang et al. 2024): a router chooses a few feed-forward
// networks for each token. What the others would have computed is never computed: their rows hold NaN.

namespace orrery {
namespace {

constexpr float not_computed = std::numeric_limits<float>::quiet_NaN();

/// Whether the router's choice [T, k] holds the expert in that row.
bool is_chosen(const MatrixView& choice, int row, int expert) {
  for (int i = 0; i < choice.cols; ++i)
    if (int(choice(row, i)) == expert) return true;
  return false;
}

Explanation explain_unchosen(int row, int expert) {
  Explanation explanation;
  explanation.words = say("Not computed: the router did not send token {0} to expert {1}", row, expert);
  explanation.value = not_computed;
  return explanation;
}

class Softmax : public Op {
 public:
  std::string name() const override { return "softmax"; }

  Message sentence(const Tensor& out) const override {
    return say("Softmax: turn each token's numbers of {0} into shares that sum to 1", out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView x = values.view(*out.inputs[0]);
    for (int t = rows.begin; t < rows.end; ++t) kernels().softmax(x.row(t), x.cols, result.row(t));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& x = *out.inputs[0];
    Explanation explanation;
    explain_softmax(explanation, values, x, cell.row, 0, x.cols.size, cell.col);
    explanation.words = say("How much of the whole falls to column {0}", cell.col);
    explanation.formula = {"exp(x − max) / Σ exp(x − max)"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {row_region(*out.inputs[0], cell.row)};
  }

  double cost(const Tensor& out, int) const override { return 12.0 * out.cols.size; }
};

class ChooseExperts : public Op {
 public:
  explicit ChooseExperts(int count) : count_(count) {}

  std::string name() const override { return "choose experts"; }

  Message sentence(const Tensor& out) const override {
    return say("The router sends each token to the {0} experts with the largest weights in {1}", count_,
               out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[0]->cols.size >= count_, "choose experts", *inputs[0]);
    return {inputs[0]->rows, {Axis::unit, count_}};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    for (int t = rows.begin; t < rows.end; ++t) {
      const std::vector<int> order = ranking(values.view(*out.inputs[0]), t);
      for (int i = 0; i < count_; ++i) result(t, i) = float(order[size_t(i)]);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& weights = *out.inputs[0];
    const int expert = ranking(values.view(weights), cell.row)[size_t(cell.col)];
    Explanation explanation;
    explanation.value = expert;
    explanation.words = say("Expert {0} has the weight {1}: place {2} among {3}", expert,
                            values.at({&weights, cell.row, expert}), cell.col + 1, weights.cols.size);
    explanation.formula = {"argmax"};
    explanation.acts = {single_act(explanation.words, {}, {{&weights, cell.row, expert}},
                                   {values.at({&weights, cell.row, expert})}, expert, "argmax {0}")};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {row_region(*out.inputs[0], cell.row)};
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    const MatrixView weights = values.view(*out.inputs[0]);
    Choice choice{{}, ranking(weights, cell.row), {}, -1};
    choice.chosen.resize(size_t(count_));
    choice.here = choice.chosen[size_t(cell.col)];
    for (int e = 0; e < weights.cols; ++e) choice.scores.push_back(weights(cell.row, e));
    return choice;
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.inputs[0]->cols.size * count_; }

 private:
  /// Experts by falling weight; of equal ones the first comes first.
  static std::vector<int> ranking(const MatrixView& weights, int row) {
    std::vector<int> order(size_t(weights.cols));
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](int a, int b) { return weights(row, a) > weights(row, b); });
    return order;
  }

  int count_;
};

/// The weights of the chosen experts, stretched to sum to 1; the others take no part.
class ExpertShares : public Op {
 public:
  std::string name() const override { return "expert shares"; }

  Message sentence(const Tensor& out) const override {
    return say("Stretch the chosen experts' weights in {0} so that they sum to 1", out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView weights = values.view(*out.inputs[0]), choice = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t) {
      const float sum = float(chosen_sum(weights, choice, t));
      for (int e = 0; e < weights.cols; ++e)
        result(t, e) = is_chosen(choice, t, e) ? weights(t, e) / sum : 0.f;
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &weights = *out.inputs[0], &choice = *out.inputs[1];
    Explanation explanation;
    explanation.formula = {"w / Σ w"};
    if (!is_chosen(values.view(choice), cell.row, cell.col)) {
      explanation.words = say("Expert {0} was not chosen for token {1}: it has no share", cell.col, cell.row);
      return explanation;
    }
    const double weight = values.at({&weights, cell.row, cell.col});
    const double sum = chosen_sum(values.view(weights), values.view(choice), cell.row);
    explanation.value = weight / sum;
    explanation.words = say("How much expert {0} counts for token {1}", cell.col, cell.row);
    Act chosen{say("The chosen experts' weights together"), {"Σ w"}, Fold::sum, {}, sum};
    for (int i = 0; i < choice.cols.size; ++i) {
      const Cell one{&weights, cell.row, int(values.at({&choice, cell.row, i}))};
      chosen.terms.push_back({{one}, {values.at(one)}, values.at(one)});
    }
    explanation.acts = {std::move(chosen), single_act(explanation.words, {}, {{&weights, cell.row, cell.col}},
                                                      {weight, sum}, explanation.value, "{0} / {1}")};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values& values) const override {
    std::vector<Region> regions = {row_region(*out.inputs[1], cell.row)};
    const MatrixView choice = values.view(*out.inputs[1]);
    if (is_chosen(choice, cell.row, cell.col))
      for (int i = 0; i < choice.cols; ++i)
        regions.push_back(cell_region(*out.inputs[0], cell.row, int(choice(cell.row, i))));
    return regions;
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    const MatrixView weights = values.view(*out.inputs[0]), chosen = values.view(*out.inputs[1]);
    const double sum = chosen_sum(weights, chosen, cell.row);
    Choice choice;
    choice.here = cell.col;
    for (int e = 0; e < weights.cols; ++e) choice.scores.push_back(weights(cell.row, e));
    for (int i = 0; i < chosen.cols; ++i) {
      choice.chosen.push_back(int(chosen(cell.row, i)));
      choice.shares.push_back(choice.scores[size_t(choice.chosen.back())] / sum);
    }
    return choice;
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.inputs[1]->cols.size; }

 private:
  static double chosen_sum(const MatrixView& weights, const MatrixView& choice, int row) {
    double sum = 0;
    for (int i = 0; i < choice.cols; ++i) sum += weights(row, int(choice(row, i)));
    return sum;
  }
};

/// For each expert the part of the tokens so far that the router sent to it. The network does not read it.
class ExpertLoad : public Op {
 public:
  std::string name() const override { return "expert load"; }

  Message sentence(const Tensor&) const override {
    return say("Which part of the tokens so far the router has sent to each expert");
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return {inputs[1]->rows, inputs[1]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView choice = values.view(*out.inputs[0]);
    std::vector<int> counts(size_t(result.cols));
    for (int t = 0; t < rows.end; ++t) {
      for (int i = 0; i < choice.cols; ++i) ++counts[size_t(choice(t, i))];
      if (t < rows.begin) continue;
      for (int e = 0; e < result.cols; ++e) result(t, e) = float(counts[size_t(e)]) / float(t + 1);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& choice = *out.inputs[0];
    int count = 0;
    for (int t = 0; t <= cell.row; ++t) count += is_chosen(values.view(choice), t, cell.col);
    Explanation explanation;
    explanation.value = double(count) / (cell.row + 1);
    explanation.words = say("{0} of the first {1} tokens went to expert {2}", count, cell.row + 1, cell.col);
    explanation.formula = say("count / tokens");
    explanation.acts = {single_act(explanation.words, {}, {}, {double(count), cell.row + 1.0},
                                   explanation.value, "{0} / {1}")};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {{out.inputs[0], 0, 0, cell.row + 1, out.inputs[0]->cols.size}};
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    const MatrixView choice = values.view(*out.inputs[0]);
    Tally tally{out.cols.size, cell.col, {}};
    for (int t = 0; t <= cell.row; ++t) tally.chosen.emplace_back(choice.row(t), choice.row(t) + choice.cols);
    return tally;
  }

  double cost(const Tensor& out, int) const override { return out.cols.size; }
  bool reads_history(int input) const override { return input == 0; }
};

/// x W, for the tokens that were sent to the expert.
class ExpertLinear : public Op {
 public:
  explicit ExpertLinear(int expert) : expert_(expert) {}

  std::string name() const override { return "expert linear"; }

  Message sentence(const Tensor& out) const override {
    return say("Multiply {0} by the weights {1}, for the tokens that were sent to expert {2}",
               out.inputs[0]->name, out.inputs[1]->name, expert_);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[1]->rows == inputs[0]->cols, "expert linear", *inputs[1]);
    return {inputs[0]->rows, inputs[1]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    const MatrixView weight = outputs_of(values.view(*out.inputs[1]));
    MatrixView x = values.view(*out.inputs[0]), choice = values.view(*out.inputs[2]);
    for (int t = rows.begin; t < rows.end; ++t) {
      if (is_chosen(choice, t, expert_))
        project(part(x, t, 1), weight, nullptr, part(result, t, 1));
      else
        row_of(result, t).setConstant(not_computed);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &x = *out.inputs[0], &weight = *out.inputs[1];
    if (!is_chosen(values.view(*out.inputs[2]), cell.row, expert_))
      return explain_unchosen(cell.row, expert_);
    Explanation explanation;
    explain_dot(explanation, values, x, cell.row, x.cols.size, [&](int c) {
      return Cell{&weight, c, cell.col};
    });
    explanation.words =
        say("Row {0} of {1} times column {2} of {3}", cell.row, x.name, cell.col, weight.name);
    explanation.formula = {"Σ x · W"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Region choice = row_region(*out.inputs[2], cell.row);
    if (!is_chosen(values.view(*choice.tensor), cell.row, expert_)) return {choice};
    return {row_region(*out.inputs[0], cell.row), column_region(*out.inputs[1], cell.col), choice};
  }

  double cost(const Tensor& out, int) const override {
    return 2.0 * out.inputs[1]->rows.size * out.cols.size;
  }

 private:
  int expert_;
};

/// activation(gate) * x, for the tokens that were sent to the expert.
class ExpertGate : public Op {
 public:
  ExpertGate(int expert, Activation activation) : expert_(expert), gate_(ops::gate(activation)) {}

  std::string name() const override { return "expert gate"; }
  Message sentence(const Tensor& out) const override { return gate_->sentence(out); }
  Shape shape(std::span<const Tensor* const> inputs) const override { return gate_->shape(inputs.first(2)); }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    for (int t = rows.begin; t < rows.end; ++t)
      if (is_chosen(values.view(*out.inputs[2]), t, expert_))
        gate_->run(out, {t, t + 1}, result, values);
      else
        row_of(result, t).setConstant(not_computed);
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    if (!is_chosen(values.view(*out.inputs[2]), cell.row, expert_))
      return explain_unchosen(cell.row, expert_);
    return gate_->explain(out, cell, values);
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Region choice = row_region(*out.inputs[2], cell.row);
    if (!is_chosen(values.view(*choice.tensor), cell.row, expert_)) return {choice};
    return {same_cell(*out.inputs[0], cell), same_cell(*out.inputs[1], cell), choice};
  }

  double cost(const Tensor& out, int row) const override { return gate_->cost(out, row); }

 private:
  int expert_;
  std::unique_ptr<Op> gate_;
};

class MixExperts : public Op {
 public:
  std::string name() const override { return "mix experts"; }

  Message sentence(const Tensor&) const override {
    return say("Add up what the chosen experts say, each times its share");
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[0]->cols.size == int(inputs.size()) - 1, "mix experts", *inputs[0]);
    return {inputs[1]->rows, inputs[1]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView shares = values.view(*out.inputs[0]);
    for (int t = rows.begin; t < rows.end; ++t) {
      row_of(result, t).setZero();
      for (int e = 0; e < shares.cols; ++e)
        if (shares(t, e) != 0)
          row_of(result, t) += shares(t, e) * row_of(values.view(*out.inputs[size_t(e) + 1]), t);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& shares = *out.inputs[0];
    Explanation explanation;
    for (int e = 0; e < shares.cols.size; ++e) {
      const Cell share{&shares, cell.row, e}, said{out.inputs[size_t(e) + 1], cell.row, cell.col};
      if (values.at(share) == 0) continue;
      const double product = values.at(share) * values.at(said);
      explanation.terms.push_back({{share, said}, {values.at(share), values.at(said)}, product});
      explanation.value += product;
    }
    explanation.words = say("What each chosen expert says in channel {0}, times its share", cell.col);
    explanation.formula = say("Σ share · expert");
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values& values) const override {
    std::vector<Region> regions = {row_region(*out.inputs[0], cell.row)};
    for (int e = 0; e < out.inputs[0]->cols.size; ++e)
      if (values.at({out.inputs[0], cell.row, e}) != 0)
        regions.push_back(same_cell(*out.inputs[size_t(e) + 1], cell));
    return regions;
  }

  double cost(const Tensor& out, int) const override { return 4.0 * out.cols.size; }
};

}  // namespace

std::unique_ptr<Op> ops::softmax() { return std::make_unique<Softmax>(); }
std::unique_ptr<Op> ops::choose_experts(int count) { return std::make_unique<ChooseExperts>(count); }
std::unique_ptr<Op> ops::expert_shares() { return std::make_unique<ExpertShares>(); }
std::unique_ptr<Op> ops::expert_load() { return std::make_unique<ExpertLoad>(); }
std::unique_ptr<Op> ops::expert_linear(int expert) { return std::make_unique<ExpertLinear>(expert); }
std::unique_ptr<Op> ops::expert_gate(int expert, Activation activation) {
  return std::make_unique<ExpertGate>(expert, activation);
}
std::unique_ptr<Op> ops::mix_experts() { return std::make_unique<MixExperts>(); }

}  // namespace orrery
