#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/tokenizer.h"

namespace orrery {

/// A text that stands for one token wherever it occurs, before anything else is looked at: <|endoftext|>.
struct SpecialToken {
  std::string text;
  int id = 0;
};

/// What files say about a byte-level BPE, not yet checked.
struct BpeDescription {
  std::string vocabulary_file, merges_file;                 ///< for error messages
  std::vector<std::pair<std::string, long long>> tokens;    ///< text in GPT-2's byte characters, and id
  std::vector<std::pair<std::string, std::string>> merges;  ///< in order of rank
  std::vector<SpecialToken> special;
  bool add_prefix_space = false;  ///< a text that does not start with a space is read as if it did
};

/// GPT-2's byte-level byte pair encoding (reference: tokenization_gpt2.py of huggingface/transformers).
class ByteLevelBpe final : public Tokenizer {
 public:
  /// Throws Error naming file and token if ids have holes or occur twice, or if a merge names no token.
  explicit ByteLevelBpe(const BpeDescription& description);

  std::string kind() const override { return "byte-level BPE"; }
  int size() const override { return int(bytes_.size()); }
  std::vector<TokenSpan> encode(std::string_view text) const override;
  std::string bytes(int id) const override;

 private:
  struct Merge {
    int rank, id;
  };
  void place_tokens(const BpeDescription& description, std::unordered_map<std::string, int>& ids);
  void place_merges(const BpeDescription& description, const std::unordered_map<std::string, int>& ids);
  const SpecialToken* special_at(std::string_view text) const;
  /// Tokens of text between special tokens; `begin` is its place in the whole text.
  void encode_plain(std::string_view text, size_t begin, std::vector<TokenSpan>& spans) const;
  /// Tokens of one piece that the pre-tokenizer cut out: merges until no pair has a rank.
  void encode_piece(std::string_view piece, size_t begin, std::vector<TokenSpan>& spans) const;
  const Merge* find_merge(int left, int right) const;

  std::vector<std::string> bytes_;                      // by id
  std::array<int, 256> byte_ids_;                       // -1: the vocabulary lacks the byte
  std::unordered_map<std::uint64_t, Merge> merges_;     // by left id << 32 | right id
  std::array<std::vector<SpecialToken>, 256> special_;  // by first byte, longest first
  bool any_special_ = false, add_prefix_space_ = false;
};

}  // namespace orrery
