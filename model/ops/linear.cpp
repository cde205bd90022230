#include "model/ops/op_support.h"
#include "model/ops/project.h"

namespace orrery {
namespace {

/// y = x W (+ b). One output is one dot product over a contiguous column of W; many rows are one matrix
/// product.
class Linear : public Op {
 public:
  std::string name() const override { return "linear"; }

  Message sentence(const Tensor& out) const override {
    if (out.inputs.size() < 3)
      return say("Multiply {0} by the weights {1}", out.inputs[0]->name, out.inputs[1]->name);
    return say("Multiply {0} by the weights {1} and add the bias", out.inputs[0]->name, out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[1]->rows == inputs[0]->cols, "linear", *inputs[1]);
    if (inputs.size() > 2) check_shape(inputs[2]->cols == inputs[1]->cols, "linear", *inputs[2]);
    return {inputs[0]->rows, inputs[1]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    const float* bias = out.inputs.size() > 2 ? values.view(*out.inputs[2]).data : nullptr;
    project(part(values.view(*out.inputs[0]), rows), outputs_of(values.view(*out.inputs[1])), bias,
            part(result, rows));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &x = *out.inputs[0], &weight = *out.inputs[1];
    Explanation explanation;
    explain_dot(explanation, values, x, cell.row, x.cols.size, [&](int c) {
      return Cell{&weight, c, cell.col};
    });
    explanation.words =
        say("Row {0} of {1} times column {2} of {3}", cell.row, x.name, cell.col, weight.name);
    explanation.formula = {out.inputs.size() > 2 ? "Σ x · W + b" : "Σ x · W"};
    if (out.inputs.size() > 2) explain_plus(explanation, values, {out.inputs[2], 0, cell.col});
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    std::vector<Region> regions = {row_region(*out.inputs[0], cell.row),
                                   column_region(*out.inputs[1], cell.col)};
    if (out.inputs.size() > 2) regions.push_back(own_weight(*out.inputs[2], cell));
    return regions;
  }

  double cost(const Tensor& out, int) const override {
    return 2.0 * out.inputs[1]->rows.size * out.cols.size;
  }
};

/// y = x table^T: the embedding table read backwards.
class Unembed : public Op {
 public:
  std::string name() const override { return "unembed"; }

  Message sentence(const Tensor& out) const override {
    return say("Compare {0} with every token's row of {1}: a score for each possible next token",
               out.inputs[0]->name, out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[1]->cols == inputs[0]->cols, "unembed", *inputs[1]);
    return {inputs[0]->rows, inputs[1]->rows};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    project(part(values.view(*out.inputs[0]), rows), values.view(*out.inputs[1]), nullptr,
            part(result, rows));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor &x = *out.inputs[0], &table = *out.inputs[1];
    Explanation explanation;
    explain_dot(explanation, values, x, cell.row, x.cols.size, [&](int c) {
      return Cell{&table, cell.col, c};
    });
    explanation.words = say("Row {0} of {1} times row {2} of {3}: how well that token would fit next",
                            cell.row, x.name, cell.col, table.name);
    explanation.formula = say("Σ x · W_E[id]");
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    return {row_region(*out.inputs[0], cell.row), row_region(*out.inputs[1], cell.col)};
  }

  double cost(const Tensor& out, int) const override {
    return 2.0 * out.inputs[0]->cols.size * out.cols.size;
  }
};

}  // namespace

std::unique_ptr<Op> ops::linear() { return std::make_unique<Linear>(); }
std::unique_ptr<Op> ops::unembed() { return std::make_unique<Unembed>(); }

}  // namespace orrery
