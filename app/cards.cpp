#include "app/cards.h"

#include <algorithm>

namespace orrery {

Card* Cards::find(int id) {
  const auto found = std::ranges::find(pinned_, id, &Card::id);
  return found == pinned_.end() ? nullptr : &*found;
}

const Card* Cards::showing(const Cell& cell) const {
  const auto found = std::ranges::find(pinned_, cell, &Card::cell);
  return found == pinned_.end() ? nullptr : &*found;
}

Card& Cards::pin(const Cell& cell) {
  if (const Card* there = showing(cell)) return *find(there->id);
  if (int(pinned_.size()) >= most) unpin(pinned_.front().id);
  Card card;
  card.id = next_++;
  card.cell = card.facts.cell = cell;
  pinned_.push_back(std::move(card));
  seen_ = {};
  return pinned_.back();
}

void Cards::unpin(int id) {
  std::erase_if(pinned_, [&](const Card& card) { return card.id == id; });
  if (replayed == id) replayed = -1;
  if (pinned_.empty()) next_ = 1;
}

void Cards::clear() {
  pinned_.clear();
  hovered_.reset();
  pointed.reset();
  replayed = -1;
  next_ = 1;
}

void Cards::walk(Card& card, const Cell& to) {
  if (card.cell == to) return;
  card.trail.push_back(card.cell);
  card.cell = to;
  card.newest = card.unfolded = false;
  card.open_act = -1;
  if (replayed == card.id) replayed = -1;
  seen_ = {};
}

void Cards::back(Card& card) {
  if (card.trail.empty()) return;
  card.cell = card.trail.back();
  card.trail.pop_back();
  card.newest = card.unfolded = false;
  card.open_act = -1;
  if (replayed == card.id) replayed = -1;
  seen_ = {};
}

const CellFacts* Cards::hover(const std::optional<Cell>& cell, const Model& model, const Trace* trace,
                              std::uint64_t steps) {
  if (!cell) return nullptr;
  const Seen now{trace ? trace->id() : 0, steps};
  if (!hovered_ || !(hovered_->cell == *cell) || !(hovered_in_ == now)) {
    hovered_ = facts_of(model, trace, steps, *cell, false);
    hovered_in_ = now;
  }
  return &*hovered_;
}

void Cards::explain(Card& card, const Model& model, const Trace* trace, std::uint64_t steps) {
  card.facts = facts_of(model, trace, steps, card.cell);
}

bool Cards::refresh(const Model& model, const Trace* trace, std::uint64_t steps) {
  const Seen now{trace ? trace->id() : 0, steps};
  if (seen_ == now) return false;
  bool changed = false;
  for (Card& card : pinned_) {
    if (card.newest && trace && card.cell.tensor->rows.axis == Axis::token)
      card.cell.row = std::max(0, trace->rows_known(*card.cell.tensor, steps) - 1);
    if (seen_.trace == now.trace && card.facts.cell == card.cell &&
        still_true(card.facts, trace, seen_.steps, steps))
      continue;
    explain(card, model, trace, steps);
    changed = true;
  }
  seen_ = now;
  return changed;
}

void Cards::replay(int id) {
  const bool on = replayed == id;
  replayed = on ? -1 : id;
  progress = 0;
  running = !on;
}

bool Cards::advance(double seconds) {
  const Card* card = replayed < 0 ? nullptr : find(replayed);
  if (!card || !card->facts.derivation || !running) return false;
  const double ticks = card->facts.derivation->ticks();
  progress += seconds * std::max(1.5, ticks / 20) / ticks;
  if (progress >= 1) progress = 1, running = false;
  return true;
}

std::optional<CellMoment> Cards::moment() const {
  const auto card = std::ranges::find(pinned_, replayed, &Card::id);
  if (card == pinned_.end() || !card->facts.derivation) return std::nullopt;
  return CellMoment{card->cell, progress};
}

}  // namespace orrery
