#include <cmath>

#include "model/ops/op_support.h"
#include "model/ops/position_rules.h"

namespace orrery {
namespace {

/// How long the text was when a row was computed. Rows of one pass share it; a later pass does not go back to
/// them, just as a cache of keys keeps what it holds.
class TextLength : public Op {
 public:
  std::string name() const override { return "text length"; }

  Message sentence(const Tensor&) const override {
    return say("How many tokens the text has: the rotations depend on it");
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    return {inputs[0]->rows, {Axis::unit, 1}};
  }

  void run(const Tensor&, Rows rows, MutableView result, const Values&) const override {
    for (int t = rows.begin; t < rows.end; ++t) result(t, 0) = float(rows.end);
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    Explanation explanation;
    explanation.value = values.at({&out, cell.row, 0});
    explanation.words = say("When this row was computed, the text had {0} tokens", int(explanation.value));
    explanation.formula = {"n"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor&, const Cell&, const Values&) const override { return {}; }

  double cost(const Tensor&, int) const override { return 0; }
  bool reads_pass_end() const override { return true; }
};

/// Turns pairs of channels by an angle that grows with the position.
class Rotate : public Op {
 public:
  explicit Rotate(std::shared_ptr<const Rope> rope) : rope_(std::move(rope)) {}
  const Rope& rope() const { return *rope_; }

  std::string name() const override { return "rotate"; }

  Message sentence(const Tensor& out) const override {
    return say("Turn each pair of channels of {0} by an angle that grows with the token's position",
               out.inputs[0]->name);
  }

  Shape shape(std::span<const Tensor* const> inputs) const override {
    check_shape(inputs[0]->cols.size >= rope_->settings().size, "rotate", *inputs[0]);
    if (rope_->dynamic()) check_shape(inputs.size() == 2 && inputs[1]->cols.size == 1, "rotate", *inputs[0]);
    return {inputs[0]->rows, inputs[0]->cols};
  }

  void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
    MatrixView x = values.view(*out.inputs[0]);
    for (int t = rows.begin; t < rows.end; ++t)
      rope_->turn(x.row(t), result.row(t), x.cols, t, length(out, t, values));
  }

  Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const override {
    const Tensor& x = *out.inputs[0];
    Explanation explanation;
    if (cell.col >= rope_->settings().size) {
      explanation.words =
          say("Channel {0} does not turn: only the first {1} channels do", cell.col, rope_->settings().size);
      explanation.formula = {"x"};
      explain_plus(explanation, values, {&x, cell.row, cell.col});
      return explanation;
    }
    const int pair = rope_->pair_of(cell.col), first = rope_->first(pair), second = rope_->second(pair);
    const double angle = rope_->angle(pair, cell.row, length(out, cell.row, values));
    const double stretch = rope_->settings().attention_factor;
    const double cosine = std::cos(angle) * stretch, sine = std::sin(angle) * stretch;
    const bool is_first = cell.col == first;
    add_product(explanation, values, {&x, cell.row, cell.col}, cosine);
    add_product(explanation, values, {&x, cell.row, is_first ? second : first}, is_first ? -sine : sine);
    explanation.words = say("Channels {0} and {1} turn together, by {2} radians at position {3}", first,
                            second, angle, rope_->position(cell.row));
    explanation.formula = {is_first ? "x₁ cos θ − x₂ sin θ" : "x₂ cos θ + x₁ sin θ"};
    return explanation;
  }

  std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values&) const override {
    const Tensor& x = *out.inputs[0];
    if (cell.col >= rope_->settings().size) return {same_cell(x, cell)};
    const int pair = rope_->pair_of(cell.col);
    std::vector<Region> regions = {cell_region(x, cell.row, rope_->first(pair)),
                                   cell_region(x, cell.row, rope_->second(pair))};
    if (rope_->dynamic()) regions.push_back(cell_region(*out.inputs[1], cell.row, 0));
    return regions;
  }

  Figure figure(const Tensor& out, const Cell& cell, const Values& values) const override {
    if (cell.col >= rope_->settings().size) return {};
    const int pair = rope_->pair_of(cell.col), first = rope_->first(pair), second = rope_->second(pair);
    Dial dial;
    dial.x = values.at({out.inputs[0], cell.row, first});
    dial.y = values.at({out.inputs[0], cell.row, second});
    dial.position = rope_->position(cell.row);
    dial.frequency = rope_->frequency(pair, length(out, cell.row, values));
    dial.stretch = rope_->settings().attention_factor;
    dial.of_y = cell.col == second;
    return dial;
  }

  double cost(const Tensor& out, int) const override { return 3.0 * out.cols.size; }

 private:
  int length(const Tensor& out, int row, const Values& values) const {
    return rope_->dynamic() ? int(values.at({out.inputs[1], row, 0})) : 0;
  }

  static void add_product(Explanation& explanation, const Values& values, const Cell& cell, double factor) {
    const double value = values.at(cell);
    explanation.terms.push_back({{cell}, {value, factor}, value * factor});
    explanation.value += value * factor;
  }

  std::shared_ptr<const Rope> rope_;
};

}  // namespace

const Rope* rotation_of(const Op& op) {
  const auto* rotate = dynamic_cast<const Rotate*>(&op);
  return rotate ? &rotate->rope() : nullptr;
}

std::unique_ptr<Op> ops::text_length() { return std::make_unique<TextLength>(); }
std::unique_ptr<Op> ops::rotate(std::shared_ptr<const Rope> rope) {
  return std::make_unique<Rotate>(std::move(rope));
}

}  // namespace orrery
