#pragma once
#include "model/tokenizers/token_model.h"
#include "model/tokenizers/vocabulary.h"

namespace orrery {

/// What files say about a WordPiece model beside its vocabulary.
struct WordPieceOptions {
  std::string unknown = "[UNK]";    ///< what a word becomes that cannot be cut into tokens
  std::string continuation = "##";  ///< before tokens that do not begin a word
  long long longest_word = 100;     ///< characters; longer words are unknown
};

/// BERT's WordPiece: the longest token that a word starts with, then the longest that goes on from there
/// (reference: tokenization_bert.py of huggingface/transformers).
class WordPiece final : public TokenModel {
 public:
  /// Throws Error naming `file` if the unknown token is none or an option is out of range.
  WordPiece(const Vocabulary& vocabulary, const WordPieceOptions& options, const std::string& file);

  std::string kind() const override { return "WordPiece"; }
  void encode(std::string_view piece, std::vector<TokenizingSteps::Token>& tokens,
              TokenizingSteps::Piece* steps) const override;

 private:
  PrefixTree beginnings_, continuations_;
  int unknown_;
  size_t longest_word_;
};

}  // namespace orrery
