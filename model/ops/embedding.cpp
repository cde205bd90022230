#include "model/ops/op_support.h"

namespace orrery {
namespace {

/// Copies one row of a table for each token: by the token's id, or by its position.
class Embedding : public Op {
 public:
  explicit Embedding(bool by_position) : by_position_(by_position) {}

  std::string name() const override { return by_position_ ? "position embedding" : "embedding"; }

  Message sentence(const Tensor& out) const override {
    if (by_position_) return say("Look up the row of {0} for each position", out.inputs[1]->name);
    return say("Look up the row of {0} for each token", out.inputs[1]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[0]->cols.size == 1, "embedding", *inputs[0]);
    check_shape(!by_position_ || inputs[1]->rows.size >= inputs[0]->rows.size, "position embedding",
                *inputs[1]);
    return {inputs[0]->rows, inputs[1]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    for (int t = rows.begin; t < rows.end; ++t)
      row_of(result, t) = row_of(values.view(*out.inputs[1]), table_row(out, t, values));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& table = *out.inputs[1];
    const int row = table_row(out, cell.row, values);
    Explanation explanation;
    explanation.value = values.at({&table, row, cell.col});
    explanation.terms.push_back({{{&table, row, cell.col}}, {explanation.value}, explanation.value});
    if (by_position_) {
      explanation.words =
          say("The token stands at position {0}: channel {1} of that row of the table", row, cell.col);
      explanation.formula = say("W_pos[position]");
    } else {
      explanation.words = say("The token's id is {0}: channel {1} of that row of the table", row, cell.col);
      explanation.formula = say("W_E[id]");
    }
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Region found = cell_region(*out.inputs[1], table_row(out, cell.row, values), cell.col);
    if (by_position_) return {found};
    return {found, cell_region(*out.inputs[0], cell.row, 0)};
  }

  double cost(const Tensor&, int) const override { return 0; }

 private:
  int table_row(const Tensor& out, int row, const Values& values) const {
    return by_position_ ? row : int(values.view(*out.inputs[0])(row, 0));
  }

  bool by_position_;
};

}  // namespace

std::unique_ptr<Op> ops::embedding() { return std::make_unique<Embedding>(false); }
std::unique_ptr<Op> ops::position_embedding() { return std::make_unique<Embedding>(true); }

}  // namespace orrery
