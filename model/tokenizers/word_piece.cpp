#include "model/tokenizers/word_piece.h"

#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

WordPiece::WordPiece(const Vocabulary& vocabulary, const WordPieceOptions& options, const std::string& file)
    : unknown_(vocabulary.id(options.unknown)), longest_word_(size_t(options.longest_word)) {
  if (unknown_ < 0)
    throw Error(say("{0}: the vocabulary lacks the token {1}.", file, json_excerpt(options.unknown)));
  if (options.longest_word < 1 || options.longest_word > 1000)
    throw Error(say("{0}: the option {1} cannot be read.", file, "max_input_chars_per_word"));
  for (const auto& [text, id] : vocabulary.ids()) {
    beginnings_.add(text, id);
    if (text.starts_with(options.continuation))
      continuations_.add(std::string_view(text).substr(options.continuation.size()), id);
  }
}

void WordPiece::encode(std::string_view piece, std::vector<TokenizingSteps::Token>& tokens,
                       TokenizingSteps::Piece* steps) const {
  size_t characters = 0, first = tokens.size();
  for_each_character(piece, [&](size_t, size_t, int) { ++characters; });
  bool known = characters <= longest_word_;
  for (size_t begin = 0, end; known && begin < piece.size(); begin = end) {
    end = begin;
    int id = -1;
    (begin ? continuations_ : beginnings_).prefixes(piece.substr(begin), [&](size_t length, int longest) {
      end = begin + length;
      id = longest;
      if (steps) steps->candidates.push_back({id, begin, end, 0, 0, false});
    });
    known = id >= 0;
    if (known) tokens.push_back({id, begin, end, 0});
    if (known && steps) steps->candidates.back().taken = true;
  }
  if (known) return;
  if (steps)
    for (TokenizingSteps::Candidate& candidate : steps->candidates) candidate.taken = false;
  tokens.resize(first);
  tokens.push_back({unknown_, 0, piece.size(), 0});
}

}  // namespace orrery
