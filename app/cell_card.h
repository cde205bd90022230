#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/derivation.h"

namespace orrery {

/// Everything that a card says about one cell: pure data, made from the recording at a cursor.
struct CellFacts {
  enum class State { known, not_computed, masked };
  Cell cell;
  State state = State::not_computed;
  std::vector<Message> place;                ///< layer, head, token, channel
  double stored = 0;                         ///< the number that the model computed or learned
  NumberType stored_as = NumberType::other;  ///< of weights: how the file holds it
  /// How it came about; none for weights, for what is not computed yet, and for the input.
  std::optional<Derivation> derivation;
  std::vector<Reader> readers;  ///< who reads it, of what is known
  /// |recomputed - stored|; 0 where both are the same infinity.
  double difference() const;
};

/// `trace` may be null: then only weights are known. Explains a cell and asks its readers: up to some
/// milliseconds for a wide model; callers keep the result until the cursor passes what was not known.
CellFacts facts_of(const Model& model, const Trace* trace, std::uint64_t steps, const Cell& cell,
                   bool with_readers = true);

/// Whether facts made at another cursor would be the same at this one: only what was not known changes.
bool still_true(const CellFacts& facts, const Trace* trace, std::uint64_t before, std::uint64_t now);

/// "token 3 'B', channel 7", translated.
std::string place_line(const CellFacts& facts, const std::function<std::string(const Message&)>& translate);

/// What a weight is and, where the file holds it rounded, that it does.
Message weight_words(const CellFacts& facts);

/// "hook_attn_scores.head1 [3..10, 5]": cells in short; `tensor`'s whole name.
std::string region_text(const Region& region);
/// The same for cells that do not stand together: "hook_h [3, 2, 18, 34 …]".
std::string reader_text(const Reader& reader);

/// The card as plain text: what can be copied or read aloud. Ends with a newline.
std::string card_text(const CellFacts& facts, const std::function<std::string(const Message&)>& translate);

}  // namespace orrery
