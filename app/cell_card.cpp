#include "app/cell_card.h"

#include <cmath>
#include <cstdio>

namespace orrery {
namespace {

constexpr int terms_in_text = 8;

std::string range_text(int first, int count) {
  std::string text = std::to_string(first);
  return count == 1 ? text : text + ".." + std::to_string(first + count - 1);
}

std::string runs_text(const std::vector<Run>& runs) {
  constexpr size_t most = 3;
  std::string text;
  for (size_t i = 0; i < std::min(most, runs.size()); ++i)
    text += (i ? ", " : "") + range_text(runs[i].first, runs[i].count);
  return text + (runs.size() > most ? " …" : "");
}

/// Nine digits: a float is told apart from its neighbours.
std::string exact(double value) {
  if (!std::isfinite(value)) return number_text(value);
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

std::string cells_text(const Term& term) {
  std::string text;
  for (const Cell& cell : term.cells)
    text += (text.empty() ? "" : " × ") + region_text({cell.tensor, cell.row, cell.col, 1, 1});
  return text;
}

}  // namespace

double CellFacts::difference() const {
  if (!derivation || stored == derivation->why.value) return 0;
  return std::abs(derivation->why.value - stored);
}

CellFacts facts_of(const Model& model, const Trace* trace, std::uint64_t steps, const Cell& cell,
                   bool with_readers) {
  CellFacts facts;
  facts.cell = cell;
  const Tensor& tensor = *cell.tensor;
  facts.stored_as = model.stored_as(tensor);
  facts.place = place_words(cell, trace, trace ? trace->token_count(steps) : 0);
  if (!trace) {
    if (tensor.role != Role::weight) return facts;
    facts.state = CellFacts::State::known;
    facts.stored = model.weight(tensor)(cell.row, cell.col);
    return facts;
  }
  if (cell.row >= trace->rows_known(tensor, steps) || cell.col >= trace->view(tensor).cols) return facts;
  facts.state = CellFacts::State::known;
  facts.stored = trace->at(cell);
  if (tensor.op && tensor.op->masked(cell.row, cell.col)) facts.state = CellFacts::State::masked;
  if (tensor.op) facts.derivation = derive(*trace, cell);
  if (with_readers && facts.state == CellFacts::State::known) facts.readers = readers_of(*trace, steps, cell);
  return facts;
}

bool still_true(const CellFacts& facts, const Trace* trace, std::uint64_t before, std::uint64_t now) {
  if (!trace || before == now) return true;
  const Tensor& tensor = *facts.cell.tensor;
  auto known = [&](std::uint64_t steps) { return facts.cell.row < trace->rows_known(tensor, steps); };
  if (known(before) != known(now)) return false;
  if (tensor.rows.axis == Axis::token && trace->token_count(before) != trace->token_count(now) &&
      facts.cell.row >= std::min(trace->token_count(before), trace->token_count(now)))
    return false;
  for (const Tensor* reader : trace->graph().readers(tensor))
    if (trace->rows_known(*reader, before) != trace->rows_known(*reader, now)) return false;
  return true;
}

std::string place_line(const CellFacts& facts, const std::function<std::string(const Message&)>& translate) {
  std::string line;
  for (const Message& words : facts.place)
    line = line.empty() ? translate(words) : translate(say("{0}, {1}", line, translate(words)));
  return line;
}

Message weight_words(const CellFacts& facts) {
  if (is_quantized(facts.stored_as))
    return say("A weight: learned in training, the same for every text; dequantised from {0}.",
               layout_of(facts.stored_as).name);
  return say("A weight: learned in training, the same for every text.");
}

std::string region_text(const Region& region) {
  return region.tensor->name + " [" + range_text(region.row, region.rows) + ", " +
         range_text(region.col, region.cols) + "]";
}

std::string reader_text(const Reader& reader) {
  return reader.tensor->name + " [" + runs_text(reader.rows) + ", " + runs_text(reader.cols) + "]";
}

std::string card_text(const CellFacts& facts, const std::function<std::string(const Message&)>& translate) {
  const Tensor& tensor = *facts.cell.tensor;
  std::string text = region_text({&tensor, facts.cell.row, facts.cell.col, 1, 1});
  if (!tensor.label.key.empty()) text += " (" + translate(tensor.label) + ")";
  text += "\n" + place_line(facts, translate) + "\n";
  auto add = [&](const Message& message) { text += translate(message) + "\n"; };
  if (facts.state == CellFacts::State::not_computed) {
    add(say("Not computed yet."));
    return text;
  }
  add(say("The number: {0}", exact(facts.stored)));
  if (tensor.role == Role::weight) add(weight_words(facts));
  if (facts.derivation) {
    const Explanation& why = facts.derivation->why;
    add(why.words);
    if (facts.state == CellFacts::State::masked) return text;
    add(why.formula);
    for (const Act& act : why.acts) {
      if (why.acts.size() > 1) text += translate(act.words) + "\n";
      const FoldedTerms folded = fold_terms(act, terms_in_text);
      for (int i : folded.shown) {
        const Term& term = act.terms[size_t(i)];
        text += "  " + term_text(term) + " = " + number_text(term.value);
        if (!term.cells.empty()) text += "   " + cells_text(term);
        text += "\n";
      }
      if (folded.hidden > 0)
        text += "  " +
                translate(act.fold == Fold::sum
                              ? say("{0} more, together {1}", folded.hidden, folded.hidden_total)
                              : say("{0} more, at most {1}", folded.hidden, folded.hidden_total)) +
                "\n";
      if (why.acts.size() > 1)
        text += "  " + (act.symbol.key.empty() ? "" : translate(act.symbol) + " ") + "= " +
                number_text(act.value) + "\n";
    }
    add(say("Recomputed: {0}; difference to the stored number: {1}", exact(why.value), facts.difference()));
  }
  for (const Reader& reader : facts.readers) add(say("Read by {0}", reader_text(reader)));
  return text;
}

}  // namespace orrery
