#include <cmath>

#include "model/ops/op_support.h"

// RWKV-7 (Peng et al. 2025): a head's state is a matrix that turns keys into values. Each token lets it fade,
// takes out what it holds for a key, and writes a value for another. Reference section 9.2.

namespace orrery {
namespace {

constexpr double slowest = -0.606531;  // -exp(-1/2): no channel fades faster than by exp of it

/// A matrix's numbers, row after row.
std::vector<double> numbers_of(const Eigen::MatrixXd& matrix) {
  std::vector<double> numbers;
  for (Eigen::Index i = 0; i < matrix.rows(); ++i)
    for (Eigen::Index j = 0; j < matrix.cols(); ++j) numbers.push_back(matrix(i, j));
  return numbers;
}

double sigmoid(double x) { return activate(Activation::sigmoid, x); }

Op::Shape like_first(std::span<const Tensor* const> inputs, const char* op) {
  for (const Tensor* input : inputs) check_shape(input->cols.size == inputs[0]->cols.size, op, *input);
  return {inputs[0]->rows, inputs[0]->cols};
}

/// exp(-0.606531 sigmoid(x)): what is kept of each column of the state.
class Decay : public Op {
 public:
  std::string name() const override { return "decay"; }

  Message sentence(const Tensor& out) const override {
    return say("How much of each column of the state is kept: {0} decides", out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override { return like_first(inputs, "decay"); }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView x = values.view(*out.inputs[0]);
    for (int t = rows.begin; t < rows.end; ++t)
      for (int c = 0; c < x.cols; ++c) result(t, c) = float(kept(x(t, c)));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell x{out.inputs[0], cell.row, cell.col};
    Explanation explanation;
    explanation.value = kept(values.at(x));
    explanation.words = say("Of column {0} of the state {1} is kept", cell.col, explanation.value);
    explanation.formula = {"exp(−0.606531 / (1 + exp(−x)))"};
    explanation.acts = {single_act(say("The point on the curve above the number"), {}, {x}, {values.at(x)},
                                   explanation.value, "f({0})")};
    explanation.curve = [](double at) { return kept(at); };
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return same_cells(out, cell);
  }

  double cost(const Tensor& out, int) const override { return 20.0 * out.cols.size; }

 private:
  static double kept(double x) { return std::exp(slowest * sigmoid(x)); }
};

/// k * k_k, brought to length 1: the key for which the state is emptied.
class RemovalKey : public Op {
 public:
  std::string name() const override { return "removal key"; }

  Message sentence(const Tensor& out) const override {
    return say("The key to take out: {0} times its learned weight, brought to length 1", out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return like_first(inputs, "removal key");
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView k = values.view(*out.inputs[0]), weight = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t)
      row_of(result, t) = row_of(k, t).cwiseProduct(row_of(weight, 0)) / float(length(k, weight, t));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &k = *out.inputs[0], &weight = *out.inputs[1];
    const double whole = length(values.view(k), values.view(weight), cell.row);
    const Cell key{&k, cell.row, cell.col}, factor{&weight, 0, cell.col};
    Explanation explanation;
    explanation.value = values.at(key) * values.at(factor) / whole;
    explanation.words = say("Channel {0} of the key to take out", cell.col);
    explanation.formula = {"k · w / |k · w|"};
    Act squares{say("The squares of all channels, added up"), {"Σ"}, Fold::sum, {}, 0};
    for (int c = 0; c < k.cols.size; ++c) {
      const Cell one{&k, cell.row, c}, by{&weight, 0, c};
      const double product = values.at(one) * values.at(by);
      squares.terms.push_back(
          {{one, by}, {values.at(one), values.at(by)}, product * product, "({0} × {1})²"});
      squares.value += product * product;
    }
    const double sum = squares.value;
    explanation.acts = {
        std::move(squares),
        single_act(say("This channel's product, divided by the root of that"), {}, {key, factor},
                   {values.at(key), values.at(factor), sum}, explanation.value, "{0} × {1} / √{2}")};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {row_region(*out.inputs[0], cell.row), row_region(*out.inputs[1], 0)};
  }

  double cost(const Tensor& out, int) const override { return 4.0 * out.cols.size; }

 private:
  static double length(const MatrixView& k, const MatrixView& weight, int row) {
    const double norm = row_of(k, row).cwiseProduct(row_of(weight, 0)).cast<double>().norm();
    return std::max(norm, 1e-12);
  }
};

/// k (1 + (a - 1) k_a): the key under which the value is written.
class WritingKey : public Op {
 public:
  std::string name() const override { return "writing key"; }

  Message sentence(const Tensor& out) const override {
    return say("The key to write: {0}, weakened as {1} says", out.inputs[0]->name, out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return like_first(inputs, "writing key");
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    for (int t = rows.begin; t < rows.end; ++t) {
      const auto k = row_of(values.view(*out.inputs[0]), t).array();
      const auto a = row_of(values.view(*out.inputs[1]), t).array();
      row_of(result, t) = k * (1 + (a - 1) * row_of(values.view(*out.inputs[2]), 0).array());
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell k{out.inputs[0], cell.row, cell.col}, a{out.inputs[1], cell.row, cell.col};
    const Cell share{out.inputs[2], 0, cell.col};
    const double key = values.at(k), weakened = (values.at(a) - 1) * values.at(share);
    Explanation explanation;
    explanation.terms = {
        {{k}, {key}, key},
        {{k, a, share}, {key, values.at(a), values.at(share)}, key * weakened, "{0} × ({1} − 1) × {2}"}};
    explanation.value = key + key * weakened;
    explanation.words = say("Channel {0} of the key to write", cell.col);
    explanation.formula = {"k · (1 + (a − 1) · w)"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {same_cell(*out.inputs[0], cell), same_cell(*out.inputs[1], cell),
            own_weight(*out.inputs[2], cell)};
  }

  double cost(const Tensor& out, int) const override { return 4.0 * out.cols.size; }
};

/// v + (v_first - v) sigmoid(g): a blend with the first layer's value.
class BlendValues : public Op {
 public:
  std::string name() const override { return "blend values"; }

  Message sentence(const Tensor& out) const override {
    return say("Blend {0} with the first layer's values, as {1} says", out.inputs[0]->name,
               out.inputs[2]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return like_first(inputs, "blend values");
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView v = values.view(*out.inputs[0]), first = values.view(*out.inputs[1]);
    MatrixView gate = values.view(*out.inputs[2]);
    for (int t = rows.begin; t < rows.end; ++t)
      for (int c = 0; c < v.cols; ++c)
        result(t, c) = v(t, c) + (first(t, c) - v(t, c)) * activate(Activation::sigmoid, gate(t, c));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell v{out.inputs[0], cell.row, cell.col}, first{out.inputs[1], cell.row, cell.col};
    const Cell gate{out.inputs[2], cell.row, cell.col};
    const double share = sigmoid(values.at(gate));
    Explanation explanation;
    explanation.terms = {{{v}, {values.at(v), 1 - share}, values.at(v) * (1 - share)},
                         {{first}, {values.at(first), share}, values.at(first) * share}};
    explanation.value = explanation.terms[0].value + explanation.terms[1].value;
    explanation.words = say("Channel {0}: {1} of the first layer's value", cell.col, share);
    explanation.formula = {"v + (v₁ − v) / (1 + exp(−g))"};
    explanation.acts = {single_act(say("How far the gate opens"), say("open"), {gate}, {values.at(gate)},
                                   share, "1 / (1 + exp(−{0}))"),
                        {explanation.words, {}, Fold::sum, explanation.terms, explanation.value}};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return same_cells(out, cell);
  }

  double cost(const Tensor& out, int) const override { return 14.0 * out.cols.size; }
};

/// S = S before diag(w) - (S before kk)(kk a)^T + v k^T. Inputs: S itself, w, kk, a, v, k.
class DeltaState : public Op {
 public:
  std::string name() const override { return "delta state"; }

  Message sentence(const Tensor& out) const override {
    return say("The state fades, gives up what it holds for {0}, and takes up {1} under {2}",
               out.inputs[2]->name, out.inputs[4]->name, out.inputs[5]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    const int width = inputs[1]->cols.size;
    check_shape(inputs[0]->cols.size == width * width, "delta state", *inputs[0]);
    like_first(inputs.subspan(1), "delta state");
    return {inputs[1]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    const auto row = [&](size_t input, int t) { return row_of(values.view(*out.inputs[input]), t); };
    const int width = out.inputs[1]->cols.size;
    for (int t = rows.begin; t < rows.end; ++t) {
      MutableRows state(result.row(t), width, width, Eigen::OuterStride<>(width));
      state.noalias() = row(4, t).transpose() * row(5, t);
      if (t == 0) continue;
      const ConstRows before(result.row(t - 1), width, width, Eigen::OuterStride<>(width));
      state += before * row(1, t).asDiagonal();
      for (int i = 0; i < width; ++i)
        state.row(i) -= before.row(i).dot(row(2, t)) * row(2, t).cwiseProduct(row(3, t));
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const int width = out.inputs[1]->cols.size, i = cell.col / width, j = cell.col % width;
    const auto of = [&](size_t input, int c) { return Cell{out.inputs[input], cell.row, c}; };
    Explanation explanation;
    Act held{say("What the state's row holds for the key to take out"), say("held"), Fold::sum, {}, 0};
    if (cell.row > 0) {
      const Cell before{&out, cell.row - 1, cell.col};
      for (int l = 0; l < width; ++l) {
        const Cell number{&out, cell.row - 1, i * width + l};
        const double product = values.at(number) * values.at(of(2, l));
        held.terms.push_back({{number, of(2, l)}, {values.at(number), values.at(of(2, l))}, product});
        held.value += product;
      }
      add_term(explanation, values, {before, of(1, j)}, 1);
      const double taken = -held.value;
      add_term(explanation, values, {of(2, j), of(3, j)}, taken);
      explanation.acts.push_back(std::move(held));
    }
    add_term(explanation, values, {of(4, i), of(5, j)}, 1);
    explanation.words = say("Row {0}, column {1} of the state: kept, taken out, written", i, j);
    explanation.formula = {"S · w − (S kk) · kk · a + v · k"};
    explanation.acts.push_back({explanation.words, {}, Fold::sum, explanation.terms, explanation.value});
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const int width = out.inputs[1]->cols.size, i = cell.col / width, j = cell.col % width;
    std::vector<Region> regions = {cell_region(*out.inputs[4], cell.row, i),
                                   cell_region(*out.inputs[5], cell.row, j)};
    if (cell.row == 0) return regions;
    regions.push_back({&out, cell.row - 1, i * width, 1, width});
    regions.push_back(row_region(*out.inputs[2], cell.row));
    for (size_t input : {1, 3}) regions.push_back(cell_region(*out.inputs[input], cell.row, j));
    return regions;
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    const int width = out.inputs[1]->cols.size;
    const auto row = [&](size_t input) {
      return row_of(values.view(*out.inputs[input]), cell.row).cast<double>().eval();
    };
    Eigen::MatrixXd before = Eigen::MatrixXd::Zero(width, width);
    if (cell.row > 0)
      before = ConstRows(values.view(out).row(cell.row - 1), width, width, Eigen::OuterStride<>(width))
                   .cast<double>();
    const Eigen::MatrixXd kept = before * row(1).asDiagonal();
    const Eigen::MatrixXd taken = -(before * row(2).transpose()) * row(2).cwiseProduct(row(3));
    const Eigen::MatrixXd written = row(4).transpose() * row(5);
    Update update{width, width, cell.col / width, cell.col % width, {}};
    update.parts = {{say("kept"), numbers_of(kept)},
                    {say("taken out"), numbers_of(taken)},
                    {say("written"), numbers_of(written)},
                    {say("now"), numbers_of(kept + taken + written)}};
    return update;
  }

  double cost(const Tensor& out, int) const override { return 7.0 * out.cols.size; }
  bool reads_history(int input) const override { return input == 0; }

 private:
  static void add_term(Explanation& explanation, const Values& values, std::vector<Cell> cells,
                       double factor) {
    Term term{std::move(cells), {}, factor};
    for (const Cell& cell : term.cells) {
      term.values.push_back(values.at(cell));
      term.value *= values.at(cell);
    }
    if (factor != 1) term.values.push_back(factor);
    explanation.value += term.value;
    explanation.terms.push_back(std::move(term));
  }
};

/// y_i = Σ_j S[i,j] r_j. Inputs: S, r.
class AskState : public Op {
 public:
  std::string name() const override { return "ask state"; }

  Message sentence(const Tensor& out) const override {
    return say("What the state holds for {0}", out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    const int width = inputs[1]->cols.size;
    check_shape(inputs[0]->cols.size == width * width, "ask state", *inputs[0]);
    return {inputs[1]->rows, inputs[1]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView state = values.view(*out.inputs[0]), r = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t)
      row_of(result, t).noalias() =
          row_of(r, t) * ConstRows(state.row(t), r.cols, r.cols, Eigen::OuterStride<>(r.cols)).transpose();
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &state = *out.inputs[0], &r = *out.inputs[1];
    const int width = r.cols.size;
    Explanation explanation;
    explain_dot(explanation, values, r, cell.row, width, [&](int j) {
      return Cell{&state, cell.row, cell.col * width + j};
    });
    explanation.words = say("Row {0} of the state times the receptance", cell.col);
    explanation.formula = {"Σ S · r"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const int width = out.inputs[1]->cols.size;
    return {{out.inputs[0], cell.row, cell.col * width, 1, width}, row_region(*out.inputs[1], cell.row)};
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.inputs[0]->cols.size; }
};

/// y + (Σ r k r_k) v: the current token's own value, past the state. Inputs: y, r, k, r_k, v.
class OwnBonus : public Op {
 public:
  std::string name() const override { return "own bonus"; }

  Message sentence(const Tensor& out) const override {
    return say("Add the token's own values {0}, as far as its key fits its receptance", out.inputs[4]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return like_first(inputs, "own bonus");
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    const auto row = [&](size_t input, int t) { return row_of(values.view(*out.inputs[input]), t); };
    for (int t = rows.begin; t < rows.end; ++t) {
      const float fit = row(1, t).cwiseProduct(row(2, t)).dot(row(3, 0));
      row_of(result, t) = row(0, t) + fit * row(4, t);
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    Explanation explanation;
    Act fit{say("How well the token's own key fits its receptance"), say("fit"), Fold::sum, {}, 0};
    for (int c = 0; c < out.cols.size; ++c) {
      const Cell r{out.inputs[1], cell.row, c}, k{out.inputs[2], cell.row, c}, weight{out.inputs[3], 0, c};
      const double product = values.at(r) * values.at(k) * values.at(weight);
      fit.terms.push_back({{r, k, weight}, {values.at(r), values.at(k), values.at(weight)}, product});
      fit.value += product;
    }
    explain_plus(explanation, values, {out.inputs[0], cell.row, cell.col});
    const Cell v{out.inputs[4], cell.row, cell.col};
    explanation.terms.push_back({{v}, {values.at(v), fit.value}, values.at(v) * fit.value});
    explanation.value += values.at(v) * fit.value;
    explanation.words = say("Channel {0}, and {1} of the token's own value", cell.col, fit.value);
    explanation.formula = {"y + (Σ r · k · w) · v"};
    explanation.acts = {std::move(fit),
                        {explanation.words, {}, Fold::sum, explanation.terms, explanation.value}};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {same_cell(*out.inputs[0], cell), same_cell(*out.inputs[4], cell),
            row_region(*out.inputs[1], cell.row), row_region(*out.inputs[2], cell.row),
            row_region(*out.inputs[3], 0)};
  }

  double cost(const Tensor& out, int) const override { return 5.0 * out.cols.size; }
};

}  // namespace

std::unique_ptr<Op> ops::decay() { return std::make_unique<Decay>(); }
std::unique_ptr<Op> ops::removal_key() { return std::make_unique<RemovalKey>(); }
std::unique_ptr<Op> ops::writing_key() { return std::make_unique<WritingKey>(); }
std::unique_ptr<Op> ops::blend_values() { return std::make_unique<BlendValues>(); }
std::unique_ptr<Op> ops::delta_state() { return std::make_unique<DeltaState>(); }
std::unique_ptr<Op> ops::ask_state() { return std::make_unique<AskState>(); }
std::unique_ptr<Op> ops::own_bonus() { return std::make_unique<OwnBonus>(); }

}  // namespace orrery
