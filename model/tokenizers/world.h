#pragma once
#include "model/tokenizer.h"
#include "model/tokenizers/vocabulary.h"

namespace orrery {

/// RWKV's "World" tokenizer: at each place of the text the longest token that fits (reference:
/// rwkv_tokenizer.py of BlinkDL/ChatRWKV). Tokens are any bytes: one may end within a character.
class WorldTokenizer final : public Tokenizer {
 public:
  /// `tokens` have the ids 1, 2, ...; 0 stands for the end of a text and is found in none. Throws Error
  /// naming `file` if ids have holes, a token occurs twice or is too long, or a byte is no token.
  WorldTokenizer(const TokenList& tokens, const std::string& file);

  std::string kind() const override { return "RWKV World"; }
  int size() const override { return vocabulary_.size(); }
  std::vector<TokenSpan> encode(std::string_view text) const override;
  /// A piece is what one token stands for, or several where they end within a character.
  TokenizingSteps steps(std::string_view text) const override;
  std::string bytes(int id) const override;

 private:
  Vocabulary vocabulary_;
  PrefixTree tree_;
};

/// Whether a text looks like the file of such a tokenizer, by its first line.
bool is_world_vocabulary(std::string_view text);

/// Reads rwkv_vocab_v20230424.txt: a token a line, its id, its bytes as Python spells a text or bytes, and
/// how many bytes that are. Nothing of it is ever evaluated. Throws Error naming file and line.
std::shared_ptr<const Tokenizer> read_world_vocabulary(std::string_view text, const std::string& file);

}  // namespace orrery
