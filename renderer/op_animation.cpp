#include "renderer/op_animation.h"

#include <algorithm>
#include <cmath>

#include "renderer/animation_stage.h"

namespace orrery {
namespace {

constexpr int ticks_of_draw = 12;

std::string place_text(const Trace& trace, const Cell& cell, int tokens,
                       const std::function<std::string(const Message&)>& translate) {
  auto in_words = [&](const Message& message) { return translate ? translate(message) : message.english(); };
  std::string text;
  for (const Message& words : place_words(cell, &trace, tokens))
    text = text.empty() ? in_words(words) : in_words(say("{0}, {1}", text, in_words(words)));
  return text;
}

/// The step whose cells are made at a position, and how far it has come; none where nothing is under way.
std::optional<std::pair<StepPlace, double>> step_under_way(const Trace& trace, double position) {
  const auto step = std::uint64_t(std::max(0.0, position));
  const double fraction = position - double(step);
  if (fraction <= 0 || step >= trace.published()) return std::nullopt;
  return std::pair{trace.place(step), fraction};
}

}  // namespace

std::optional<CellMoment> cell_moment(const Trace& trace, double position) {
  const auto under_way = step_under_way(trace, position);
  if (!under_way || under_way->first.step >= int(trace.graph().steps().size())) return std::nullopt;
  const Tensor& tensor = *trace.graph().steps()[size_t(under_way->first.step)];
  const Rows rows = trace.pass(under_way->first.pass).rows;
  const int cols = trace.view(tensor).cols;
  const double cells = double(rows.count()) * cols, place = under_way->second * cells;
  const auto index = std::int64_t(std::min(place, cells - 1));
  return CellMoment{{&tensor, rows.begin + int(index / cols), int(index % cols)},
                    std::min(1.0, place - double(index))};
}

double position_of(const Trace& trace, int pass, const CellMoment& moment) {
  const Rows rows = trace.pass(pass).rows;
  const int cols = trace.view(*moment.cell.tensor).cols;
  const double cells = double(rows.count()) * cols;
  const double index = double(moment.cell.row - rows.begin) * cols + moment.cell.col;
  return double(trace.step_number({pass, moment.cell.tensor->step})) + (index + moment.progress) / cells;
}

StepWork step_work(const Trace& trace, double position, bool backwards) {
  auto step = std::uint64_t(std::max(0.0, position));
  const bool whole = position <= double(step);
  if (whole && backwards && step > 0) --step;
  if (step >= trace.published()) return {};
  const StepPlace place = trace.place(step);
  if (place.step >= int(trace.graph().steps().size())) return {1, ticks_of_draw};
  const double at = !whole ? position : double(step) + (backwards ? 1 - 1e-12 : 1e-12);
  const auto moment = cell_moment(trace, at);
  if (!moment) return {};
  const Tensor& tensor = *moment->cell.tensor;
  StepWork work;
  work.cells = double(trace.pass(place.pass).rows.count()) * trace.view(tensor).cols;
  work.ticks =
      tensor.op->masked(moment->cell.row, moment->cell.col) ? 1 : derive(trace, moment->cell).ticks();
  return work;
}

double tick_beside(const Trace& trace, double position, int way) {
  constexpr double shown = 0.9;  // of a moment: its number has joined
  const double whole = std::floor(position), step = position > whole || way > 0 ? whole : whole - 1;
  if (step < 0) return 0;
  if (step >= double(trace.published())) return double(trace.published());
  const StepPlace place = trace.place(std::uint64_t(step));
  const bool draw = place.step >= int(trace.graph().steps().size());
  const Tensor* tensor = draw ? nullptr : trace.graph().steps()[size_t(place.step)];
  const Rows rows = trace.pass(place.pass).rows;
  const std::int64_t cols = draw ? 1 : trace.view(*tensor).cols, cells = draw ? 1 : rows.count() * cols;
  auto ticks_of = [&](std::int64_t cell) {
    if (draw) return ticks_of_draw;
    const Cell at{tensor, rows.begin + int(cell / cols), int(cell % cols)};
    return tensor->op->masked(at.row, at.col) ? 1 : derive(trace, at).ticks();
  };
  std::int64_t cell = way > 0 ? 0 : cells - 1;
  int tick = way > 0 ? 0 : ticks_of(cell) - 1;
  if (position > whole) {
    const double made = (position - whole) * double(cells);
    cell = std::int64_t(std::min(made, double(cells) - 1));
    tick = int((made - double(cell)) * ticks_of(cell)) + way;
    if (tick >= ticks_of(cell)) ++cell, tick = 0;
    if (tick < 0 && --cell >= 0) tick = ticks_of(cell) - 1;
  }
  if (cell < 0) return step;
  if (cell >= cells) return step + 1;
  return step + (double(cell) + (tick + shown) / ticks_of(cell)) / double(cells);
}

void add_cell_animation(Scene& scene, const Derivation& derivation, double progress, Closeness closeness,
                        const AnimationStyle& style) {
  if (closeness != Closeness::tensors && scene.layout)
    AnimationStage(scene, style).play(derivation, progress, closeness);
}

Message moment_caption(const Trace& trace, const Derivation& derivation, double progress, int tokens,
                       const std::function<std::string(const Message&)>& translate) {
  auto in_words = [&](const Message& message) { return translate ? translate(message) : message.english(); };
  const std::string place = place_text(trace, derivation.cell, tokens, translate);
  if (derivation.cell.tensor->op->masked(derivation.cell.row, derivation.cell.col))
    return derivation.why.words;
  const Derivation::Moment moment = derivation.at(progress);
  const Act& act = derivation.why.acts[size_t(moment.act)];
  if (moment.comes_out(derivation) || act.terms.size() == 1)
    return say("{0}: {1}: {2}", place, in_words(act.words), number_text(act.value));
  const Term& term = act.terms[size_t(moment.term)];
  if (act.fold == Fold::maximum)
    return say("{0}: number {1} of {2} is {3}; the largest so far is {4}", place, moment.term + 1,
               act.terms.size(), term.value,
               moment.term == 0 ? term.value : std::max(moment.total, term.value));
  return say("{0}: term {1} of {2}: {3} = {4}; the sum is now {5}", place, moment.term + 1, act.terms.size(),
             term_text(term), term.value, moment.total + term.value);
}

}  // namespace orrery
