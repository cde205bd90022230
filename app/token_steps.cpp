#include "app/token_steps.h"

#include <algorithm>

#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

using Piece = TokenizingSteps::Piece;

/// Bytes or characters that a piece begins with; a special token is one column.
std::vector<TokenSteps::Column> columns_of(const Piece& piece) {
  std::vector<TokenSteps::Column> columns;
  if (piece.added || piece.text.empty()) {
    columns.push_back({0, piece.text.size(), std::clamp(int(piece.text.size()) / 2, 2, 8)});
    return columns;
  }
  for (const auto& unit : piece.units) columns.push_back({unit.begin, unit.end, int(unit.end - unit.begin)});
  if (columns.empty()) {
    std::vector<size_t> borders;  // of characters, and of tokens, which may be bytes of one
    for_each_character(piece.text, [&](size_t, size_t end, int) { borders.push_back(end); });
    for (const auto& token : piece.tokens) borders.push_back(token.end);
    std::ranges::sort(borders);
    for (size_t border : borders)
      if (const size_t begin = columns.empty() ? 0 : columns.back().end; border > begin)
        columns.push_back({begin, border, int(border - begin)});
  }
  for (TokenSteps::Column& column : columns) column.width = std::clamp(column.width, 1, 8);
  return columns;
}

/// The column that a byte of the piece's text stands in.
int column_at(const std::vector<TokenSteps::Column>& columns, size_t byte) {
  auto after = std::ranges::upper_bound(columns, byte, {}, &TokenSteps::Column::begin);
  return std::max(0, int(after - columns.begin()) - 1);
}

/// The columns of the bytes [begin, end).
std::pair<int, int> columns_at(const std::vector<TokenSteps::Column>& columns, size_t begin, size_t end) {
  const int first = column_at(columns, begin);
  return {first, end > begin ? column_at(columns, end - 1) : first};
}

/// A box a merge, below the two that it joins.
void lay_out_merges(const Piece& piece, TokenSteps::Piece& shown) {
  std::vector<int> holder, last;  // by unit: the box of the part that begins there, and its last column
  for (size_t i = 0; i < piece.units.size(); ++i) holder.push_back(-1 - int(i)), last.push_back(int(i));
  for (const auto& merge : piece.merges) {
    TokenSteps::Box box;
    box.first = int(merge.left);
    box.last = last[merge.left] = last[merge.right];
    box.id = merge.id;
    box.left = holder[merge.left];
    box.right = holder[merge.right];
    for (int part : {box.left, box.right})
      if (part >= 0) box.lane = std::max(box.lane, shown.boxes[size_t(part)].lane + 1);
    holder[merge.left] = int(shown.boxes.size());
    holder[merge.right] = -1;
    shown.boxes.push_back(box);
  }
  for (int part : holder)
    if (part >= 0) shown.boxes[size_t(part)].final = true;
}

/// A box a candidate, in the first lane with room.
void lay_out_candidates(const Piece& piece, TokenSteps::Piece& shown) {
  std::vector<int> ends;  // by lane: the last column in use
  for (const auto& candidate : piece.candidates) {
    TokenSteps::Box box;
    std::tie(box.first, box.last) = columns_at(shown.columns, candidate.begin, candidate.end);
    auto lane = std::ranges::find_if(ends, [&](int end) { return end < box.first; });
    box.lane = int(lane - ends.begin());
    if (lane == ends.end()) ends.push_back(0);
    ends[size_t(box.lane)] = box.last;
    box.id = candidate.id;
    box.taken = candidate.taken;
    shown.boxes.push_back(box);
  }
}

void lay_out(TokenSteps& result, const Piece& piece) {
  TokenSteps::Piece& shown = result.pieces.emplace_back();
  shown.columns = columns_of(piece);
  shown.begin = result.moments.size();
  lay_out_merges(piece, shown);
  const bool search = shown.boxes.empty();
  if (search) lay_out_candidates(piece, shown);
  const int number = int(result.pieces.size()) - 1;
  for (size_t i = 0; i < shown.boxes.size(); ++i) {
    shown.boxes[i].moment = result.moments.size();
    result.moments.push_back(
        {search ? TokenSteps::Event::candidate : TokenSteps::Event::merge, number, int(i)});
    result.lanes = std::max(result.lanes, shown.boxes[i].lane + 1);
  }
  if (search && !shown.boxes.empty()) result.moments.push_back({TokenSteps::Event::choice, number, 0});
  shown.end = result.moments.size();
  for (const auto& token : piece.tokens) {
    const auto [first, last] = columns_at(shown.columns, token.begin, token.end);
    shown.first_columns.push_back(first);
    shown.last_columns.push_back(last);
  }
}

}  // namespace

TokenSteps lay_out_steps(std::shared_ptr<const Tokenizer> tokenizer, std::string text) {
  TokenSteps result;
  result.tokenizer = std::move(tokenizer);
  result.text = std::move(text);
  for_each_character(result.text, [&](size_t, size_t, int) { ++result.characters; });
  try {
    result.steps = result.tokenizer->steps(result.text);
  } catch (const Error& error) {
    result.problem = error.message;
    return result;
  }
  result.tokens = result.steps.prefix.size();
  for (const Piece& piece : result.steps.pieces) {
    result.tokens += piece.tokens.size();
    lay_out(result, piece);
  }
  return result;
}

}  // namespace orrery
