#include "model/tokenizers/character_tokenizer.h"

#include <algorithm>

#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

CharacterTokenizer::CharacterTokenizer(std::vector<std::string> tokens, const std::string& file)
    : tokens_(std::move(tokens)) {
  if (tokens_.empty()) throw Error(say("{0}: the vocabulary is empty.", file));
  for (size_t id = 0; id < tokens_.size(); ++id) {
    const std::string& token = tokens_[id];
    if (token.empty() || character_length(token) != token.size())
      throw Error(say("{0}: token {1} must be one character, not {2}.", file, id, json_excerpt(token)));
    if (!ids_.emplace(token, int(id)).second)
      throw Error(say("{0}: token {1} occurs twice: {2}.", file, id, json_excerpt(token)));
  }
}

std::vector<TokenSpan> CharacterTokenizer::encode(std::string_view text) const {
  check_text(text);
  constexpr size_t most_named = 10;
  std::vector<TokenSpan> spans;
  std::vector<std::string> missing;
  for (size_t begin = 0; begin < text.size();) {
    size_t length = character_length(text.substr(begin));
    std::string character(text.substr(begin, length));
    auto found = ids_.find(character);
    if (found != ids_.end())
      spans.push_back({found->second, begin, begin + length});
    else if (missing.size() < most_named &&
             std::find(missing.begin(), missing.end(), character) == missing.end())
      missing.push_back(character);
    begin += length;
  }
  if (!missing.empty()) {
    std::string names;
    for (const std::string& character : missing) {
      if (!names.empty()) names += ' ';
      names += display_token(character);
    }
    throw Error(say("The model has no token for these characters: {0}", names));
  }
  return spans;
}

std::string CharacterTokenizer::bytes(int id) const {
  return id >= 0 && id < size() ? tokens_[size_t(id)] : std::string();
}

}  // namespace orrery
