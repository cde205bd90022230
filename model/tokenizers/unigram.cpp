#include "model/tokenizers/unigram.h"

#include <algorithm>
#include <cmath>

#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

/// Marks the candidate of the best way that stands there.
void take(std::vector<TokenizingSteps::Candidate>& candidates, size_t begin, size_t end) {
  // In order of their beginnings, and then of their ends.
  auto found = std::ranges::lower_bound(candidates, std::pair(begin, end), {},
                                        [](const auto& entry) { return std::pair(entry.begin, entry.end); });
  if (found != candidates.end() && found->begin == begin && found->end == end) found->taken = true;
}

}  // namespace

Unigram::Unigram(const Vocabulary& vocabulary, std::vector<double> scores, int unknown, bool byte_fallback,
                 const std::string& file)
    : scores_(std::move(scores)), unknown_(unknown) {
  constexpr size_t longest = 1024;  // bytes: what a search may cost at each place of a text
  constexpr double unknown_penalty = 10;
  unknown_score_ = INFINITY;
  for (const auto& [text, id] : vocabulary.ids()) {
    if (text.size() > longest)
      throw Error(say("{0}: the token {1} must have 1 to {2} bytes.", file, json_excerpt(text), longest));
    if (!std::isfinite(scores_[size_t(id)]))
      throw Error(say("{0}: the token {1} has no valid score.", file, json_excerpt(text)));
    tree_.add(text, id);
    unknown_score_ = std::min(unknown_score_, scores_[size_t(id)] - unknown_penalty);
  }
  for (int byte = 0; byte_fallback && byte < 256; ++byte)
    byte_ids_.push_back(byte_token(vocabulary, static_cast<unsigned char>(byte)));
}

void Unigram::append_unknown(std::string_view piece, size_t begin, size_t end,
                             std::vector<TokenizingSteps::Token>& tokens) const {
  bool in_bytes = !byte_ids_.empty();
  for (size_t i = begin; in_bytes && i < end; ++i)
    in_bytes = byte_ids_[static_cast<unsigned char>(piece[i])] >= 0;
  if (!in_bytes && unknown_ < 0)
    throw Error(say("The model has no token for these characters: {0}",
                    display_token(piece.substr(begin, std::min<size_t>(end - begin, 64)))));
  if (!in_bytes) tokens.push_back({unknown_, begin, end, unknown_score_});
  for (size_t i = begin; in_bytes && i < end; ++i)
    tokens.push_back({byte_ids_[static_cast<unsigned char>(piece[i])], i, i + 1, unknown_score_});
}

void Unigram::encode(std::string_view piece, std::vector<TokenizingSteps::Token>& tokens,
                     TokenizingSteps::Piece* steps) const {
  // The best way to each place: its sum, where its last token begins, and which it is (-1: unknown).
  struct Best {
    double score = -INFINITY;
    size_t begin = 0;
    int id = -1;
  };
  std::vector<Best> best(piece.size() + 1);
  best[0].score = 0;
  for (size_t begin = 0, length; begin < piece.size(); begin += length) {
    length = character_length(piece.substr(begin));
    double score = best[begin].score;
    bool has_character = false;
    auto look = [&](int id, size_t end, double own) {
      if (steps) steps->candidates.push_back({id, begin, end, own, score + own, false});
    };
    tree_.prefixes(piece.substr(begin), [&](size_t size, int id) {
      Best& place = best[begin + size];
      look(id, begin + size, scores_[size_t(id)]);
      if (score + scores_[size_t(id)] > place.score) place = {score + scores_[size_t(id)], begin, id};
      if (size == length) has_character = true;
    });
    Best& next = best[begin + length];
    if (!has_character) look(-1, begin + length, unknown_score_);
    if (!has_character && score + unknown_score_ > next.score) next = {score + unknown_score_, begin, -1};
  }
  std::vector<TokenizingSteps::Token> path;  // from the end
  for (size_t end = piece.size(); end > 0; end = best[end].begin) {
    if (steps) take(steps->candidates, best[end].begin, end);
    bool fused = best[end].id < 0 && !path.empty() && path.back().id < 0;  // unknown neighbours are one
    if (fused)
      path.back().begin = best[end].begin;
    else
      path.push_back({best[end].id, best[end].begin, end, 0});
  }
  for (size_t i = path.size(); i-- > 0;) {
    if (path[i].id < 0) {
      append_unknown(piece, path[i].begin, path[i].end, tokens);
      continue;
    }
    path[i].score = scores_[size_t(path[i].id)];
    tokens.push_back(path[i]);
  }
}

}  // namespace orrery
