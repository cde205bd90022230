#pragma once
#include <functional>
#include <string>
#include <vector>

#include "model/trace.h"

namespace orrery {

/// Something that the finder (Ctrl+P) leads to.
struct FinderEntry {
  enum class Kind { action, tensor, group, token };
  Kind kind = Kind::action;
  std::string title, detail;  ///< both are searched; the title counts more
  int index = 0;              ///< of actions(), Graph::tensors(), Graph::groups(), or the token's row
};

/// Everything of a model and a recording (null: none) with `tokens` tokens that has a name: hook names
/// (aliases too), layers, heads and parts, tokens. Sentences go through `translate`.
std::vector<FinderEntry> finder_entries(const Graph& graph, const Trace* trace, int tokens,
                                        const std::function<std::string(const Message&)>& translate);

/// How well `text` fits a pattern: its characters in order, better together and at the starts of words;
/// negative: not at all. Upper and lower case are one. An empty pattern fits everything with 0.
int fuzzy_score(const std::string& pattern, const std::string& text);

/// The entries that fit every word of `query`, best first, equal ones in their order: indices into `entries`.
std::vector<int> find_entries(const std::string& query, const std::vector<FinderEntry>& entries);

}  // namespace orrery
