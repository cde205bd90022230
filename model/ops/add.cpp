#include "model/ops/op_support.h"

namespace orrery {
namespace {

class Add : public Op {
 public:
  std::string name() const override { return "add"; }

  Message sentence(const Tensor& out) const override {
    if (out.inputs.size() > 2)
      return say("Add {0} and {1} to {2}", out.inputs[1]->name, out.inputs[2]->name, out.inputs[0]->name);
    return say("Add {0} to {1}", out.inputs[1]->name, out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    for (const Tensor* input : inputs)
      check_shape(input->cols == inputs[0]->cols && input->rows == inputs[0]->rows, "add", *input);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    const auto part = [&](size_t i) {
      return rows_of(values.view(*out.inputs[i]), rows.begin, rows.count());
    };
    auto sum = rows_of(result, rows.begin, rows.count());
    sum = part(0) + part(1);
    for (size_t i = 2; i < out.inputs.size(); ++i) sum += part(i);
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    Explanation explanation;
    explanation.words =
        say("The sum of the same cell of {0} and {1}", out.inputs[0]->name, out.inputs[1]->name);
    explanation.formula = {"a + b"};
    if (out.inputs.size() > 2) {
      explanation.words = say("The sum of the same cell of {0}, {1} and {2}", out.inputs[0]->name,
                              out.inputs[1]->name, out.inputs[2]->name);
      explanation.formula = {"a + b + c"};
    }
    for (const Tensor* input : out.inputs) explain_plus(explanation, values, {input, cell.row, cell.col});
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return same_cells(out, cell);
  }

  double cost(const Tensor& out, int) const override { return double(out.inputs.size() - 1) * out.cols.size; }
};

}  // namespace

std::unique_ptr<Op> ops::add() { return std::make_unique<Add>(); }

}  // namespace orrery
