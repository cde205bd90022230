#pragma once
#include <cstdint>
#include <unordered_map>

#include "model/tokenizers/token_model.h"
#include "model/tokenizers/vocabulary.h"

namespace orrery {

/// Two neighbours' ids as one number.
inline std::uint64_t pair_key(int left, int right) {
  return std::uint64_t(left) << 32 | std::uint32_t(right);
}

/// What files say about a BPE beside its vocabulary.
struct BpeOptions {
  std::string merges_file;                                  ///< for error messages
  std::vector<std::pair<std::string, std::string>> merges;  ///< in order of rank
  bool byte_level = false;     ///< starts with bytes, which the vocabulary spells in GPT-2's byte characters
  bool byte_fallback = false;  ///< characters that are no token become the tokens of their bytes
  bool fuse_unknown = false;   ///< neighbours that are no token become one unknown token
  bool ignore_merges = false;  ///< a piece that is a token is that token, whatever the merges
  int unknown = -1;            ///< what characters become that are no token; -1: they are an error
};

/// Byte pair encoding: starts with bytes or characters and merges the neighbours of lowest rank, the leftmost
/// among equals, until no two neighbours have a rank (arXiv 1508.07909; reference for the options: tokenizers
/// by Hugging Face).
class Bpe final : public TokenModel {
 public:
  /// Throws Error naming file and merge if a merge occurs twice or names no token.
  Bpe(const Vocabulary& vocabulary, const BpeOptions& options);
  /// SentencePiece's form: two neighbours are merged if together they are a token; the highest score first.
  /// `scores[id]` is NaN for tokens that nothing may become (control, bytes). Throws Error naming `file`.
  static Bpe scored(const Vocabulary& vocabulary, const std::vector<float>& scores, const BpeOptions& options,
                    const std::string& file);

  std::string kind() const override;
  void encode(std::string_view piece, std::vector<TokenizingSteps::Token>& tokens,
              TokenizingSteps::Piece* steps) const override;

 private:
  struct Merge {
    int rank, id;
  };
  struct Part {
    int id;
    int previous, next;  // -1: none
    size_t begin, end;
  };
  std::vector<Part> first_parts(std::string_view piece) const;
  void merge_parts(std::vector<Part>& parts, TokenizingSteps::Piece* steps) const;
  const Merge* find_merge(int left, int right) const;

  BpeOptions options_;  // its merges are in merges_ instead
  TextIds ids_;         // by text, or by bytes where the vocabulary spells them in byte characters
  std::vector<int> byte_ids_;
  std::unordered_map<std::uint64_t, Merge> merges_;  // by pair_key(left, right)
  std::vector<float> scores_;                        // by id, or empty
};

}  // namespace orrery
