#pragma once
#include <optional>
#include <vector>

#include "app/cell_card.h"
#include "renderer/scene_builder.h"

namespace orrery {

/// A pinned card: one cell, explained, and the way that led there.
struct Card {
  int id = 0;  ///< counts up; also its colour
  Cell cell;
  std::vector<Cell> trail;  ///< cells that were looked at before, the first one first
  bool newest = false;      ///< moves on with the newest token's row
  bool unfolded = false;    ///< lists every term
  bool readers_open = false;
  int open_act = -1;  ///< whose terms are listed; -1: the last one's
  CellFacts facts;
  // Where its window stands; the window's own business.
  bool placed = false;
  bool dragged = false;
  int settled = 0;  ///< frames before that
  float x = 0, y = 0, width = 0, height = 0;
};

/// The cards of the window: pure state, no drawing. Main thread.
class Cards {
 public:
  static constexpr int most = 6;  ///< pinned at once; one more lets the oldest go

  const std::vector<Card>& pinned() const { return pinned_; }
  std::vector<Card>& pinned() { return pinned_; }
  Card* find(int id);
  /// The card that shows this cell; null if none does.
  const Card* showing(const Cell& cell) const;
  /// Pins a card for the cell, or finds the one that is there already.
  Card& pin(const Cell& cell);
  void unpin(int id);
  void clear();

  /// Upstream or downstream: the card shows another cell and remembers this one.
  void walk(Card& card, const Cell& to);
  void back(Card& card);
  /// All cards look again at the next refresh().
  void touch() { seen_ = {}; }

  /// What the mouse or the keyboard is on, explained; null where that is nothing.
  const CellFacts* hover(const std::optional<Cell>& cell, const Model& model, const Trace* trace,
                         std::uint64_t steps);

  /// Brings all cards up to the cursor: facts are made again where they are no longer true. True if any was.
  bool refresh(const Model& model, const Trace* trace, std::uint64_t steps);

  // A card's cell, made again term by term.
  int replayed = -1;    ///< id of the card; -1: none
  double progress = 0;  ///< 0..1
  bool running = false;
  void replay(int id);  ///< starts it, or ends it where it is on
  /// Time goes on; true if something moved. At least 20 seconds for a long sum, 1.5 terms a second for a
  /// short.
  bool advance(double seconds);
  /// What the scene is to show of it; none where nothing is replayed.
  std::optional<CellMoment> moment() const;

  /// What is pointed at in a card this frame.
  std::optional<PointedOperand> pointed;

 private:
  struct Seen {
    std::uint64_t trace = 0, steps = 0;
    bool operator==(const Seen&) const = default;
  };
  void explain(Card& card, const Model& model, const Trace* trace, std::uint64_t steps);

  std::vector<Card> pinned_;
  int next_ = 1;
  Seen seen_;
  std::optional<CellFacts> hovered_;
  Seen hovered_in_;
};

}  // namespace orrery
