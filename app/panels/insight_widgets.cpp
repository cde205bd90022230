#include "app/panels/insight_widgets.h"

#include <algorithm>
#include <cmath>

#include "app/language.h"
#include "renderer/palette.h"

namespace orrery {
using namespace ui;

namespace {

ImU32 packed(glm::vec3 c) { return pack({c.r, c.g, c.b, 1}); }

}  // namespace

ImU32 weight_colour(const App& app, double part) {
  return packed(attention_colour(palette(app.settings.theme, app.settings.colour_blind),
                                 float(std::clamp(part, 0.0, 1.0))));
}

ImU32 signed_colour(const App& app, double part) {
  return packed(value_colour(palette(app.settings.theme, app.settings.colour_blind),
                             float(std::clamp(part, -1.0, 1.0))));
}

ImU32 text_on(ImU32 colour) {
  const ImVec4 c = ImGui::ColorConvertU32ToFloat4(colour);
  const float light = 0.3f * c.x + 0.59f * c.y + 0.11f * c.z;
  return light > 0.5f ? IM_COL32(16, 20, 36, 255) : IM_COL32(240, 243, 255, 255);
}

void note(const Message& message) { wrapped(Font::small, colours().muted, translate(message).c_str()); }

void waiting(float progress) {
  text(Font::small, colours().muted, tr("Being computed …"));
  ImGui::ProgressBar(progress, {-1, px(4)}, "");
}

bool choice(const char* name, const char* label, bool chosen, float padding) {
  WithFont with(Font::small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {padding < 0 ? px(8) : padding, px(3)});
  const bool pressed = button(name, label, chosen);
  ImGui::PopStyleVar();
  return pressed;
}

std::string token_at(const App& app, int row) { return app.trace->model().token_text(app.trace->token(row)); }

int token_chips(const App& app, const char* name, int rows, int chosen) {
  int clicked = -1;
  const float height = px(24);
  WithFont with(Font::small);
  ImGui::BeginChild(name, {0, height + ImGui::GetStyle().ScrollbarSize}, false,
                    ImGuiWindowFlags_HorizontalScrollbar);
  ImDrawList* list = ImGui::GetWindowDrawList();
  for (int row = 0; row < rows; ++row) {
    const std::string words = token_at(app, row);
    need_glyphs(words.c_str());
    const float width = std::max(px(20), ImGui::CalcTextSize(words.c_str()).x + px(10));
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::PushID(row);
    if (ImGui::InvisibleButton("chip", {width, height})) clicked = row;
    ImGui::PopID();
    mark((std::string(name) + "_" + std::to_string(row)).c_str());
    const bool on = row == chosen, hovered = ImGui::IsItemHovered();
    list->AddRectFilled(at, {at.x + width, at.y + height},
                        pack(on        ? colours().accent
                             : hovered ? colours().line
                                       : fade(colours().kinds[4], 0.16f)),
                        px(5));
    const float text_width = ImGui::CalcTextSize(words.c_str()).x;
    list->AddText({at.x + (width - text_width) / 2, at.y + (height - ImGui::GetFontSize()) / 2},
                  pack(on ? colours().on_accent : colours().text), words.c_str());
    if (on && ImGui::IsWindowAppearing()) ImGui::SetScrollHereX();
    ImGui::SameLine(0, px(3));
  }
  ImGui::EndChild();
  return clicked;
}

bool token_choice(const App& app, const char* name, const std::vector<int>& ids, const char* none, int& id) {
  const Model& model = app.trace->model();
  const std::string shown = id >= 0 ? model.token_text(id) : none ? none : "";
  need_glyphs(shown.c_str());
  bool changed = false;
  WithFont with(Font::small);
  ImGui::SetNextItemWidth(px(110));
  const bool open = ImGui::BeginCombo((std::string("##") + name).c_str(), shown.c_str());
  mark(name);
  if (!open) return false;
  const auto entry = [&](const std::string& words, int value) {
    need_glyphs(words.c_str());
    ImGui::PushID(value);
    if (ImGui::Selectable(words.c_str(), value == id)) changed = id != value, id = value;
    ImGui::PopID();
  };
  if (none) entry(none, -1);
  for (int candidate : ids) entry(model.token_text(candidate), candidate);
  ImGui::EndCombo();
  return changed;
}

bool bar_line(const App& app, const std::string& id, const BarLine& line) {
  WithFont with(Font::small);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = std::max(px(80), ImGui::GetContentRegionAvail().x), high = px(20);
  ImGui::PushID(id.c_str());
  const bool clicked = ImGui::InvisibleButton("bar", {width, high});
  ImGui::PopID();
  mark(id.c_str());
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (ImGui::IsItemHovered() || line.chosen)
    list->AddRectFilled(at, {at.x + width, at.y + high},
                        pack(line.chosen ? fade(colours().accent, 0.25f) : colours().raised), px(4));
  need_glyphs(line.name.c_str());
  const float name_width = std::min(px(120), width * 0.3f), number_width = px(64);
  const float y = at.y + (high - ImGui::GetFontSize()) / 2;
  list->AddText({at.x + px(4), y}, pack(line.muted ? colours().faint : colours().text),
                fitting(line.name, name_width - px(8)).c_str());
  const float left = at.x + name_width, room = std::max(1.f, width - name_width - number_width);
  const float zero = line.one_sided ? left : left + room / 2, full = line.one_sided ? room : room / 2;
  const double part = line.largest > 0 ? std::clamp(line.value / line.largest, -1.0, 1.0) : 0;
  const float end = zero + float(part) * full;
  list->AddLine({zero, at.y + px(2)}, {zero, at.y + high - px(2)}, pack(colours().line));
  if (std::abs(end - zero) >= 0.5f)
    list->AddRectFilled({std::min(zero, end), at.y + px(4)}, {std::max(zero, end), at.y + high - px(4)},
                        line.muted       ? pack(colours().faint)
                        : line.one_sided ? pack(colours().accent)
                                         : signed_colour(app, line.value >= 0 ? 0.55 : -0.55),
                        px(2));
  const std::string number = number_text(line.value);
  list->AddText({at.x + width - ImGui::CalcTextSize(number.c_str()).x - px(4), y},
                pack(line.muted ? colours().faint : colours().muted), number.c_str());
  return clicked;
}

void slanted_text(ImDrawList* list, ImVec2 at, ImU32 colour, const std::string& words) {
  list->PushClipRectFullScreen();
  const int first = list->VtxBuffer.Size;
  list->AddText(at, colour, words.c_str());
  constexpr float sine = -0.8192f, cosine = 0.5736f;  // 55 degrees
  for (int i = first; i < list->VtxBuffer.Size; ++i) {
    ImVec2& p = list->VtxBuffer[i].pos;
    const float x = p.x - at.x, y = p.y - at.y;
    p = {at.x + x * cosine - y * sine, at.y + x * sine + y * cosine};
  }
  list->PopClipRect();
}

}  // namespace orrery
