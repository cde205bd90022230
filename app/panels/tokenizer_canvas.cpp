#include "app/panels/tokenizer_canvas.h"

#include <algorithm>
#include <cmath>

#include "app/language.h"
#include "model/tokenizers/unicode.h"

namespace orrery {
using namespace ui;

namespace {

constexpr float gutter = 112, row = 26, box_height = 38, lane_pitch = 46, piece_gap = 8;  // design pixels

/// Words in the middle of a span, cut where they do not fit.
void centred(ImDrawList* list, ImVec2 low, ImVec2 high, const ImVec4& colour, const std::string& words) {
  need_glyphs(words.c_str());
  const std::string shown = fitting(words, high.x - low.x - px(2));
  const float wide = ImGui::CalcTextSize(shown.c_str()).x;
  list->AddText({(low.x + high.x - wide) / 2, (low.y + high.y - ImGui::GetFontSize()) / 2}, pack(colour),
                shown.c_str());
}

std::string hex_of(std::string_view bytes) {
  std::string words;
  for (unsigned char byte : bytes) {
    char number[4];
    std::snprintf(number, sizeof number, words.empty() ? "%02X" : " %02X", unsigned(byte));
    words += number;
  }
  return words;
}

/// What stands in a box's second line: where the merge stands in the list of merges, or the token's score.
std::string number_of(const TokenizingSteps::Piece& piece, size_t index) {
  char words[24];
  if (!piece.merges.empty()) {
    const auto& merge = piece.merges[index];
    if (merge.score == 0) return std::to_string(merge.rank);
    std::snprintf(words, sizeof words, "%.4g", merge.score);
    return words;
  }
  if (piece.candidates[index].score == 0) return "";
  std::snprintf(words, sizeof words, "%.2f", piece.candidates[index].score);
  return words;
}

/// What that number is called.
const char* lane_number(const TokenSteps& steps) {
  for (const auto& piece : steps.steps.pieces) {
    if (!piece.merges.empty()) return piece.merges[0].score == 0 ? tr("their rank") : tr("their score");
    if (!piece.candidates.empty()) return piece.candidates[0].score == 0 ? "" : tr("their score");
  }
  return "";
}

}  // namespace

float TokenizerCanvas::least_width() const {
  if (steps_->tokenizer->kind() == "Unigram") return 46;  // scores stand below single characters
  int largest = 0;                                        // of the ids that stand below a single column
  for (size_t number = 0; number < steps_->pieces.size(); ++number) {
    const Piece& piece = steps_->pieces[number];
    for (size_t token = 0; token < piece.first_columns.size(); ++token)
      if (piece.first_columns[token] == piece.last_columns[token])
        largest = std::max(largest, steps_->steps.pieces[number].tokens[token].id);
  }
  return std::max(28.f, float(std::to_string(largest).size()) * 7.6f + 6);
}

void TokenizerCanvas::place(const TokenSteps& steps) {
  steps_ = &steps;
  tokens_ = lanes_ + px(lane_pitch) * float(steps.lanes) + px(10);
  const bool same = placed_.get() == &steps && scale_ == px(1000) && type_ == ImGui::GetFontSize();
  if (same) return;
  scale_ = px(1000);
  type_ = ImGui::GetFontSize();
  search_ =
      std::ranges::any_of(steps.steps.pieces, [](const auto& piece) { return !piece.candidates.empty(); });
  lefts_.clear();
  first_column_.clear();
  ends_.clear();
  first_token_.clear();
  const float least = least_width();
  float x = 0;
  size_t token = steps.steps.prefix.size();
  for (size_t number = 0; number < steps.pieces.size(); ++number) {
    const Piece& piece = steps.pieces[number];
    first_column_.push_back(lefts_.size());
    for (const TokenSteps::Column& column : piece.columns) {
      lefts_.push_back(x);
      x += px(std::max(least, 8 + 20 * float(column.width)));
    }
    ends_.push_back(x);
    x += px(piece_gap);
    first_token_.push_back(token);
    token += steps.steps.pieces[number].tokens.size();
  }
  width_ = x;
  words_ = px(2);
  characters_ = words_ + px(row + 10);
  bytes_ = characters_ + px(22);
  lanes_ = bytes_ + px(30);
  tokens_ = lanes_ + px(lane_pitch) * float(steps.lanes) + px(10);
  height_ = tokens_ + px(box_height + 8);
}

float TokenizerCanvas::right_of(size_t piece, int column) const {
  const size_t next = first_column_[piece] + size_t(column) + 1;
  const bool last = size_t(column) + 1 >= steps_->pieces[piece].columns.size();
  return (last ? ends_[piece] : lefts_[next]) - px(3);
}

void TokenizerCanvas::characters(size_t number) const {
  const Piece& shown = steps_->pieces[number];
  const TokenizingSteps::Piece& piece = steps_->steps.pieces[number];
  if (piece.added) return;
  size_t column = 0;
  for_each_character(piece.text, [&](size_t begin, size_t end, int) {
    while (column + 1 < shown.columns.size() && shown.columns[column].end <= begin) ++column;
    size_t last = column;
    while (last + 1 < shown.columns.size() && shown.columns[last].end < end) ++last;
    const ImVec2 low = at(left_of(number, int(column)), characters_);
    const ImVec2 high = at(right_of(number, int(last)), characters_ + px(22));
    centred(list_, low, high, colours().text, drawable(piece.text.substr(begin, end - begin)));
    if (last > column)
      list_->AddLine({low.x + px(3), high.y}, {high.x - px(3), high.y}, pack(colours().faint), px(1));
  });
  for (size_t i = 0; i < shown.columns.size(); ++i) {
    const TokenSteps::Column& bytes = shown.columns[i];
    centred(
        list_, at(left_of(number, int(i)), bytes_), at(right_of(number, int(i)), bytes_ + px(20)),
        colours().muted,
        hex_of(
            std::string_view(piece.text).substr(bytes.begin, std::min<size_t>(bytes.end - bytes.begin, 8))));
  }
}

void TokenizerCanvas::piece_rows(size_t number) const {
  const TokenizingSteps::Piece& piece = steps_->steps.pieces[number];
  const ImVec2 low = at(left_of(number, 0), words_), high = at(ends_[number] - px(3), words_ + px(row));
  const bool now = position_ >= double(steps_->pieces[number].begin) && !done(steps_->pieces[number]);
  list_->AddRectFilled(low, high, pack(piece.added ? fade(colours().warm, 0.3f) : colours().raised), px(5));
  if (now) list_->AddRect(low, high, pack(colours().accent), px(5), 0, px(1.5f));
  centred(list_, low, high, colours().text, drawable(piece.text));
  characters(number);
}

void TokenizerCanvas::edge(size_t number, int part, const Box& to, float alpha) const {
  const std::vector<Box>& all = steps_->pieces[number].boxes;
  const int first = part >= 0 ? all[size_t(part)].first : -1 - part;
  const int last = part >= 0 ? all[size_t(part)].last : -1 - part;
  const float x = (left_of(number, first) + right_of(number, last)) / 2;
  const float from =
      part >= 0 ? lanes_ + px(lane_pitch) * float(all[size_t(part)].lane) + px(box_height) : bytes_ + px(20);
  const float end = lanes_ + px(lane_pitch) * float(to.lane);
  list_->AddLine(at(x, from), at(x, from + (end - from) * alpha), pack(fade(colours().muted, 0.7f)),
                 px(1.5f));
}

void TokenizerCanvas::box(size_t number, const Box& box, const ImVec4& fill, float growth, bool dim) const {
  const TokenizingSteps::Piece& piece = steps_->steps.pieces[number];
  const size_t index = size_t(&box - steps_->pieces[number].boxes.data());
  const float left = left_of(number, box.first), right = right_of(number, box.last);
  const float middle = (left + right) / 2, half = (right - left) / 2 * growth;
  const float top = lanes_ + px(lane_pitch) * float(box.lane);
  const ImVec2 low = at(middle - half, top), high = at(middle + half, top + px(box_height));
  list_->AddRectFilled(low, high, pack(fill), px(5));
  if (growth < 1) list_->AddRect(low, high, pack(colours().warm), px(5), 0, px(2));
  if (growth < 0.6f) return;
  const std::string number_words = number_of(piece, index);
  const float line = number_words.empty() ? px(box_height) : px(box_height) * 0.54f;
  const TokenSteps::Piece& shown = steps_->pieces[number];
  const size_t begin = shown.columns[size_t(box.first)].begin, end = shown.columns[size_t(box.last)].end;
  centred(list_, low, {high.x, low.y + line}, dim ? colours().faint : colours().text,
          drawable(std::string_view(piece.text).substr(begin, end - begin)));
  if (!number_words.empty())
    centred(list_, {low.x, low.y + line - px(3)}, {high.x, high.y - px(1)},
            dim ? colours().faint : colours().muted, number_words);
}

void TokenizerCanvas::boxes(size_t number) const {
  const Piece& shown = steps_->pieces[number];
  const bool search = !steps_->steps.pieces[number].candidates.empty();
  for (const Box& one : shown.boxes) {
    const auto growth = float(std::clamp(position_ - double(one.moment), 0.0, 1.0));
    if (growth <= 0) break;
    if (!search) edge(number, one.left, one, growth), edge(number, one.right, one, growth);
  }
  for (const Box& one : shown.boxes) {
    const auto growth = float(std::clamp(position_ - double(one.moment), 0.0, 1.0));
    if (growth <= 0) break;
    const bool chosen = search ? one.taken && done(shown) : one.final;
    const bool dim = search && done(shown) && !one.taken;
    const ImVec4 fill = growth < 1 ? fade(colours().warm, 0.3f)
                        : chosen   ? fade(colours().accent, 0.38f)
                        : dim      ? fade(colours().raised, 0.5f)
                                   : colours().raised;
    box(number, one, fill, std::sqrt(growth), dim);
  }
}

void TokenizerCanvas::tokens(size_t number) const {
  const Piece& shown = steps_->pieces[number];
  const TokenizingSteps::Piece& piece = steps_->steps.pieces[number];
  for (size_t i = 0; i < piece.tokens.size(); ++i) {
    const ImVec2 low = at(left_of(number, shown.first_columns[i]), tokens_);
    const ImVec2 high = at(right_of(number, shown.last_columns[i]), tokens_ + px(box_height));
    if (!done(shown)) {
      list_->AddRect(low, high, pack(colours().line), px(5));
      continue;
    }
    list_->AddRectFilled(low, high, pack(fade(token_colour(first_token_[number] + i), 0.3f)), px(5));
    const std::string words = drawable(steps_->tokenizer->bytes(piece.tokens[i].id));
    const std::string id = std::to_string(piece.tokens[i].id);
    const float line = px(box_height) * 0.54f;
    centred(list_, low, {high.x, low.y + line}, colours().text, words);
    centred(list_, {low.x, low.y + line - px(3)}, {high.x, high.y - px(1)}, colours().muted, id);
    if (!ImGui::IsMouseHoveringRect(low, high) || !ImGui::IsWindowHovered()) continue;
    ImGui::BeginTooltip();
    text(Font::small, colours().text, translate(say("'{0}' has the id {1}", words, id)).c_str());
    ImGui::EndTooltip();
  }
}

void TokenizerCanvas::labels() const {
  // Over what scrolls by beneath them.
  const ImVec2 corner = ImGui::GetWindowPos();
  const float wide = px(gutter) - px(8);
  list_->AddRectFilled(corner, {corner.x + wide, corner.y + ImGui::GetWindowHeight()}, pack(colours().panel));
  const auto label = [&](float y, float high, const char* words) {
    need_glyphs(words);
    list_->AddText({corner.x, origin_.y + y + (px(high) - ImGui::GetFontSize()) / 2}, pack(colours().muted),
                   fitting(words, wide).c_str());
  };
  // Nothing cuts the text into words before the longest token is sought.
  label(words_, row, steps_->tokenizer->kind() == "RWKV World" ? tr("Parts") : tr("Words"));
  label(characters_, 22, tr("Characters"));
  label(bytes_, 20, tr("Bytes"));
  if (steps_->lanes > 0) label(lanes_, box_height * 0.54f, search_ ? tr("Tokens that fit") : tr("Merges"));
  const char* below = lane_number(*steps_);
  if (steps_->lanes > 0 && *below) label(lanes_ + px(box_height * 0.46f), box_height * 0.54f, below);
  label(tokens_, box_height * 0.54f, tr("Tokens"));
  label(tokens_ + px(box_height * 0.46f), box_height * 0.54f, tr("Ids"));
}

void TokenizerCanvas::follow(TokenizerPage& page) const {
  if (!page.follow || steps_->moments.empty()) return;
  page.follow = false;
  const size_t moment = std::min(size_t(position_), steps_->moments.size() - 1);
  const auto number = size_t(steps_->moments[moment].piece);
  const float room = ImGui::GetWindowWidth() - px(gutter), middle = (left_of(number, 0) + ends_[number]) / 2;
  const float wanted = std::max(0.f, middle - room / 2);
  const float seen = ImGui::GetScrollX();
  if (left_of(number, 0) < seen || ends_[number] > seen + room) ImGui::SetScrollX(wanted);
}

void TokenizerCanvas::draw(TokenizerPage& page, const TokenSteps& steps) {
  WithFont with(Font::small);
  place(steps);
  placed_ = page.shown;
  position_ = page.shown_position;
  list_ = ImGui::GetWindowDrawList();
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  origin_ = {corner.x + px(gutter), corner.y};
  follow(page);
  const float seen_left = ImGui::GetWindowPos().x, seen_right = seen_left + ImGui::GetWindowWidth();
  for (size_t number = 0; number < steps.pieces.size(); ++number) {
    if (origin_.x + ends_[number] < seen_left || origin_.x + left_of(number, 0) > seen_right) continue;
    piece_rows(number);
    boxes(number);
  }
  // The tokens stay in sight, over what there is no room for.
  const float below = ImGui::GetWindowHeight() - ImGui::GetStyle().ScrollbarSize - px(box_height + 4);
  tokens_ = std::min(tokens_, ImGui::GetScrollY() + below);
  list_->AddRectFilled({seen_left, origin_.y + tokens_ - px(6)},
                       {seen_right, origin_.y + tokens_ + px(box_height + 20)}, pack(colours().panel));
  for (size_t number = 0; number < steps.pieces.size(); ++number)
    if (origin_.x + ends_[number] >= seen_left && origin_.x + left_of(number, 0) <= seen_right)
      tokens(number);
  labels();
  ImGui::Dummy({px(gutter) + width_, height_});
}

}  // namespace orrery
