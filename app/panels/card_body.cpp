#include "app/panels/card_body.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/language.h"
#include "app/panels/links.h"
#include "app/style.h"
#include "renderer/figure_drawing.h"

namespace orrery {
using namespace ui;

namespace {

std::string four_digits(double value) {
  if (!std::isfinite(value)) return number_text(value);
  char text[24];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

/// A moving pen for one line of text made of pieces.
struct Pen {
  ImVec2 at;
  float height;
  ImDrawList* list = ImGui::GetWindowDrawList();

  void write(const std::string& words, const ImVec4& colour) {
    list->AddText({at.x, at.y + (height - ImGui::GetFontSize()) / 2}, pack(colour), words.c_str());
    at.x += ImGui::CalcTextSize(words.c_str()).x;
  }
};

class Body {
 public:
  Body(App& app, const CellFacts& facts, Card* card)
      : app_(app), facts_(facts), card_(card), name_(card ? "card" + std::to_string(card->id) : "hover") {}

  void draw() {
    place();
    if (facts_.state == CellFacts::State::not_computed)
      return wrapped(Font::small, colours().muted, tr("Not computed yet."));
    value();
    if (!facts_.cell.tensor->op) origin();
    if (facts_.derivation) derivation(*facts_.derivation);
    if (card_) readers();
  }

  /// Place and number alone.
  void summary() {
    place();
    if (facts_.state == CellFacts::State::not_computed)
      return wrapped(Font::small, colours().muted, tr("Not computed yet."));
    value();
  }

  /// Where a click leads.
  const std::optional<Cell>& wanted() const { return wanted_; }

 private:
  void place() {
    const std::string line = place_line(facts_, translate);
    wrapped(Font::small, colours().muted, line.c_str());
  }

  void value() {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float side = px(20);
    const ImVec4 colour = app_.scene.colour_of(facts_.cell, facts_.stored);
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(at, {at.x + side, at.y + side}, pack(colour), px(4));
    list->AddRect(at, {at.x + side, at.y + side}, pack(colours().line), px(4));
    ImGui::Dummy({side, side});
    ImGui::SameLine();
    ImGui::SetCursorScreenPos({at.x + side + px(9), at.y + (side - font(Font::title)->FontSize) / 2});
    const bool masked = facts_.state == CellFacts::State::masked;
    text(Font::title, masked ? colours().muted : colours().text,
         masked ? tr("masked") : number_text(facts_.stored).c_str());
    mark((name_ + "_value").c_str());
    compare();
  }

  /// How far this number lies from the first card's.
  void compare() {
    if (!card_ || app_.cards.pinned().front().id == card_->id) return;
    const Card& first = app_.cards.pinned().front();
    if (first.facts.state != CellFacts::State::known || facts_.state != CellFacts::State::known) return;
    // Only numbers of one kind: the same tensor, or the same part of another head or layer.
    const Tensor &one = *first.cell.tensor, &other = *facts_.cell.tensor;
    if (&one != &other && (one.label.key.empty() || one.label.key != other.label.key)) return;
    const double apart = facts_.stored - first.facts.stored;
    text(Font::small, card_colour(first.id, app_.settings.theme),
         translate(say("{0} from card {1}", (apart < 0 ? "" : "+") + four_digits(apart), first.id)).c_str());
  }

  void origin() {
    const bool input = facts_.cell.tensor->role == Role::input;
    const std::string words =
        input ? std::string(tr("The id of the token that stands here.")) : translate(weight_words(facts_));
    wrapped(Font::small, colours().muted, words.c_str());
  }

  void derivation(const Derivation& derivation) {
    const Explanation& why = derivation.why;
    wrapped(Font::small, colours().text, translate(why.words).c_str());
    if (facts_.state == CellFacts::State::masked) return;
    const std::string formula = translate(why.formula);
    need_glyphs(formula.c_str());
    text(Font::mono, colours().muted, formula.c_str());
    std::optional<Derivation::Moment> now;
    if (card_ && app_.cards.replayed == card_->id) now = derivation.at(app_.cards.progress);
    if (card_ && has_drawing(derivation)) drawing(derivation, now ? app_.cards.progress : 1);
    const int last = int(why.acts.size()) - 1;
    const int open = now ? now->act : card_ && card_->open_act >= 0 ? std::min(card_->open_act, last) : last;
    for (int i = 0; i <= last; ++i) {
      const Act& act = why.acts[size_t(i)];
      if (last > 0) act_heading(act, i, i == open, i == last);
      if (i == open) terms(act, i, now ? now->term : -1);
    }
    const double apart = facts_.difference();
    result("= " + number_text(why.value),
           translate(apart == 0 ? say("in double precision, the same")
                                : say("in double precision, {0} apart", four_digits(apart))));
    if (card_) replay(derivation);
  }

  /// The curve or figure that the scene shows beside the cell, too.
  void drawing(const Derivation& derivation, double progress) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = std::min(ImGui::GetContentRegionAvail().x, px(340)), high = width / Drawing::aspect;
    const Drawing drawn = draw_figure(derivation, progress,
                                      palette(app_.settings.theme, app_.settings.colour_blind), translate);
    const auto place = [&](glm::vec2 p) { return ImVec2(at.x + p.x * high, at.y + (1 - p.y) * high); };
    const auto ink = [](glm::vec4 c) { return pack({c.r, c.g, c.b, c.a}); };
    ImDrawList* list = ImGui::GetWindowDrawList();
    for (const Drawing::Box& box : drawn.boxes) {
      list->AddRectFilled(place({box.low.x, box.high.y}), place({box.high.x, box.low.y}), ink(box.fill));
      if (box.line.a > 0)
        list->AddRect(place({box.low.x, box.high.y}), place({box.high.x, box.low.y}), ink(box.line));
    }
    for (const Drawing::Line& line : drawn.lines)
      list->AddLine(place(line.from), place(line.to), ink(line.colour), std::max(1.f, line.width * high));
    const glm::vec3 dot = value_colour(palette(app_.settings.theme, app_.settings.colour_blind), 0.8f);
    for (const glm::vec2& point : drawn.points) list->AddCircleFilled(place(point), px(4), ink({dot, 1}));
    WithFont with(Font::small);
    for (const Drawing::Word& word : drawn.words) {
      need_glyphs(word.text.c_str());
      const ImVec2 size = ImGui::CalcTextSize(word.text.c_str()), middle = place(word.at);
      list->AddText({middle.x - word.align * size.x, middle.y - size.y / 2}, ink(word.colour),
                    word.text.c_str());
    }
    ImGui::Dummy({width, high});
    mark((name_ + "_drawing").c_str());
  }

  /// What an act does and what comes out of it; a click lists its terms.
  void act_heading(const Act& act, int index, bool open, bool last) {
    std::string words = std::to_string(index + 1) + ". " + translate(act.words);
    if (!last) words += ": " + translate(act.symbol) + " = " + number_text(act.value);
    wrapped(Font::small, open ? colours().text : colours().muted, words.c_str());
    const std::string id = name_ + "_act_" + std::to_string(index);
    if (!card_ || open) return mark(id.c_str());
    const ImVec2 low = ImGui::GetItemRectMin(), size = ImGui::GetItemRectSize();
    const ImVec2 after = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos(low);
    if (ImGui::InvisibleButton(id.c_str(), {std::max(1.f, size.x), std::max(1.f, size.y)}))
      card_->open_act = index;
    mark(id.c_str());
    if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    ImGui::SetCursorScreenPos(after);
  }

  void result(const std::string& number, const std::string& note) {
    text(Font::mono, colours().text, number.c_str());
    if (note.empty()) return;
    need_glyphs(note.c_str());
    const float room = ImGui::GetContentRegionAvail().x - ImGui::GetItemRectSize().x - px(8);
    WithFont with(Font::small);
    if (ImGui::CalcTextSize(note.c_str()).x < room) ImGui::SameLine(0, px(8));
    wrapped(Font::small, colours().muted, note.c_str());
  }

  // ---- terms

  void terms(const Act& act, int index, int under_way) {
    double largest = 0;
    for (const Term& term : act.terms)
      if (std::isfinite(term.value)) largest = std::max(largest, std::abs(term.value));
    const bool whole = card_ && card_->unfolded;
    FoldedTerms folded = fold_terms(act, card_ ? 6 : 4);
    WithFont with(Font::small);
    const float row = px(20);
    if (!whole) {
      for (int i : folded.shown) term_row(act, index, i, largest, i == under_way);
    } else {
      ImGui::PushID(index);
      ImGui::BeginChild("terms", {0, row * float(std::min<size_t>(act.terms.size(), 14))});
      if (under_way >= 0) ImGui::SetScrollY(row * (float(under_way) - 6));
      ImGuiListClipper clipper;
      clipper.Begin(int(act.terms.size()), row);
      while (clipper.Step())
        for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
          term_row(act, index, i, largest, i == under_way);
      ImGui::EndChild();
      ImGui::PopID();
    }
    if (folded.hidden > 0) fold_row(act, index, folded, whole);
  }

  void fold_row(const Act& act, int index, const FoldedTerms& folded, bool whole) {
    const std::string words =
        whole                   ? std::string(tr("show only the largest"))
        : act.fold == Fold::sum ? translate(say("{0} more, together {1}", folded.hidden, folded.hidden_total))
                                : translate(say("{0} more, at most {1}", folded.hidden, folded.hidden_total));
    if (!card_) return text(Font::small, colours().muted, words.c_str());
    if (text_link((name_ + "_fold_" + std::to_string(index)).c_str(), Font::small, colours().muted, words))
      card_->unfolded = !card_->unfolded;
  }

  /// One term: its numbers, each of which stands for a cell, and a bar as long as what it adds.
  void term_row(const Act& act, int act_index, int index, double largest, bool under_way) {
    const Term& term = act.terms[size_t(index)];
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float row = px(20), width = ImGui::GetContentRegionAvail().x;
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (under_way) list->AddRectFilled(at, {at.x + width, at.y + row}, pack(colours().line), px(4));
    Pen pen{{at.x + px(2), at.y}, row};
    const std::string id = name_ + "_term_" + std::to_string(act_index) + "_" + std::to_string(index);
    expression(term, pen, id);
    const std::string number = four_digits(term.value);
    const float number_width = ImGui::CalcTextSize(number.c_str()).x;
    const bool plain = !term.form && term.values.size() < 2;
    // The bar grows from a middle line, as far as room is left.
    const float right = at.x + width - std::max(number_width, px(62)) - px(10);
    const float left = std::max(pen.at.x + px(10), right - px(86));
    if (right - left > px(16) && largest > 0 && std::isfinite(term.value)) {
      const float middle = (left + right) / 2, part = float(term.value / largest) * (right - left) / 2;
      list->AddRectFilled({std::min(middle, middle + part), at.y + px(5)},
                          {std::max(middle + 1, middle + part), at.y + row - px(5)},
                          pack(term.value < 0 ? colours().accent : colours().warm), px(2));
      list->AddLine({middle, at.y + px(3)}, {middle, at.y + row - px(3)}, pack(colours().line));
    }
    if (!plain)
      list->AddText({at.x + width - number_width - px(2), at.y + (row - ImGui::GetFontSize()) / 2},
                    pack(colours().text), number.c_str());
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy({width, row - ImGui::GetStyle().ItemSpacing.y + px(2)});
  }

  void expression(const Term& term, Pen& pen, const std::string& id) {
    std::string form = term.form ? term.form : "";
    if (!term.form)
      for (size_t i = 0; i < term.values.size(); ++i) form += (i ? " × {" : "{") + std::to_string(i) + "}";
    need_glyphs(form.c_str());
    for (size_t i = 0; i < form.size();) {
      const size_t open = form.find('{', i);
      if (open == std::string::npos || open + 2 >= form.size()) {
        pen.write(form.substr(i), colours().muted);
        return;
      }
      if (open > i) pen.write(form.substr(i, open - i), colours().muted);
      operand(term, size_t(form[open + 1] - '0'), pen, id);
      i = open + 3;
    }
  }

  /// A number of a term. Where it stands for a cell it is a link: it lights the cell, and leads to it.
  void operand(const Term& term, size_t index, Pen& pen, const std::string& id) {
    if (index >= term.values.size()) return;
    const std::string words = four_digits(term.values[index]);
    const auto found = std::ranges::find_if(
        term.cells, [&](const Cell& one) { return app_.trace && app_.trace->at(one) == term.values[index]; });
    const bool own = index < term.cells.size() && app_.trace->at(term.cells[index]) == term.values[index];
    if (!own && found == term.cells.end()) return pen.write(words, colours().muted);
    const Cell& cell = own ? term.cells[index] : *found;
    const ImVec4& colour = colours().kinds[int(cell.tensor->kind)];
    const ImVec2 from = pen.at;
    pen.write(words, colour);
    if (!card_) return;
    ImGui::SetCursorScreenPos(from);
    if (ImGui::InvisibleButton((id + "_" + std::to_string(index)).c_str(),
                               {std::max(1.f, pen.at.x - from.x), pen.height - px(1)}))
      wanted_ = cell;
    mark((id + "_" + std::to_string(index)).c_str());
    const bool hovered = ImGui::IsItemHovered();
    if (hovered) {
      ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
      pen.list->AddLine({from.x, from.y + pen.height - px(3)}, {pen.at.x, from.y + pen.height - px(3)},
                        pack(colour));
      const Cell& to = card_->cell;
      app_.cards.pointed =
          PointedOperand{{cell.tensor, cell.row, cell.col, 1, 1}, {to.tensor, to.row, to.col, 1, 1}};
      tooltip(region_text({cell.tensor, cell.row, cell.col, 1, 1}).c_str());
    }
  }

  // ---- its making, again

  void replay(const Derivation& derivation) {
    Cards& cards = app_.cards;
    const bool on = cards.replayed == card_->id;
    if (!on) return;
    const float side = px(22);
    const bool ended = cards.progress >= 1;
    if (icon_button((name_ + "_run").c_str(), cards.running ? Icon::pause : Icon::play,
                    tr("Show how this number is made"), side, true)) {
      cards.running = !cards.running;
      if (cards.running && ended) cards.progress = 0;
    }
    ImGui::SameLine();
    auto part = float(cards.progress);
    ImGui::SetNextItemWidth(-1);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(4), px(2)});
    if (ImGui::SliderFloat("##replay", &part, 0, 1, "")) cards.progress = double(part), cards.running = false;
    ImGui::PopStyleVar();
    mark((name_ + "_replay_bar").c_str());
    const auto moment = derivation.at(cards.progress);
    const Act& act = derivation.why.acts[size_t(moment.act)];
    const int count = int(act.terms.size());
    text(Font::small, colours().muted,
         moment.term < count ? translate(say("term {0} of {1}", moment.term + 1, count)).c_str()
                             : translate(act.words).c_str());
  }

  // ---- downstream

  void readers() {
    if (facts_.readers.empty()) return;
    const std::string words = translate(say("Readers: {0}", facts_.readers.size()));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float side = px(18);
    draw_icon(ImGui::GetWindowDrawList(), card_->readers_open ? Icon::down : Icon::right,
              {at.x + side / 2, at.y + side / 2}, side, pack(colours().muted));
    ImGui::SetCursorScreenPos({at.x + side, at.y});
    if (text_link((name_ + "_readers").c_str(), Font::small, colours().muted, words))
      card_->readers_open = !card_->readers_open;
    if (!card_->readers_open) return;
    const float row = px(19);
    ImGui::BeginChild("readers", {0, row * float(std::min<size_t>(facts_.readers.size(), 8))});
    for (size_t i = 0; i < facts_.readers.size(); ++i) reader(facts_.readers[i], int(i));
    ImGui::EndChild();
  }

  void reader(const Reader& reader, int index) {
    WithFont with(Font::small);
    const std::string words = fitting(reader_text(reader), ImGui::GetContentRegionAvail().x - px(14));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const std::string id = name_ + "_reader_" + std::to_string(index);
    if (ImGui::InvisibleButton(id.c_str(), {std::max(1.f, ImGui::GetContentRegionAvail().x),
                                            px(19) - ImGui::GetStyle().ItemSpacing.y + px(3)}))
      wanted_ = reader.nearest(card_->cell);
    mark(id.c_str());
    const ImVec4& colour = colours().kinds[int(reader.tensor->kind)];
    const bool hovered = ImGui::IsItemHovered();
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (hovered) {
      list->AddRectFilled(ImGui::GetItemRectMin(), ImGui::GetItemRectMax(), pack(colours().raised), px(4));
      const Cell& own = card_->cell;
      app_.cards.pointed = PointedOperand{{own.tensor, own.row, own.col, 1, 1}, reader.bounds()};
    }
    list->AddText({at.x + px(4), at.y}, pack(colour), words.c_str());
  }

  App& app_;
  const CellFacts& facts_;
  Card* card_;
  std::string name_;
  std::optional<Cell> wanted_;
};

}  // namespace

void card_body(App& app, const CellFacts& facts, Card* card) {
  Body body(app, facts, card);
  body.draw();
  if (card && body.wanted()) {
    app.cards.walk(*card, *body.wanted());
    app.scene.selected = card->cell;
    app.scene.show_cell(card->cell, app.settings.reduced_motion);
    app.awake = 4;
  }
}

void card_summary(App& app, const CellFacts& facts) { Body(app, facts, nullptr).summary(); }

ImVec4 card_colour(int id, Theme theme) {
  constexpr unsigned dark[] = {0xffd36e, 0x7ee0ff, 0xff9bd0, 0xb5f06c, 0xc9b3ff, 0xffa36b};
  constexpr unsigned light[] = {0xa86b00, 0x00739c, 0xb0307e, 0x3f7d0f, 0x6a45c9, 0xb3501a};
  const unsigned rgb = (theme == Theme::dark ? dark : light)[(id - 1) % 6];
  return {float(rgb >> 16 & 255) / 255, float(rgb >> 8 & 255) / 255, float(rgb & 255) / 255, 1};
}

}  // namespace orrery
