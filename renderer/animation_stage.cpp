#include "renderer/animation_stage.h"

#include <algorithm>

#include "renderer/easing.h"
#include "renderer/figure_drawing.h"
#include "renderer/number_words.h"

namespace orrery {
namespace {

constexpr float type = 15;  // pixels

/// Four digits: what can be read while numbers move.
std::string moving_number(double value) { return short_number(value, 4); }
std::string moving_term(const Term& term) { return short_term(term, 4, " × "); }

}  // namespace

void AnimationStage::play(const Derivation& derivation, double progress, Closeness closeness) {
  const auto result = place_of(*scene_.layout, derivation.cell);
  if (!result) return;
  result_ = *result;
  unit_ = std::max(result_.cell.x, result_.cell.y);
  const Tensor& tensor = *derivation.cell.tensor;
  mark({&tensor, derivation.cell.row, derivation.cell.col, 1, 1}, glm::vec4(colours_.text, 1));
  if (tensor.op->masked(derivation.cell.row, derivation.cell.col)) {
    if (closeness == Closeness::terms) note(translated(say("masked")), 0, colours_.faint_text);
    return;
  }
  const Derivation::Moment moment = derivation.at(progress);
  float rise = 0;
  for (const Region& region : derivation.reads) {
    mark(region, glm::vec4(colours_.frame(region.tensor->kind), 0.6f));
    if (const auto place = place_of(*scene_.layout, region)) rise += place->centre().y - result_.centre().y;
  }
  below_ = rise >= 0;  // the notes stand where the operands do not come from
  lift_row(derivation, moment);
  if (closeness == Closeness::terms)
    play_term(derivation, moment, progress);
  else
    arrows(derivation.reads, 0.5f);
}

void AnimationStage::arrows(const std::vector<Region>& regions, float alpha) {
  for (const Region& region : regions_for_arrows(regions))
    if (const auto place = place_of(*scene_.layout, region))
      scene_.strands.push_back(arrow_between(
          *place, result_, glm::vec4(colours_.frame(region.tensor->kind), alpha), 0.22f * unit_));
}

/// The two lines beside the cell: the arithmetic, and what it has come to.
void AnimationStage::note(const std::string& text, int line, glm::vec3 colour) {
  SceneText note;
  note.text = text;
  note.anchor = result_.corner + glm::vec3(result_.size.x * 0.5f, below_ ? -result_.size.y : 0, 0.2f * unit_);
  note.pixels = type;
  note.shift = {0, (below_ ? -1.7f : 2.1f) - 1.38f * float(line)};
  note.align = 0.5f;
  note.rank = LabelRank::model;
  note.colour = glm::vec4(colour, 1);
  note.backing = glm::vec4(style_.theme == Theme::dark ? glm::vec3(0.04f, 0.05f, 0.1f) : glm::vec3(1), 0.88f);
  note.priority = 40.f - float(line);
  scene_.texts.push_back(std::move(note));
}

void AnimationStage::play_term(const Derivation& derivation, const Derivation::Moment& moment,
                               double progress) {
  const Act& act = derivation.why.acts[size_t(moment.act)];
  const bool last = moment.act + 1 == int(derivation.why.acts.size());
  // A figure takes the chart's place, but where the terms beside it are one long sum.
  if (std::holds_alternative<std::monostate>(derivation.figure) ||
      std::holds_alternative<Slope>(derivation.figure))
    chart(act, moment);
  if (has_drawing(derivation)) drawing(derivation, progress);
  const std::string name =
      act.symbol.key.empty() ? act.fold == Fold::maximum ? "max" : "Σ" : translated(act.symbol);
  if (moment.comes_out(derivation)) {
    arrows(derivation.reads, 0.35f);
    note(last ? "= " + moving_number(act.value) : name + " = " + moving_number(act.value), 1, colours_.text);
    if (act.terms.size() == 1) note(moving_term(act.terms[0]), 0, colours_.faint_text);
    return;
  }
  const Term& term = act.terms[size_t(moment.term)];
  for (size_t i = 0; i < term.cells.size(); ++i) operand(term, i, moment.part);
  const bool joined = moment.part > 0.75f, first = moment.term == 0;
  double total = moment.total;
  if (joined)
    total = act.fold == Fold::sum ? total + term.value : first ? term.value : std::max(total, term.value);
  // A term alone is its own result; a number that is only compared needs no arithmetic.
  const bool alone = act.terms.size() == 1, plain = term.values.size() < 2 && !term.form;
  note(moving_term(term) + (plain ? "" : " = " + moving_number(term.value)), 0, colours_.text);
  if (!alone)
    note(name + "  " + (first && !joined ? "…" : moving_number(total)) + "   " +
             std::to_string(moment.term + joined) + "/" + std::to_string(act.terms.size()),
         1, colours_.faint_text);
}

/// One number of the term under way: marked, and on its way to the result.
void AnimationStage::operand(const Term& term, size_t index, float part) {
  const Cell& cell = term.cells[index];
  const auto place = place_of(*scene_.layout, cell);
  if (!place) return;
  const glm::vec3 colour = colours_.frame(cell.tensor->kind);
  mark({cell.tensor, cell.row, cell.col, 1, 1}, glm::vec4(colours_.text, 1));
  SceneStrand arrow = arrow_between(*place, result_, glm::vec4(colour, 0.9f), 0.3f * unit_);
  if (!style_.reduced_motion) {
    arrow.flow = 1e-6f;  // its light runs with the position, not with the clock
    arrow.phase = std::min(0.999f, eased(0.15f, 0.8f, part));
  }
  scene_.strands.push_back(arrow);
  SceneText text;
  text.text = moving_number(index < term.values.size() ? term.values[index] : term.value);
  text.anchor = place->corner + glm::vec3(place->size.x * 0.5f, 0, 0.2f * unit_);
  text.pixels = type * 0.9f;
  text.shift = {0, 0.45f};
  text.align = 0.5f;
  text.rank = LabelRank::model;
  text.colour = glm::vec4(colour, 1);
  text.backing = paper(0.8f);
  text.priority = 35.f - float(index);
  scene_.texts.push_back(std::move(text));
}

/// A table's whole row that becomes a row of the result: it is lifted out and carried there.
void AnimationStage::lift_row(const Derivation& derivation, const Derivation::Moment& moment) {
  const Act& act = derivation.why.acts[size_t(moment.act)];
  if (derivation.why.acts.size() != 1 || act.terms.size() != 1 || act.terms[0].cells.size() != 1) return;
  const Cell& from = act.terms[0].cells[0];
  const Tensor& out = *derivation.cell.tensor;
  if (from.tensor->role != Role::weight || from.tensor->cols.size != out.cols.size) return;
  const auto row = place_of(*scene_.layout, Region{from.tensor, from.row, 0, 1, out.cols.size});
  const auto goal = place_of(*scene_.layout, Region{&out, derivation.cell.row, 0, 1, out.cols.size});
  if (!row || !goal) return;
  const float part = moment.comes_out(derivation) ? 1 : moment.part * 0.5f;
  const float t =
      style_.reduced_motion ? 1 : eased(0, 1, (float(derivation.cell.col) + part) / float(out.cols.size));
  Sheet sheet;
  sheet.corner = glm::mix(row->corner, goal->corner, t) + glm::vec3(0, 0, unit_ * (0.3f + 12 * t * (1 - t)));
  sheet.size = glm::mix(row->size, goal->size, t);
  sheet.fill = glm::vec4(colours_.frame(from.tensor->kind), 0.35f);
  sheet.line = glm::vec4(colours_.text, 0.9f);
  scene_.sheets.push_back(sheet);
}

glm::vec4 AnimationStage::paper(float alpha) const {
  return glm::vec4(style_.theme == Theme::dark ? glm::vec3(0.04f, 0.055f, 0.11f) : glm::vec3(1), alpha);
}

}  // namespace orrery
