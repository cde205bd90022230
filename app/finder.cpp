#include "app/finder.h"

#include <algorithm>
#include <sstream>

namespace orrery {
namespace {

/// UTF-8 as code points, ASCII letters small.
std::u32string folded(const std::string& text) {
  std::u32string result;
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i++]);
    char32_t code = byte < 0x80 ? byte : byte >= 0xf0 ? byte & 7 : byte >= 0xe0 ? byte & 15 : byte & 31;
    while (i < text.size() && byte >= 0x80 && (text[i] & 0xc0) == 0x80)
      code = code << 6 | char32_t(text[i++] & 63);
    result += code >= 'A' && code <= 'Z' ? code + 32 : code;
  }
  return result;
}

bool starts_word(const std::u32string& text, size_t at) {
  if (at == 0) return true;
  auto kind = [](char32_t c) {
    return c >= '0' && c <= '9' ? 1 : (c >= 'a' && c <= 'z') || c >= 0x80 ? 2 : 0;
  };
  return kind(text[at]) != kind(text[at - 1]) && kind(text[at]) != 0;
}

/// The best way to find pattern[from..] in text[at..]: greedy from each start would miss better ones, so the
/// few starts of words and continuations are weighed by dynamic programming.
int best_way(const std::u32string& pattern, const std::u32string& text) {
  constexpr int none = -1 << 20;
  const size_t n = text.size();
  std::vector<int> ends(n, none), before;  // best score with the pattern's last character found at i
  for (size_t p = 0; p < pattern.size(); ++p) {
    before = ends;
    std::ranges::fill(ends, none);
    int best = p == 0 ? 0 : none;  // of any earlier end
    for (size_t i = 0; i < n; ++i) {
      if (text[i] == pattern[p]) {
        const int own = starts_word(text, i) ? 12 : 2;
        int score = best == none ? none : best + own - 1;
        if (p > 0 && i > 0 && before[i - 1] != none) score = std::max(score, before[i - 1] + own + 8);
        if (p == 0) score = own;
        ends[i] = score;
      }
      if (p > 0) best = std::max(best, before[i]);
    }
  }
  return n == 0 ? none : *std::ranges::max_element(ends);
}

std::vector<std::string> words_of(const std::string& query) {
  std::istringstream in(query);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

}  // namespace

int fuzzy_score(const std::string& pattern, const std::string& text) {
  const std::u32string wanted = folded(pattern), there = folded(text);
  if (wanted.empty()) return 0;
  if (wanted.size() > there.size()) return -1;
  const int score = best_way(wanted, there);
  // Of two equal finds the shorter text is meant.
  return score < 0 ? -1 : score * 64 + std::max(0, 63 - int(there.size() - wanted.size()));
}

std::vector<int> find_entries(const std::string& query, const std::vector<FinderEntry>& entries) {
  const std::vector<std::string> words = words_of(query);
  std::vector<std::pair<int, int>> found;  // score, index
  for (size_t i = 0; i < entries.size(); ++i) {
    int total = 0;
    for (const std::string& word : words) {
      const int title = fuzzy_score(word, entries[i].title), detail = fuzzy_score(word, entries[i].detail);
      const int best = std::max(title, detail < 0 ? -1 : detail / 2);
      total = best < 0 || total < 0 ? -1 : total + best;
    }
    // Typed as it is written: better than its words in any order.
    if (total >= 0) found.push_back({total + std::max(0, fuzzy_score(query, entries[i].title)), int(i)});
  }
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<int> order;
  for (const auto& [score, index] : found) order.push_back(index);
  return order;
}

std::vector<FinderEntry> finder_entries(const Graph& graph, const Trace* trace, int tokens,
                                        const std::function<std::string(const Message&)>& translate) {
  std::vector<FinderEntry> entries;
  for (const Group& group : graph.groups()) {
    if (group.index == 0) continue;
    std::string path;
    for (int outer = group.parent; outer > 0; outer = graph.groups()[size_t(outer)].parent)
      path = translate(graph.groups()[size_t(outer)].label) + (path.empty() ? "" : " › ") + path;
    entries.push_back({FinderEntry::Kind::group, translate(group.label), path, group.index});
  }
  for (int row = 0; trace && row < tokens; ++row)
    entries.push_back({FinderEntry::Kind::token,
                       translate(say("token {0} '{1}'", row, trace->model().token_text(trace->token(row)))),
                       translate(say("id {0}", trace->token(row))), row});
  for (const auto& [name, tensor] : graph.names()) {
    std::string detail = tensor->label.key.empty() ? "" : translate(tensor->label);
    if (name != tensor->name) detail += (detail.empty() ? "" : " · ") + tensor->name;
    entries.push_back({FinderEntry::Kind::tensor, name, detail, tensor->index});
  }
  return entries;
}

}  // namespace orrery
