#include "model/ops/op_support.h"

namespace orrery {
namespace {

class Add : public Op {
 public:
  std::string name() const override { return "add"; }

  Message sentence(const Tensor& out) const override {
    return say("Add {0} to {1}", out.inputs[1]->name, out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[0]->cols == inputs[1]->cols && inputs[0]->rows == inputs[1]->rows, "add", *inputs[1]);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    rows_of(result, rows.begin, rows.count()) =
        rows_of(values.view(*out.inputs[0]), rows.begin, rows.count()) +
        rows_of(values.view(*out.inputs[1]), rows.begin, rows.count());
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    Explanation explanation;
    explanation.words =
        say("The sum of the same cell of {0} and {1}", out.inputs[0]->name, out.inputs[1]->name);
    explanation.formula = "a + b";
    for (const Tensor* input : out.inputs) explain_plus(explanation, values, {input, cell.row, cell.col});
    return explanation;
  }

  double cost(const Tensor& out, int) const override { return out.cols.size; }
};

}  // namespace

std::unique_ptr<Op> ops::add() { return std::make_unique<Add>(); }

}  // namespace orrery
