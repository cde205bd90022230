#include "model/derivation.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

bool contains(const Region& region, const Cell& cell) {
  return region.tensor == cell.tensor && cell.row >= region.row && cell.row < region.row + region.rows &&
         cell.col >= region.col && cell.col < region.col + region.cols;
}

/// Candidates for the index of a reading cell along one of its axes: those that the indices of the cell that
/// is read could fix, and both ends. Sorted, each once.
std::vector<int> candidates(const Cell& cell, int size) {
  std::vector<int> found;
  for (int index : {0, cell.row, cell.col, size - 1})
    if (index >= 0 && index < size) found.push_back(index);
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

/// The rectangle of cells of `out` that read `cell`; rows: those of `out` that are known.
std::optional<Region> reading_cells(const Trace& trace, const Tensor& out, int rows, const Cell& cell) {
  auto reads = [&](int row, int col) {
    if (out.op->masked(row, col)) return false;
    const std::vector<Region> regions = out.op->explain(out, {&out, row, col}, trace).reads;
    return std::ranges::any_of(regions, [&](const Region& region) { return contains(region, cell); });
  };
  std::vector<int> cols = candidates(cell, out.cols.size), some = candidates(cell, rows);
  // A row of a table is read where its token stands: only asking every row tells.
  if (cell.tensor->kind == Kind::embedding && cell.tensor->role == Role::weight) {
    some.clear();
    for (int row = 0; row < rows; ++row) some.push_back(row);
  }
  std::optional<Cell> first;
  for (int row : some)
    for (int col : cols)
      if (!first && reads(row, col)) first = Cell{&out, row, col};
  if (!first) return std::nullopt;
  Region region{&out, first->row, first->col, 1, 1};
  for (auto row = some.rbegin(); row != some.rend() && *row > first->row; ++row)
    if (std::ranges::any_of(cols, [&](int col) { return reads(*row, col); })) {
      region.rows = *row - first->row + 1;
      break;
    }
  for (int col : cols) {
    const bool any = reads(first->row, col) || reads(region.row + region.rows - 1, col);
    if (!any) continue;
    region.col = std::min(region.col, col);
    region.cols = std::max(region.cols, col - region.col + 1);
  }
  return region;
}

std::string token_name(const Trace& trace, int id) { return trace.model().token_text(id); }

/// What index `index` along `dim` stands for; nothing where there is one alone.
std::optional<Message> axis_words(const Dim& dim, int index, bool row, const Trace* trace, int tokens) {
  switch (dim.axis) {
    case Axis::token:
      if (trace && index < tokens)
        return say("token {0} '{1}'", index, token_name(*trace, trace->token(index)));
      return say("token {0}", index);
    case Axis::source:
      if (trace && index < tokens)
        return say("looks at token {0} '{1}'", index, token_name(*trace, trace->token(index)));
      return say("looks at token {0}", index);
    case Axis::position:
      return say("position {0}", index);
    case Axis::channel:
      return say("channel {0}", index);
    case Axis::feature:
      return say("neuron {0}", index);
    case Axis::head:
      return say("channel {0} of the head", index);
    case Axis::vocabulary:
      if (trace) return say("'{0}', id {1}", token_name(*trace, index), index);
      return say("id {0}", index);
    case Axis::expert:
      return say("expert {0}", index);
    case Axis::state:
      if (dim.inner > 0) return say("row {0}, column {1} of the state", index / dim.inner, index % dim.inner);
      return say("number {0} of the state", index);
    case Axis::tap:
      return say("{0} tokens back", dim.size - 1 - index);
    case Axis::unit:
      break;
  }
  if (dim.size == 1) return std::nullopt;
  return row ? say("row {0}", index) : say("column {0}", index);
}

}  // namespace

int Derivation::ticks() const {
  int count = 0;
  for (const Act& act : why.acts) count += int(act.terms.size()) + 1;
  return std::max(1, count);
}

Derivation::Moment Derivation::at(double progress) const {
  Moment moment;
  if (why.acts.empty()) return moment;
  const double place = std::clamp(progress, 0.0, 1.0) * ticks();
  int tick = std::min(int(place), ticks() - 1);
  moment.part = float(std::min(1.0, place - tick));
  while (tick > int(why.acts[size_t(moment.act)].terms.size()))
    tick -= int(why.acts[size_t(moment.act++)].terms.size()) + 1;
  moment.term = tick;
  const Act& act = why.acts[size_t(moment.act)];
  for (int i = 0; i < moment.term; ++i) {
    const double value = act.terms[size_t(i)].value;
    moment.total = act.fold == Fold::sum ? moment.total + value
                   : i == 0              ? value
                                         : std::max(moment.total, value);
  }
  return moment;
}

Derivation derive(const Values& values, const Cell& cell) {
  Derivation derivation{cell, cell.tensor->op->explain(*cell.tensor, cell, values)};
  Explanation& why = derivation.why;
  if (why.acts.empty()) why.acts.push_back({why.words, "", Fold::sum, why.terms, why.value});
  return derivation;
}

std::string term_text(const Term& term) {
  std::vector<std::string> numbers;
  for (double value : term.values) numbers.push_back(number_text(value));
  if (term.form) return Message{"", std::move(numbers)}.fill(term.form);
  std::string text;
  for (const std::string& number : numbers) text += (text.empty() ? "" : " × ") + number;
  return text;
}

FoldedTerms fold_terms(const Act& act, int most) {
  FoldedTerms folded;
  const int count = int(act.terms.size());
  std::vector<int> order(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) order[size_t(i)] = i;
  if (count > most + 1) {
    auto magnitude = [&](int i) {
      return i == 0 || i == count - 1 ? INFINITY : std::abs(act.terms[size_t(i)].value);
    };
    std::ranges::stable_sort(order, [&](int a, int b) { return magnitude(a) > magnitude(b); });
    folded.hidden = count - most;
    for (int i = most; i < count; ++i) {
      const double value = act.terms[size_t(order[size_t(i)])].value;
      folded.hidden_total = act.fold == Fold::sum ? folded.hidden_total + value
                            : i == most           ? value
                                                  : std::max(folded.hidden_total, value);
    }
    order.resize(size_t(most));
    std::ranges::sort(order);
  }
  folded.shown = std::move(order);
  return folded;
}

std::vector<Reader> readers_of(const Trace& trace, std::uint64_t steps, const Cell& cell) {
  std::vector<Reader> readers;
  for (const Tensor* out : trace.graph().readers(*cell.tensor)) {
    if (!readers.empty() && readers.back().tensor == out) continue;
    const int rows = std::min(trace.rows_known(*out, steps), out->rows.size);
    if (rows == 0) continue;
    if (auto region = reading_cells(trace, *out, rows, cell)) readers.push_back({out, *region});
  }
  return readers;
}

std::vector<Message> place_words(const Cell& cell, const Trace* trace, int tokens) {
  const Tensor& tensor = *cell.tensor;
  std::vector<Message> words;
  if (tensor.layer >= 0) words.push_back(say("layer {0}", tensor.layer));
  if (tensor.head >= 0) words.push_back(say("head {0}", tensor.head));
  if (tensor.rows.size > 1)
    if (auto row = axis_words(tensor.rows, cell.row, true, trace, tokens)) words.push_back(*row);
  if (tensor.cols.size > 1)
    if (auto col = axis_words(tensor.cols, cell.col, false, trace, tokens)) words.push_back(*col);
  return words;
}

}  // namespace orrery
