#pragma once
#include <string>
#include <unordered_map>
#include <vector>

#include "model/tokenizer.h"

namespace orrery {

/// One token a Unicode character, as nanoGPT's character-level models have it.
class CharacterTokenizer final : public Tokenizer {
 public:
  /// `tokens[id]` is the character of `id`. Throws Error naming `file` if one is not a single character or
  /// occurs twice.
  CharacterTokenizer(std::vector<std::string> tokens, const std::string& file);

  std::string kind() const override { return "characters"; }
  int size() const override { return int(tokens_.size()); }
  std::vector<TokenSpan> encode(std::string_view text) const override;
  std::string bytes(int id) const override;

 private:
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, int> ids_;
};

}  // namespace orrery
