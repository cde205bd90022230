#include "model/tokenizers/bpe.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/byte_characters.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

/// Two neighbours that could be merged; stale if they are no longer what they were.
struct Candidate {
  int rank, place, left, right;
  /// The lowest rank first, the leftmost among equals.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : place > other.place;
  }
};

std::string byte_token_text(unsigned char byte) {
  constexpr char digits[] = "0123456789ABCDEF";
  return std::string("<0x") + digits[byte >> 4] + digits[byte & 15] + '>';
}

}  // namespace

int byte_token(const Vocabulary& vocabulary, unsigned char byte) {
  return vocabulary.id(byte_token_text(byte));
}

int byte_of_token(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return -1;
  int byte = 0;
  for (char digit : text.substr(3, 2)) {
    bool number = digit >= '0' && digit <= '9', letter = digit >= 'A' && digit <= 'F';
    if (!number && !letter) return -1;
    byte = byte * 16 + (number ? digit - '0' : digit - 'A' + 10);
  }
  return byte;
}

Bpe::Bpe(const Vocabulary& vocabulary, const BpeOptions& options) : options_(options), byte_ids_(256, -1) {
  for (const auto& [text, id] : vocabulary.ids()) {
    std::string bytes;
    // A token with other characters can only be added; no text becomes it by merging.
    if (!options.byte_level)
      ids_.emplace(text, id);
    else if (from_byte_characters(text, bytes))
      ids_.emplace(bytes, id);
  }
  for (int i = 0; i < 256; ++i) {
    auto byte = static_cast<unsigned char>(i);
    if (options.byte_level) byte_ids_[size_t(i)] = vocabulary.id(byte_character(byte));
    if (options.byte_fallback) byte_ids_[size_t(i)] = byte_token(vocabulary, byte);
  }
  int rank = 0;
  for (const auto& [left, right] : options.merges) {
    int first = vocabulary.id(left), second = vocabulary.id(right), both = vocabulary.id(left + right);
    if (first < 0 || second < 0 || both < 0)
      throw Error(say("{0}: merge {1} ({2} {3}) names a token that the vocabulary lacks.",
                      options.merges_file, rank + 1, json_excerpt(left), json_excerpt(right)));
    if (!merges_.emplace(pair_key(first, second), Merge{rank, both}).second)
      throw Error(say("{0}: merge {1} ({2} {3}) occurs twice.", options.merges_file, rank + 1,
                      json_excerpt(left), json_excerpt(right)));
    ++rank;
  }
  options_.merges.clear();
}

Bpe Bpe::scored(const Vocabulary& vocabulary, const std::vector<float>& scores, const BpeOptions& options,
                const std::string& file) {
  constexpr size_t longest = 256;  // bytes; every place in a token is tried as a border
  Bpe bpe(vocabulary, options);
  std::vector<float> order;
  for (float score : scores)
    if (!std::isnan(score)) order.push_back(score);
  std::sort(order.begin(), order.end(), std::greater<>());
  order.erase(std::unique(order.begin(), order.end()), order.end());
  auto usable = [&](std::string_view text) {
    int id = vocabulary.id(text);
    return id >= 0 && size_t(id) < scores.size() && !std::isnan(scores[size_t(id)]) ? id : -1;
  };
  for (int id = 0; id < vocabulary.size() && size_t(id) < scores.size(); ++id) {
    const std::string& text = vocabulary.text(id);
    if (usable(text) != id) continue;
    if (text.size() > longest)
      throw Error(say("{0}: the token {1} must have 1 to {2} bytes.", file, json_excerpt(text), longest));
    auto rank = std::lower_bound(order.begin(), order.end(), scores[size_t(id)], std::greater<>());
    for (size_t border = 1; border < text.size(); ++border) {
      int left = usable(std::string_view(text).substr(0, border));
      int right = left < 0 ? -1 : usable(std::string_view(text).substr(border));
      if (right >= 0) bpe.merges_.emplace(pair_key(left, right), Merge{int(rank - order.begin()), id});
    }
  }
  // What is no normal token is not found in a text either: neither <s> nor <0x41>.
  std::erase_if(bpe.ids_, [&](const auto& entry) { return usable(entry.first) < 0; });
  bpe.scores_ = scores;
  return bpe;
}

std::string Bpe::kind() const {
  return options_.byte_level ? "byte-level BPE" : options_.byte_fallback ? "BPE with byte fallback" : "BPE";
}

std::vector<Bpe::Part> Bpe::first_parts(std::string_view piece) const {
  std::vector<Part> parts;
  bool after_unknown = false;
  auto add = [&](int id, size_t begin, size_t end) {
    parts.push_back({id, int(parts.size()) - 1, int(parts.size()) + 1, begin, end});
    after_unknown = false;
  };
  auto bytes_known = [&](std::string_view bytes) {
    return std::all_of(bytes.begin(), bytes.end(),
                       [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)] >= 0; });
  };
  for (size_t begin = 0, end; begin < piece.size(); begin = end) {
    end = begin + (options_.byte_level ? 1 : character_length(piece.substr(begin)));
    std::string_view unit = piece.substr(begin, end - begin);
    auto found = options_.byte_level ? ids_.end() : ids_.find(unit);
    if (found != ids_.end()) {
      add(found->second, begin, end);
    } else if ((options_.byte_level || options_.byte_fallback) && bytes_known(unit)) {
      for (size_t i = begin; i < end; ++i) add(byte_ids_[static_cast<unsigned char>(piece[i])], i, i + 1);
    } else if (options_.unknown < 0) {
      throw Error(say("The model has no token for these characters: {0}", display_token(unit)));
    } else if (after_unknown && options_.fuse_unknown) {
      parts.back().end = end;
    } else {
      add(options_.unknown, begin, end);
      after_unknown = true;
    }
  }
  if (!parts.empty()) parts.back().next = -1;
  return parts;
}

const Bpe::Merge* Bpe::find_merge(int left, int right) const {
  auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void Bpe::merge_parts(std::vector<Part>& parts, TokenizingSteps::Piece* steps) const {
  std::priority_queue<Candidate> queue;
  auto offer = [&](int place) {
    if (place < 0 || parts[size_t(place)].next < 0) return;
    int left = parts[size_t(place)].id, right = parts[size_t(parts[size_t(place)].next)].id;
    if (const Merge* merge = find_merge(left, right)) queue.push({merge->rank, place, left, right});
  };
  for (size_t i = 0; i < parts.size(); ++i) offer(int(i));
  while (!queue.empty()) {
    Candidate best = queue.top();
    queue.pop();
    Part& left = parts[size_t(best.place)];
    if (left.id != best.left || left.next < 0 || parts[size_t(left.next)].id != best.right) continue;
    Part& right = parts[size_t(left.next)];
    left.id = find_merge(best.left, best.right)->id;
    if (steps)
      steps->merges.push_back({best.rank, scores_.empty() ? 0.0 : double(scores_[size_t(left.id)]),
                               size_t(best.place), size_t(left.next), left.id});
    left.end = right.end;
    left.next = right.next;
    right.id = -1;  // dead: no candidate fits it any more
    if (left.next >= 0) parts[size_t(left.next)].previous = best.place;
    offer(left.previous);
    offer(best.place);
  }
}

void Bpe::encode(std::string_view piece, std::vector<TokenizingSteps::Token>& tokens,
                 TokenizingSteps::Piece* steps) const {
  if (piece.empty()) return;
  if (options_.ignore_merges)
    if (auto whole = ids_.find(piece); whole != ids_.end()) {
      tokens.push_back({whole->second, 0, piece.size(), 0});
      return;
    }
  std::vector<Part> parts = first_parts(piece);
  if (steps)
    for (const Part& part : parts) steps->units.push_back({part.id, part.begin, part.end});
  merge_parts(parts, steps);
  for (int place = 0; place >= 0; place = parts[size_t(place)].next)
    tokens.push_back({parts[size_t(place)].id, parts[size_t(place)].begin, parts[size_t(place)].end, 0});
}

}  // namespace orrery
