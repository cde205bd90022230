#include "model/tokenizers/byte_level_bpe.h"

#include <algorithm>
#include <queue>

#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/byte_characters.h"
#include "model/tokenizers/pre_tokenizer.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

std::uint64_t pair_key(int left, int right) { return std::uint64_t(left) << 32 | std::uint32_t(right); }

/// A part of a piece while it is merged: a doubly linked list, so that a merge costs the same everywhere.
struct Part {
  int id;
  int previous, next;  // -1: none
  size_t begin, end;
};

/// Two neighbours that could be merged; stale if they are no longer what they were.
struct Candidate {
  int rank, place, left, right;
  /// The lowest rank first, the leftmost among equals.
  bool operator<(const Candidate& other) const {
    return rank != other.rank ? rank > other.rank : place > other.place;
  }
};

}  // namespace

ByteLevelBpe::ByteLevelBpe(const BpeDescription& description)
    : add_prefix_space_(description.add_prefix_space) {
  std::unordered_map<std::string, int> ids;
  place_tokens(description, ids);
  for (int byte = 0; byte < 256; ++byte) {
    auto found = ids.find(byte_character(static_cast<unsigned char>(byte)));
    byte_ids_[size_t(byte)] = found == ids.end() ? -1 : found->second;
  }
  place_merges(description, ids);
  for (const SpecialToken& token : description.special) {
    special_[static_cast<unsigned char>(token.text[0])].push_back(token);
    any_special_ = true;
  }
  for (auto& tokens : special_)
    std::stable_sort(tokens.begin(), tokens.end(), [](const SpecialToken& left, const SpecialToken& right) {
      return left.text.size() > right.text.size();
    });
}

void ByteLevelBpe::place_tokens(const BpeDescription& description,
                                std::unordered_map<std::string, int>& ids) {
  const std::string& file = description.vocabulary_file;
  size_t most = description.tokens.size() + description.special.size();  // ids beyond leave a hole
  std::vector<const std::string*> texts(most);
  auto place = [&](const std::string& text, long long id) {
    if (text.empty()) throw Error(say("{0}: token {1} is empty.", file, id));
    if (id < 0 || size_t(id) >= most)
      throw Error(say("{0}: the token {1} has the id {2}; ids must be 0, 1, 2, ... without holes.", file,
                      json_excerpt(text), id));
    const std::string*& held = texts[size_t(id)];
    if (held && *held != text)
      throw Error(say("{0}: the tokens {1} and {2} have the same id {3}.", file, json_excerpt(*held),
                      json_excerpt(text), id));
    held = &text;
  };
  for (const auto& [text, id] : description.tokens) {
    place(text, id);
    if (!ids.emplace(text, int(id)).second)
      throw Error(say("{0}: the token {1} occurs twice.", file, json_excerpt(text)));
  }
  for (const SpecialToken& token : description.special) place(token.text, token.id);
  while (!texts.empty() && !texts.back()) texts.pop_back();  // special tokens that the vocabulary holds too
  if (texts.empty()) throw Error(say("{0}: the vocabulary is empty.", file));
  for (size_t id = 0; id < texts.size(); ++id) {
    if (!texts[id]) throw Error(say("{0}: no token has the id {1}; ids must be without holes.", file, id));
    std::string bytes;
    bytes_.push_back(from_byte_characters(*texts[id], bytes) ? bytes : *texts[id]);
  }
  for (const SpecialToken& token : description.special) bytes_[size_t(token.id)] = token.text;
}

void ByteLevelBpe::place_merges(const BpeDescription& description,
                                const std::unordered_map<std::string, int>& ids) {
  int rank = 0;
  for (const auto& [left, right] : description.merges) {
    auto first = ids.find(left), second = ids.find(right), both = ids.find(left + right);
    if (first == ids.end() || second == ids.end() || both == ids.end())
      throw Error(say("{0}: merge {1} ({2} {3}) names a token that the vocabulary lacks.",
                      description.merges_file, rank + 1, json_excerpt(left), json_excerpt(right)));
    if (!merges_.emplace(pair_key(first->second, second->second), Merge{rank, both->second}).second)
      throw Error(say("{0}: merge {1} ({2} {3}) occurs twice.", description.merges_file, rank + 1,
                      json_excerpt(left), json_excerpt(right)));
    ++rank;
  }
}

const SpecialToken* ByteLevelBpe::special_at(std::string_view text) const {
  for (const SpecialToken& token : special_[static_cast<unsigned char>(text[0])])
    if (text.starts_with(token.text)) return &token;
  return nullptr;
}

std::vector<TokenSpan> ByteLevelBpe::encode(std::string_view text) const {
  check_text(text);
  std::vector<TokenSpan> spans;
  size_t begin = 0;  // of the text since the last special token
  for (size_t place = 0; any_special_ && place < text.size();) {
    const SpecialToken* token = special_at(text.substr(place));
    if (!token) {
      ++place;
      continue;
    }
    encode_plain(text.substr(begin, place - begin), begin, spans);
    begin = place + token->text.size();
    spans.push_back({token->id, place, begin});
    place = begin;
  }
  encode_plain(text.substr(begin), begin, spans);
  return spans;
}

void ByteLevelBpe::encode_plain(std::string_view text, size_t begin, std::vector<TokenSpan>& spans) const {
  if (text.empty()) return;
  bool prefix = add_prefix_space_ && text[0] != ' ';
  std::string with_space;
  if (prefix) with_space.append(" ").append(text);
  std::string_view whole = prefix ? std::string_view(with_space) : text;
  size_t first = spans.size();
  for (std::string_view piece : gpt2_pieces(whole))
    encode_piece(piece, begin + size_t(piece.data() - whole.data()), spans);
  if (!prefix) return;
  for (size_t i = first; i < spans.size(); ++i) {  // the space that was put before has no place in the text
    spans[i].begin = std::max(spans[i].begin, begin + 1) - 1;
    spans[i].end = std::max(spans[i].end, begin + 1) - 1;
  }
}

const ByteLevelBpe::Merge* ByteLevelBpe::find_merge(int left, int right) const {
  auto found = merges_.find(pair_key(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

void ByteLevelBpe::encode_piece(std::string_view piece, size_t begin, std::vector<TokenSpan>& spans) const {
  std::vector<Part> parts;
  for (size_t i = 0; i < piece.size(); ++i) {
    int id = byte_ids_[static_cast<unsigned char>(piece[i])];
    if (id < 0)
      throw Error(say("The model has no token for these characters: {0}", display_token(piece.substr(i, 1))));
    bool last = i + 1 == piece.size();
    parts.push_back({id, int(i) - 1, last ? -1 : int(i) + 1, begin + i, begin + i + 1});
  }
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
    left.end = right.end;
    left.next = right.next;
    right.id = -1;  // dead: no candidate fits it any more
    if (left.next >= 0) parts[size_t(left.next)].previous = best.place;
    offer(left.previous);
    offer(best.place);
  }
  for (int place = 0; place >= 0; place = parts[size_t(place)].next)
    spans.push_back({parts[size_t(place)].id, parts[size_t(place)].begin, parts[size_t(place)].end});
}

std::string ByteLevelBpe::bytes(int id) const {
  return id >= 0 && id < size() ? bytes_[size_t(id)] : std::string();
}

}  // namespace orrery
