#include <algorithm>

#include "model/ops/op_support.h"

namespace orrery {
namespace {

/// What the ops here share: two inputs of one shape, or one.
Op::Shape same_shape(std::span<const Tensor* const> inputs, const char* op) {
  for (const Tensor* input : inputs)
    check_shape(input->rows == inputs[0]->rows && input->cols.size == inputs[0]->cols.size, op, *input);
  return {inputs[0]->rows, inputs[0]->cols};
}

class Gate : public Op {
 public:
  explicit Gate(Activation activation) : activation_(activation) {}

  std::string name() const override { return "gate"; }

  Message sentence(const Tensor& out) const override {
    return say("{0} of {1} opens and closes {2}, number by number", activation_title(activation_),
               out.inputs[0]->name, out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override { return same_shape(inputs, "gate"); }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView gate = values.view(*out.inputs[0]), x = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t) {
      kernels().activate(activation_, gate.row(t), x.cols, result.row(t));
      row_of(result, t) = row_of(result, t).cwiseProduct(row_of(x, t));
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell gate{out.inputs[0], cell.row, cell.col}, x{out.inputs[1], cell.row, cell.col};
    const double opened = activate(activation_, values.at(gate));
    Explanation explanation;
    explanation.value = opened * values.at(x);
    explanation.words = say("The gate lets {0} of the number {1} through", opened, values.at(x));
    explanation.formula = say("{0}(gate) · x", activation_title(activation_));
    explanation.acts = {
        single_act(say("How far the gate opens"), say("open"), {gate}, {values.at(gate)}, opened, "f({0})"),
        single_act(say("That much of the number passes"), {}, {x}, {opened, values.at(x)}, explanation.value,
                   "{0} × {1}")};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return same_cells(out, cell);
  }

  double cost(const Tensor& out, int) const override { return 13.0 * out.cols.size; }

 private:
  Activation activation_;
};

class Multiply : public Op {
 public:
  std::string name() const override { return "multiply"; }

  Message sentence(const Tensor& out) const override {
    return say("Multiply {0} and {1}, number by number", out.inputs[0]->name, out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override { return same_shape(inputs, "multiply"); }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView a = values.view(*out.inputs[0]), b = values.view(*out.inputs[1]);
    for (int t = rows.begin; t < rows.end; ++t) row_of(result, t) = row_of(a, t).cwiseProduct(row_of(b, t));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    Explanation explanation;
    const Cell a{out.inputs[0], cell.row, cell.col}, b{out.inputs[1], cell.row, cell.col};
    explanation.value = values.at(a) * values.at(b);
    explanation.terms = {{{a, b}, {values.at(a), values.at(b)}, explanation.value}};
    explanation.words = say("The product of the same cell of {0} and {1}", a.tensor->name, b.tensor->name);
    explanation.formula = {"a · b"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return same_cells(out, cell);
  }

  double cost(const Tensor& out, int) const override { return out.cols.size; }
};

class Scale : public Op {
 public:
  explicit Scale(double factor) : factor_(factor) {}

  std::string name() const override { return "scale"; }

  Message sentence(const Tensor& out) const override {
    return say("Multiply {0} by {1}", out.inputs[0]->name, number_text(factor_));
  }

  Shape shape(std::span<const Tensor* const> inputs) const override { return same_shape(inputs, "scale"); }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    rows_of(result, rows.begin, rows.count()) =
        float(factor_) * rows_of(values.view(*out.inputs[0]), rows.begin, rows.count());
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell x{out.inputs[0], cell.row, cell.col};
    Explanation explanation;
    explanation.value = values.at(x) * factor_;
    explanation.terms = {{{x}, {values.at(x), factor_}, explanation.value}};
    explanation.words = say("The same cell of {0} times {1}", x.tensor->name, number_text(factor_));
    explanation.formula = {"x · " + number_text(factor_)};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return same_cells(out, cell);
  }

  double cost(const Tensor& out, int) const override { return out.cols.size; }

 private:
  double factor_;
};

class Clamp : public Op {
 public:
  explicit Clamp(double limit) : limit_(limit) {}

  std::string name() const override { return "clamp"; }

  Message sentence(const Tensor& out) const override {
    return say("Keep each number of {0} between −{1} and {1}", out.inputs[0]->name, number_text(limit_));
  }

  Shape shape(std::span<const Tensor* const> inputs) const override { return same_shape(inputs, "clamp"); }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    rows_of(result, rows.begin, rows.count()) = rows_of(values.view(*out.inputs[0]), rows.begin, rows.count())
                                                    .cwiseMin(float(limit_))
                                                    .cwiseMax(-float(limit_));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Cell x{out.inputs[0], cell.row, cell.col};
    Explanation explanation;
    explanation.value = std::clamp(values.at(x), -limit_, limit_);
    explanation.words = explanation.value == values.at(x)
                            ? say("{0} lies within the limits: it stays as it is", values.at(x))
                            : say("{0} lies beyond the limit and is cut off there", values.at(x));
    explanation.formula = {"min(max(x, −c), c)"};
    explanation.acts = {single_act(explanation.words, {}, {x}, {values.at(x), limit_}, explanation.value,
                                   "min(max({0}, −{1}), {1})")};
    explanation.curve = [limit = limit_](double at) { return std::clamp(at, -limit, limit); };
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return same_cells(out, cell);
  }

  double cost(const Tensor& out, int) const override { return 2.0 * out.cols.size; }

 private:
  double limit_;
};

class Concatenate : public Op {
 public:
  std::string name() const override { return "concatenate"; }

  Message sentence(const Tensor& out) const override {
    return say("Put the {0} heads' results side by side", out.inputs.size());
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    int cols = 0;
    for (const Tensor* input : inputs) {
      check_shape(input->rows == inputs[0]->rows, "concatenate", *input);
      cols += input->cols.size;
    }
    return {inputs[0]->rows, {Axis::channel, cols}};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    for (int t = rows.begin; t < rows.end; ++t) {
      float* to = result.row(t);
      for (const Tensor* input : out.inputs) {
        const MatrixView x = values.view(*input);
        to = std::copy_n(x.row(t), x.cols, to);
      }
    }
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const auto [part, col] = part_of(out, cell.col);
    Explanation explanation;
    explanation.words = say("Channel {0} of head {1}", col, int(part));
    explanation.formula = {"x"};
    explain_plus(explanation, values, {out.inputs[part], cell.row, col});
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const auto [part, col] = part_of(out, cell.col);
    return {cell_region(*out.inputs[part], cell.row, col)};
  }

  double cost(const Tensor&, int) const override { return 0; }

 private:
  /// Which input holds a column, and as which of its own.
  static std::pair<size_t, int> part_of(const Tensor& out, int col) {
    size_t part = 0;
    while (col >= out.inputs[part]->cols.size) col -= out.inputs[part++]->cols.size;
    return {part, col};
  }
};

}  // namespace

std::unique_ptr<Op> ops::gate(Activation activation) { return std::make_unique<Gate>(activation); }
std::unique_ptr<Op> ops::multiply() { return std::make_unique<Multiply>(); }
std::unique_ptr<Op> ops::scale(double factor) { return std::make_unique<Scale>(factor); }
std::unique_ptr<Op> ops::clamp(double limit) { return std::make_unique<Clamp>(limit); }
std::unique_ptr<Op> ops::concatenate() { return std::make_unique<Concatenate>(); }

}  // namespace orrery
