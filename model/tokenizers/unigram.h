#pragma once
#include "model/tokenizers/token_model.h"
#include "model/tokenizers/vocabulary.h"

namespace orrery {

/// SentencePiece's unigram model: of all ways to cut a piece into tokens the one whose scores (logarithms of
/// probabilities) have the greatest sum, found by Viterbi's algorithm (arXiv 1804.10959; reference:
/// tokenizers by Hugging Face).
class Unigram final : public TokenModel {
 public:
  /// `scores[id]` must be finite; `unknown` is -1 if there is no unknown token. Throws Error naming `file`.
  Unigram(const Vocabulary& vocabulary, std::vector<double> scores, int unknown, bool byte_fallback,
          const std::string& file);

  std::string kind() const override { return "Unigram"; }
  void encode(std::string_view piece, std::vector<TokenizingSteps::Token>& tokens,
              TokenizingSteps::Piece* steps) const override;

 private:
  void append_unknown(std::string_view piece, size_t begin, size_t end,
                      std::vector<TokenizingSteps::Token>& tokens) const;

  PrefixTree tree_;
  std::vector<double> scores_;
  int unknown_;
  double unknown_score_ = 0;
  std::vector<int> byte_ids_;  // empty without byte fallback
};

}  // namespace orrery
