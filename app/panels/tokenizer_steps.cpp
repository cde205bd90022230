#include <algorithm>
#include <cmath>

#include "app/actions.h"
#include "app/language.h"
#include "app/panels/insight_widgets.h"
#include "app/panels/tokenizer_canvas.h"

namespace orrery {
using namespace ui;

namespace {

using Event = TokenSteps::Event;

std::string drawable_part(const TokenizingSteps::Piece& piece, size_t begin, size_t end) {
  return drawable(std::string_view(piece.text).substr(begin, end - begin));
}

/// The bytes that a box, or a column given as -1 - column, stands for.
std::string part_of(const TokenSteps& steps, int piece, int box) {
  const TokenSteps::Piece& shown = steps.pieces[size_t(piece)];
  const int first = box >= 0 ? shown.boxes[size_t(box)].first : -1 - box;
  const int last = box >= 0 ? shown.boxes[size_t(box)].last : -1 - box;
  return drawable_part(steps.steps.pieces[size_t(piece)], shown.columns[size_t(first)].begin,
                       shown.columns[size_t(last)].end);
}

/// The tokens of a piece, one after the other.
std::string way_of(const TokenizingSteps::Piece& piece) {
  std::string words;
  for (const auto& token : piece.tokens)
    words += (words.empty() ? "" : " | ") + drawable_part(piece, token.begin, token.end);
  return words;
}

/// What a moment is about, in a sentence.
Message sentence(const TokenSteps& steps, size_t number) {
  const TokenSteps::Moment& moment = steps.moments[number];
  const TokenizingSteps::Piece& piece = steps.steps.pieces[size_t(moment.piece)];
  const bool scores = steps.tokenizer->kind() == "Unigram";
  if (moment.event == Event::choice)
    return scores ? say("Of all ways through the word, the one with the greatest sum is taken: {0}",
                        way_of(piece))
                  : say("The longest that fits is taken, and on from its end: {0}", way_of(piece));
  const std::string both = part_of(steps, moment.piece, moment.index);
  if (moment.event == Event::candidate) {
    const auto& candidate = piece.candidates[size_t(moment.index)];
    if (!scores) return say("{0} fits here", both);
    return say("{0} fits here: its score {1}, and with the best way to it {2}", both, candidate.score,
               candidate.sum);
  }
  const TokenSteps::Box& box = steps.pieces[size_t(moment.piece)].boxes[size_t(moment.index)];
  const auto& merge = piece.merges[size_t(moment.index)];
  const std::string left = part_of(steps, moment.piece, box.left);
  const std::string right = part_of(steps, moment.piece, box.right);
  if (merge.score != 0)
    return say("{0} and {1} become {2}: of the pairs here, the one with the greatest score ({3})", left,
               right, both, merge.score);
  return say("{0} and {1} become {2}: of the pairs here, the one that was learned first (rank {3})", left,
             right, both, merge.rank);
}

/// The sentence of the moment under way, or of the last one.
std::string caption(const TokenizerPage& page, const TokenSteps& steps) {
  if (steps.moments.empty()) {
    if (steps.pieces.empty()) return tr("Without a text there is nothing to see.");
    return tr("Nothing is merged here: every piece is a token already.");
  }
  if (page.shown_position <= 0) return tr("Press Space, and see how the tokens come about.");
  const double whole = std::floor(page.shown_position);
  const bool under_way = page.shown_position > whole;
  return translate(sentence(steps, size_t(whole) - (under_way ? 0 : 1)));
}

/// The moments as a list; a click goes there.
void moment_list(TokenizerPage& page, const TokenSteps& steps) {
  WithFont with(Font::small);
  const float line = px(22);
  const auto now = std::ptrdiff_t(std::ceil(page.shown_position)) - 1;
  static double scrolled_to = -1;
  if (scrolled_to != page.shown_position) {
    scrolled_to = page.shown_position;
    ImGui::SetScrollY(std::max(0.f, line * float(now + 1) - ImGui::GetWindowHeight() * 0.6f));
  }
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 0});
  ImGuiListClipper clipper;
  clipper.Begin(int(steps.moments.size()), line);
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const TokenSteps::Moment& moment = steps.moments[size_t(i)];
      const TokenizingSteps::Piece& piece = steps.steps.pieces[size_t(moment.piece)];
      const ImVec2 at = ImGui::GetCursorScreenPos();
      const float width = ImGui::GetContentRegionAvail().x;
      ImGui::PushID(i);
      if (ImGui::InvisibleButton("moment", {width, line})) page.playing = false, page.jump(i + 1);
      ImGui::PopID();
      ImDrawList* list = ImGui::GetWindowDrawList();
      if (i == now || ImGui::IsItemHovered())
        list->AddRectFilled(at, {at.x + width, at.y + line},
                            pack(i == now ? fade(colours().warm, 0.25f) : colours().raised), px(4));
      std::string words, number;
      if (moment.event == Event::choice) {
        words = way_of(piece);
      } else if (moment.event == Event::candidate) {
        words = part_of(steps, moment.piece, moment.index);
        if (const double score = piece.candidates[size_t(moment.index)].score; score != 0)
          number = number_text(std::round(score * 100) / 100);
      } else {
        const TokenSteps::Box& box = steps.pieces[size_t(moment.piece)].boxes[size_t(moment.index)];
        words = part_of(steps, moment.piece, box.left) + " + " + part_of(steps, moment.piece, box.right);
        const auto& merge = piece.merges[size_t(moment.index)];
        number = merge.score != 0 ? number_text(merge.score) : std::to_string(merge.rank);
      }
      need_glyphs(words.c_str());
      const float wide = ImGui::CalcTextSize(number.c_str()).x, y = at.y + px(2);
      const ImVec4 colour = i > now ? colours().faint : colours().text;
      list->AddText({at.x + px(6), y},
                    pack(moment.event == Event::choice && i <= now ? colours().accent : colour),
                    fitting(words, width - wide - px(18)).c_str());
      list->AddText({at.x + width - wide - px(6), y}, pack(i > now ? colours().faint : colours().muted),
                    number.c_str());
    }
  ImGui::PopStyleVar();
}

/// Play, step, scrub.
void transport(TokenizerPage& page, const TokenSteps& steps) {
  const float side = px(28);
  const auto icon = [&](const char* id, Icon sign, const char* tip, bool active = false) {
    const bool pressed = icon_button(id, sign, tip, side, active);
    ImGui::SameLine(0, px(4));
    return pressed;
  };
  if (icon("tokenizer_start", Icon::start, tr("To the start"))) page.playing = false, page.jump(0);
  if (icon("tokenizer_back", Icon::back, tr("One step back"))) page.step(-1);
  if (icon("tokenizer_play", page.playing ? Icon::pause : Icon::play, tr("Play or pause"), true))
    page.toggle_play();
  if (icon("tokenizer_on", Icon::on, tr("One step on"))) page.step(1);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = std::max(px(60), ImGui::GetContentRegionAvail().x - px(150)), high = px(10);
  ImGui::InvisibleButton("scrub", {width, side});
  mark("tokenizer_scrub");
  const double most = std::max<double>(1, double(page.moments));
  if (ImGui::IsItemActive() && page.moments > 0) {
    const double part = std::clamp(double(ImGui::GetIO().MousePos.x - at.x) / double(width), 0.0, 1.0);
    page.playing = false;
    page.jump(std::round(part * most));
  }
  ImDrawList* list = ImGui::GetWindowDrawList();
  const float y = at.y + (side - high) / 2;
  const auto x_of = [&](double moment) { return at.x + width * float(moment / most); };
  list->AddRectFilled({at.x, y}, {at.x + width, y + high}, pack(colours().raised), px(4));
  for (size_t i = 0; i < steps.pieces.size(); ++i) {
    const TokenSteps::Piece& piece = steps.pieces[i];
    if (piece.end > piece.begin)
      list->AddRectFilled(
          {x_of(double(piece.begin)), y}, {x_of(double(piece.end)) - px(1), y + high},
          pack(fade(colours().accent, double(piece.end) <= page.shown_position ? 0.8f : 0.25f)));
  }
  const float x = x_of(page.shown_position);
  list->AddRectFilled({x - px(1.5f), y - px(4)}, {x + px(1.5f), y + high + px(4)}, pack(colours().text));
  ImGui::SameLine(0, px(12));
  ImGui::SetCursorPosY(ImGui::GetCursorPosY() + px(4));
  text(Font::small, colours().muted,
       translate(say("step {0} of {1}", int(std::ceil(page.shown_position)), page.moments)).c_str());
}

/// Takes over what was computed; shows it complete at first.
void take(TokenizerPage& page, std::shared_ptr<const TokenSteps> steps) {
  if (page.shown == steps) return;
  page.shown = std::move(steps);
  page.moments = page.shown->moments.size();
  page.playing = false;
  page.jump(double(page.moments));
  page.follow = false;
}

}  // namespace

void tokenizer_steps_tab(App& app) {
  TokenizerPage& page = app.tokenizer_page;
  std::optional<Message> problem;
  const auto tokenizer = page.tokenizer(page.chosen, problem);
  if (problem) return wrapped(Font::body, colours().danger, translate(*problem).c_str());
  if (!tokenizer) return note(say("Being opened …"));
  if (auto steps = page.steps(0, tokenizer, page.text)) take(page, std::move(steps));
  if (!page.shown) return note(say("Being computed …"));
  const TokenSteps& steps = *page.shown;
  if (steps.problem) return wrapped(Font::body, colours().danger, translate(*steps.problem).c_str());
  const float below = px(102), list_width = px(220);
  const bool list = page.moments > 0 && ImGui::GetContentRegionAvail().x > px(700);
  static TokenizerCanvas canvas;
  ImGui::BeginChild("tokenizer_canvas",
                    {ImGui::GetContentRegionAvail().x - (list ? list_width + px(16) : 0),
                     std::max(px(80), ImGui::GetContentRegionAvail().y - below)},
                    false, ImGuiWindowFlags_HorizontalScrollbar);
  canvas.draw(page, steps);
  ImGui::EndChild();
  if (list) {
    ImGui::SameLine(0, px(16));
    ImGui::BeginChild("tokenizer_moments", {0, std::max(px(80), ImGui::GetContentRegionAvail().y - below)});
    moment_list(page, steps);
    ImGui::EndChild();
  }
  transport(page, steps);
  text(Font::body, colours().text, caption(page, steps).c_str());
  std::string counts = translate(token_counts(steps.tokens, steps.characters));
  if (!steps.steps.prefix.empty())
    counts += " · " + translate(say("put before every text: {0}",
                                    drawable(steps.tokenizer->bytes(steps.steps.prefix.front()))));
  text(Font::small, colours().accent, counts.c_str());
  const char* keys = tr("Space plays · , . step · ← → one word · ↑ ↓ another tokenizer · 1 2 3 these pages");
  ImGui::SameLine();
  const float wide = font(Font::small)->CalcTextSizeA(font(Font::small)->FontSize, 1e9f, 0, keys).x;
  const float room = ImGui::GetContentRegionAvail().x;
  if (room < wide + px(10)) return ImGui::NewLine();
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room - wide);
  text(Font::small, colours().faint, keys);
}

}  // namespace orrery
