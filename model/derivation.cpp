#include "model/derivation.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

bool contains(const Region& region, const Cell& cell) {
  return region.tensor == cell.tensor && cell.row >= region.row && cell.row < region.row + region.rows &&
         cell.col >= region.col && cell.col < region.col + region.cols;
}

/// Finds the cells of one tensor that read a cell. They are some rows with some columns of each, so one of
/// them tells all columns, and one column all rows.
class ReaderSearch {
 public:
  ReaderSearch(const Trace& trace, const Tensor& out, int rows, const Cell& cell)
      : trace_(trace), out_(out), rows_(rows), cols_(trace.view(out).cols), cell_(cell) {}

  std::optional<Reader> find() const {
    const auto first = first_reader();
    if (!first) return std::nullopt;
    return Reader{&out_, runs(rows_, [&](int row) { return reads(row, first->col); }),
                  runs(cols_, [&](int col) { return reads(first->row, col); })};
  }

 private:
  bool reads(int row, int col) const {
    if (out_.op->masked(row, col)) return false;
    const std::vector<Region> regions = out_.op->reads(out_, {&out_, row, col}, trace_);
    return std::ranges::any_of(regions, [&](const Region& region) { return contains(region, cell_); });
  }

  std::optional<Cell> first_reader() const {
    // What a token computed is read by that token, if only in part, or first by the next.
    const bool weight = cell_.tensor->role == Role::weight;
    const int from = weight ? 0 : cell_.row, to = weight ? rows_ : std::min(rows_, cell_.row + 2);
    const std::vector<int> cols = weight ? columns_of_weight() : std::vector<int>();
    for (int row = from; row < to; ++row)
      for (int i = 0; i < (weight ? int(cols.size()) : cols_); ++i) {
        const int col = weight ? cols[size_t(i)] : i;
        if (reads(row, col)) return Cell{&out_, row, col};
      }
    return std::nullopt;
  }

  /// The columns at which a learned number can stand first: that of its column or row, or that of both in a
  /// matrix which is written out in a row.
  std::vector<int> columns_of_weight() const {
    std::vector<int> cols;
    for (const std::int64_t col : {std::int64_t(cell_.col), std::int64_t(cell_.row), std::int64_t(0),
                                   std::int64_t(cell_.row) * cell_.tensor->cols.size + cell_.col,
                                   std::int64_t(cell_.col) * cell_.tensor->rows.size + cell_.row})
      if (col < cols_ && std::ranges::find(cols, int(col)) == cols.end()) cols.push_back(int(col));
    return cols;
  }

  template <class Holds>
  static std::vector<Run> runs(int size, Holds holds) {
    std::vector<Run> found;
    for (int i = 0; i < size; ++i)
      if (holds(i)) {
        if (!found.empty() && found.back().first + found.back().count == i)
          ++found.back().count;
        else
          found.push_back({i, 1});
      }
    return found;
  }

  const Trace& trace_;
  const Tensor& out_;
  int rows_, cols_;
  const Cell& cell_;
};

bool holds(const std::vector<Run>& runs, int index) {
  return std::ranges::any_of(
      runs, [&](const Run& run) { return index >= run.first && index < run.first + run.count; });
}

int nearest_in(const std::vector<Run>& runs, int index) {
  int best = runs.front().first;
  for (const Run& run : runs) {
    const int here = std::clamp(index, run.first, run.first + run.count - 1);
    if (std::abs(here - index) < std::abs(best - index)) best = here;
  }
  return best;
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
  const Tensor& tensor = *cell.tensor;
  Derivation derivation{cell, tensor.op->explain(tensor, cell, values),
                        tensor.op->reads(tensor, cell, values), tensor.op->figure(tensor, cell, values)};
  Explanation& why = derivation.why;
  if (why.acts.empty()) why.acts.push_back({why.words, {}, Fold::sum, why.terms, why.value});
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

bool Reader::contains(int row, int col) const { return holds(rows, row) && holds(cols, col); }

Region Reader::bounds() const {
  return {tensor, rows.front().first, cols.front().first,
          rows.back().first + rows.back().count - rows.front().first,
          cols.back().first + cols.back().count - cols.front().first};
}

Cell Reader::nearest(const Cell& cell) const {
  return {tensor, nearest_in(rows, cell.row), nearest_in(cols, cell.col)};
}

std::vector<Reader> readers_of(const Trace& trace, std::uint64_t steps, const Cell& cell) {
  std::vector<Reader> readers;
  for (const Tensor* out : trace.graph().readers(*cell.tensor)) {
    if (!readers.empty() && readers.back().tensor == out) continue;
    const int rows = std::min(trace.rows_known(*out, steps), out->rows.size);
    if (rows == 0) continue;
    if (auto reader = ReaderSearch(trace, *out, rows, cell).find()) readers.push_back(std::move(*reader));
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
