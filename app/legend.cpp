#include "app/legend.h"

#include <algorithm>
#include <array>

#include "app/language.h"
#include "app/style.h"

namespace orrery {
using namespace ui;

namespace {

/// The ramp from the lowest number to the highest, both beside it; a tick marks the middle. `attention`: its
/// scale, from 0 to 1.
void scale_bar(const Legend& legend, bool attention, float width) {
  const Palette& palette = orrery::palette(legend.theme, legend.colour_blind);
  const std::string low = attention ? "0" : number_text(-double(legend.range.limit));
  const std::string high = attention ? "1" : number_text(double(legend.range.limit));
  text(Font::small, colours().text, low.c_str());
  ImGui::SameLine(0, px(6));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float top = at.y + px(4), bottom = top + px(12);
  ImDrawList* list = ImGui::GetWindowDrawList();
  constexpr int parts = 48;
  for (int i = 0; i < parts; ++i) {
    const float part = (float(i) + 0.5f) / parts;
    const glm::vec3 c = attention ? attention_colour(palette, part) : value_colour(palette, part * 2 - 1);
    list->AddRectFilled({at.x + width * float(i) / parts, top},
                        {at.x + width * float(i + 1) / parts + 1, bottom}, pack({c.r, c.g, c.b, 1}));
  }
  list->AddLine({at.x + width / 2, top - px(2)}, {at.x + width / 2, bottom + px(2)}, pack(colours().muted));
  ImGui::Dummy({width, px(19)});
  mark("legend");
  tooltip(attention ? tr("The middle of the scale is 0.5") : tr("The middle of the scale is 0"));
  ImGui::SameLine(0, px(6));
  text(Font::small, colours().text, high.c_str());
}

void rule_button(RangeRule& choice, const char* name, const char* label, RangeRule rule) {
  WithFont with(Font::small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(7), px(1)});
  if (button(name, label, choice == rule)) choice = rule;
  ImGui::PopStyleVar();
}

enum class Look { frame, hatched, empty };

/// A small cell that stands for a kind of tensors or a state of cells.
struct Sign {
  Look look;
  ImVec4 colour;
  const char* words;
};

using Signs = std::array<Sign, 7>;

Signs signs() {
  const auto& kinds = colours().kinds;
  return {{{Look::frame, kinds[0], tr("Activation")},
           {Look::frame, kinds[1], tr("Weight")},
           {Look::frame, kinds[2], tr("Normalisation")},
           {Look::frame, kinds[3], tr("Attention")},
           {Look::frame, kinds[4], tr("Embedding")},
           {Look::hatched, colours().line, tr("masked")},
           {Look::empty, colours().muted, tr("not computed yet")}}};
}

float sign_gap() { return px(12); }

/// In which line each of them stands where lines are `width` pixels wide.
std::array<int, 7> lines_of(const Signs& signs, float width) {
  std::array<int, 7> lines{};
  int line = 0;
  float used = 0;
  for (size_t i = 0; i < signs.size(); ++i) {
    need_glyphs(signs[i].words);
    const float wide = px(18) + ImGui::CalcTextSize(signs[i].words).x;
    if (used > 0 && used + wide > width) ++line, used = 0;
    used += wide + sign_gap();
    lines[i] = line;
  }
  return lines;
}

/// The cell with its name behind it; the next goes on in the same line.
void show_sign(const Sign& sign) {
  const ImVec2 at = ImGui::GetCursorScreenPos(), low{at.x, at.y + px(4)}, high{at.x + px(12), at.y + px(16)};
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (sign.look == Look::hatched)
    for (float x = px(3); x < px(23); x += px(5))
      list->AddLine({low.x + std::min(x, px(12)), low.y + std::max(0.f, x - px(12))},
                    {low.x + std::max(0.f, x - px(12)), low.y + std::min(x, px(12))}, pack(colours().muted));
  list->AddRect(low, high, pack(sign.colour), px(3), 0, sign.look == Look::frame ? px(2) : 1);
  ImGui::Dummy({px(14), px(19)});
  ImGui::SameLine(0, px(4));
  text(Font::small, colours().muted, sign.words);
  ImGui::SameLine(0, sign_gap());
}

/// What a note says, after a wedge from 0 to its largest number.
void note_line(const Legend& legend, const LegendNote& note) {
  text(Font::small, colours().text, "0");
  ImGui::SameLine(0, px(6));
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = px(56), middle = at.y + px(9);
  const glm::vec3 colour = orrery::palette(legend.theme, legend.colour_blind).frame(Kind::attention);
  constexpr int parts = 28;
  for (int i = 0; i < parts; ++i) {
    const float part = (float(i) + 0.5f) / parts;
    ImGui::GetWindowDrawList()->AddRectFilled({at.x + width * float(i) / parts, middle - px(6) * part},
                                              {at.x + width * float(i + 1) / parts, middle + px(6) * part},
                                              pack({colour.r, colour.g, colour.b, 0.18f + 0.77f * part}));
  }
  ImGui::Dummy({width, px(16)});
  ImGui::SameLine(0, px(6));
  text(Font::small, colours().text, number_text(note.largest).c_str());
  ImGui::SameLine(0, px(12));
  WithFont with(Font::small);
  const std::string words = translate(note.words);
  need_glyphs(words.c_str());
  text(Font::small, colours().muted, fitting(words, ImGui::GetContentRegionAvail().x).c_str());
}

}  // namespace

LegendNote arcs_note(const ArcChoice& choice, const AttentionArcs& arcs) {
  if (arcs.why_not()) return {*arcs.why_not()};
  const std::string from = number_text(double(arcs.threshold())).substr(0, 6);
  const double largest = double(arcs.largest());
  if (choice.written && choice.head < 0)
    return {
        say("Arcs: what layer {0} writes, mean of its heads; width is attention × |v W_O|, none below {1}",
            choice.layer, from),
        largest};
  if (choice.written)
    return {say("Arcs: what head {0} of layer {1} writes; width is attention × |v W_O|, none below {2}",
                choice.head, choice.layer, from),
            largest};
  if (choice.head < 0)
    return {say("Arcs: where layer {0} looks, mean of its heads; width is attention, none below {1}",
                choice.layer, from)};
  return {say("Arcs: where head {0} of layer {1} looks; width is attention, none below {2}", choice.head,
              choice.layer, from)};
}

LegendNote lens_note() {
  return {
      say("Ghost columns: logit lens, what a state would predict were it the last: not the model's own "
          "output but in the last")};
}

Legend legend_of(const Tensor& tensor, int row, Range range, RangeRule rule) {
  Legend legend;
  legend.range = range;
  legend.of = say("Scale of {0}: each tensor has its own", tensor.name);
  legend.brief = say("Scale of {0}", tensor.name);
  if (!range.attention && rule == RangeRule::row)
    legend.of = say("Scale of row {0} of {1}: each row has its own", row, tensor.name);
  if (!range.attention && rule == RangeRule::global)
    legend.of = say("One scale for all tensors, {0} too", tensor.name);
  return legend;
}

int sign_lines(float width) {
  WithFont with(Font::small);
  return lines_of(signs(), width).back() + 1;
}

void legend_strip(const Legend& legend, RangeRule* choice) {
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(6), px(4)});
  for (const LegendNote& note : legend.notes) note_line(legend, note);
  scale_bar(legend, legend.range.attention, std::min(px(150), ImGui::GetContentRegionAvail().x * 0.25f));
  ImGui::SameLine(0, px(14));
  {
    WithFont with(Font::small);
    const float room = ImGui::GetContentRegionAvail().x - (choice ? px(170) : 0);
    std::string words = translate(legend.of);
    if (ImGui::CalcTextSize(words.c_str()).x > room) words = translate(legend.brief);
    need_glyphs(words.c_str());
    text(Font::small, colours().muted, fitting(words, room).c_str());
  }
  if (choice) {
    ImGui::SameLine(0, px(10));
    rule_button(*choice, "range_tensor", tr("Tensor"), RangeRule::tensor);
    ImGui::SameLine(0, px(3));
    rule_button(*choice, "range_row", tr("Row"), RangeRule::row);
    ImGui::SameLine(0, px(3));
    rule_button(*choice, "range_global", tr("All"), RangeRule::global);
  }
  WithFont with(Font::small);
  const Signs all = signs();
  const auto lines = lines_of(all, ImGui::GetContentRegionAvail().x);
  for (size_t i = 0; i < all.size(); ++i) {
    if (i > 0 && lines[i] != lines[i - 1]) ImGui::NewLine();
    show_sign(all[i]);
  }
  ImGui::PopStyleVar();
}

}  // namespace orrery
