#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace orrery {

/// Lets a table of texts be asked for a part of another text without a copy of it.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using TextIds = std::unordered_map<std::string, int, TextHash, std::equal_to<>>;

/// A token that is searched for in the text before anything else is looked at: <|endoftext|>.
struct AddedToken {
  std::string text;
  int id = 0;
  bool single_word = false;                      ///< not inside a word
  bool left_strip = false, right_strip = false;  ///< takes in the white space beside it
  bool normalized = false;                       ///< is searched for in the normalized text
};

/// What files say about the tokens, not yet checked: text and id.
using TokenList = std::vector<std::pair<std::string, long long>>;

/// The tokens' texts by id, as the file spells them.
class Vocabulary {
 public:
  /// Throws Error naming file and token if ids have holes or occur twice.
  Vocabulary(const TokenList& tokens, const std::vector<AddedToken>& added, const std::string& file);

  int size() const { return int(texts_.size()); }
  const std::string& text(int id) const { return texts_[size_t(id)]; }
  /// The id of a token of the model, not of one that was added; -1 if there is none.
  int id(std::string_view text) const;
  const TextIds& ids() const { return ids_; }

 private:
  std::vector<std::string> texts_;
  TextIds ids_;
};

/// Finds which texts of a set a text starts with, shortest first, in one walk.
class PrefixTree {
 public:
  PrefixTree() : values_(1, -1) {}
  /// The value of an empty text or one that is there already is not changed.
  void add(std::string_view text, int value);
  /// Calls `visit(length, value)` for every text of the set that `text` starts with.
  template <class Visit>
  void prefixes(std::string_view text, Visit&& visit) const {
    std::uint64_t node = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      auto edge = edges_.find(node << 8 | static_cast<unsigned char>(text[i]));
      if (edge == edges_.end()) return;
      node = edge->second;
      if (values_[node] >= 0) visit(i + 1, values_[node]);
    }
  }

 private:
  std::unordered_map<std::uint64_t, std::uint64_t> edges_;  // node << 8 | byte to node
  std::vector<int> values_;                                 // by node; -1: no text ends here
};

/// Finds added tokens in a text.
class AddedTokens {
 public:
  struct Match {
    size_t begin, end;
    const AddedToken* token;
  };
  /// Throws Error naming `file` if a token is empty or too long.
  AddedTokens(std::vector<AddedToken> tokens, const std::string& file);
  AddedTokens(const AddedTokens&) = delete;
  AddedTokens& operator=(const AddedTokens&) = delete;

  /// The leftmost first, the longest among those that start there; never overlapping.
  std::vector<Match> find(std::string_view text) const;

 private:
  std::vector<AddedToken> tokens_;
  PrefixTree tree_;
};

}  // namespace orrery
