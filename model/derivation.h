#pragma once
#include <optional>

#include "model/trace.h"

namespace orrery {

/// How one cell came about, act by act and term by term: what cards list and animations play. Everything here
/// is what the op says of the cell; nothing knows which op that is.
struct Derivation {
  Cell cell;
  Explanation why;            ///< with `acts` always filled in: a plain sum is one act
  std::vector<Region> reads;  ///< what the cell was computed from
  Figure figure;              ///< what a small drawing shows besides

  /// How many moments the whole takes: one for each term, one for what comes out of each act.
  int ticks() const;
  /// A moment on the way.
  struct Moment {
    int act = 0;
    int term = 0;      ///< of that act; its number of terms: what comes out of the act
    float part = 0;    ///< how far this moment has come, 0..1
    double total = 0;  ///< of the act's terms before this one: their sum, or the largest (0 before the first)
    bool comes_out(const Derivation& of) const { return term == int(of.why.acts[size_t(act)].terms.size()); }
  };
  /// The moment at `progress` (0..1, clamped) of the whole.
  Moment at(double progress) const;
};

/// Explains a cell that is known and not a weight. Pure; any thread.
Derivation derive(const Values& values, const Cell& cell);

/// "0.512 × -0.331", "exp(1.2 − 2.5)": how a term comes from its values, without its result.
std::string term_text(const Term& term);

/// Which terms of a long sum are told one by one, in order; the others are told together.
struct FoldedTerms {
  std::vector<int> shown;
  int hidden = 0;           ///< how many are not
  double hidden_total = 0;  ///< their sum (Fold::maximum: the largest of them)
};
/// The first, the last and the largest by magnitude: `most` (at least 3) at most; all where they are no more
/// than that and one.
FoldedTerms fold_terms(const Act& act, int most);

/// Indices [first, first + count).
struct Run {
  int first = 0, count = 1;
  bool operator==(const Run&) const = default;
};
/// Cells of `tensor` that read a cell: each of the rows with each of the columns. The answer to "who reads
/// this?".
struct Reader {
  const Tensor* tensor = nullptr;
  std::vector<Run> rows, cols;  ///< in order, apart from each other
  bool contains(int row, int col) const;
  Region bounds() const;  ///< the smallest rectangle around them
  /// The one that stands nearest to where `cell` stands in its own tensor.
  Cell nearest(const Cell& cell) const;
};
/// Every reader whose rows are known after `steps` steps, in execution order. Asks Op::reads of single rows
/// and columns: some milliseconds for a vocabulary of 50,000. Pure; any thread.
std::vector<Reader> readers_of(const Trace& trace, std::uint64_t steps, const Cell& cell);

/// What the place of a cell means, outermost first: layer, head, token, channel, as sentences to translate.
/// `tokens`: how many tokens are known; weights name their input and output.
std::vector<Message> place_words(const Cell& cell, const Trace* trace, int tokens);

}  // namespace orrery
