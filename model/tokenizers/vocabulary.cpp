#include "model/tokenizers/vocabulary.h"

#include <algorithm>

#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

Vocabulary::Vocabulary(const TokenList& tokens, const std::vector<AddedToken>& added,
                       const std::string& file) {
  size_t most = tokens.size() + added.size();  // ids beyond leave a hole
  std::vector<const std::string*> texts(most);
  auto place = [&](const std::string& text, long long id) {
    if (id < 0 || size_t(id) >= most)
      throw Error(say("{0}: the token {1} has the id {2}; ids must be 0, 1, 2, ... without holes.", file,
                      json_excerpt(text), id));
    const std::string*& held = texts[size_t(id)];
    if (held && *held != text)
      throw Error(say("{0}: the tokens {1} and {2} have the same id {3}.", file, json_excerpt(*held),
                      json_excerpt(text), id));
    held = &text;
  };
  for (const auto& [text, id] : tokens) {
    place(text, id);
    if (!ids_.emplace(text, int(id)).second)
      throw Error(say("{0}: the token {1} occurs twice.", file, json_excerpt(text)));
  }
  for (const AddedToken& token : added) place(token.text, token.id);
  while (!texts.empty() && !texts.back()) texts.pop_back();  // added tokens that the vocabulary holds too
  if (texts.empty()) throw Error(say("{0}: the vocabulary is empty.", file));
  for (size_t id = 0; id < texts.size(); ++id) {
    if (!texts[id]) throw Error(say("{0}: no token has the id {1}; ids must be without holes.", file, id));
    texts_.push_back(*texts[id]);
  }
}

int Vocabulary::id(std::string_view text) const {
  auto found = ids_.find(text);
  return found == ids_.end() ? -1 : found->second;
}

void PrefixTree::add(std::string_view text, int value) {
  std::uint64_t node = 0;
  for (char byte : text) {
    auto [edge, is_new] =
        edges_.emplace(node << 8 | static_cast<unsigned char>(byte), std::uint64_t(values_.size()));
    if (is_new) values_.push_back(-1);
    node = edge->second;
  }
  if (node && values_[node] < 0) values_[node] = value;
}

AddedTokens::AddedTokens(std::vector<AddedToken> tokens, const std::string& file)
    : tokens_(std::move(tokens)) {
  constexpr size_t longest = 1024;  // bytes: what a search may cost at each place of the text
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].text.empty() || tokens_[i].text.size() > longest)
      throw Error(
          say("{0}: the token {1} must have 1 to {2} bytes.", file, json_excerpt(tokens_[i].text), longest));
    tree_.add(tokens_[i].text, int(i));
  }
}

namespace {

/// The code point before byte `end`; -1 at the start.
int point_before(std::string_view text, size_t end, size_t& begin) {
  if (end == 0) return -1;
  begin = end - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return code_point(text.substr(begin));
}

bool inside_word(std::string_view text, size_t begin, size_t end) {
  size_t unused;
  int before = point_before(text, begin, unused), after = code_point(text.substr(end));
  return (before >= 0 && is_word_character(before)) || (after >= 0 && is_word_character(after));
}

}  // namespace

std::vector<AddedTokens::Match> AddedTokens::find(std::string_view text) const {
  std::vector<Match> matches;
  if (tokens_.empty()) return matches;
  size_t taken = 0;  // by the tokens before, with their white space
  for (size_t place = 0; place < text.size();) {
    Match match{place, place, nullptr};
    tree_.prefixes(text.substr(place), [&](size_t length, int index) {
      match.end = place + length;
      match.token = &tokens_[size_t(index)];
    });
    if (!match.token) {
      ++place;
      continue;
    }
    place = match.end;
    if (match.begin < taken || (match.token->single_word && inside_word(text, match.begin, match.end)))
      continue;
    for (size_t before; match.token->left_strip && match.begin > taken; match.begin = before)
      if (!is_white_space(point_before(text, match.begin, before))) break;
    while (match.token->right_strip && match.end < text.size() &&
           is_white_space(code_point(text.substr(match.end))))
      match.end += character_length(text.substr(match.end));
    taken = match.end;
    matches.push_back(match);
  }
  return matches;
}

}  // namespace orrery
