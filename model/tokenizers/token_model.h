#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"

namespace orrery {

/// Cuts one piece of normalized text into tokens of the vocabulary. Immutable.
class TokenModel {
 public:
  virtual ~TokenModel() = default;
  virtual std::string kind() const = 0;  ///< as Tokenizer::kind
  /// Appends the tokens of `piece`, valid UTF-8, with their places in it. What happens on the way is put into
  /// `steps` unless that is null. Throws Error naming characters that the vocabulary lacks.
  virtual void encode(std::string_view piece, std::vector<TokenizingSteps::Token>& tokens,
                      TokenizingSteps::Piece* steps) const = 0;
};

/// The tokens of the 256 bytes, which SentencePiece spells <0x00> to <0xFF>; -1 where there is none.
int byte_token(const class Vocabulary& vocabulary, unsigned char byte);
/// The byte that such a token stands for, else -1.
int byte_of_token(std::string_view text);

}  // namespace orrery
