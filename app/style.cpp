#include "app/style.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "app/focus.h"
#include "app/line_breaks.h"
#include "app/ui_dump.h"
#include "renderer/palette.h"

namespace orrery::ui {

namespace {

Colours current;
float scale_now = 1, fonts_scale = 0;
ImFont* fonts[4];
std::set<ImWchar> wanted, built;

ImVec4 hex(unsigned rgb, float alpha = 1) {
  return {float(rgb >> 16 & 255) / 255, float(rgb >> 8 & 255) / 255, float(rgb & 255) / 255, alpha};
}

Colours dark() {
  return {hex(0xeef2ff), hex(0x93a0c8), hex(0x5a668f), hex(0x0c1020), hex(0x12172b), hex(0x1b2240),
          hex(0x2a3357), hex(0x2f86e6), hex(0xffffff), hex(0xec7a2c), hex(0xff6b7a), {}};
}

Colours light() {
  return {hex(0x1b2236), hex(0x5d6785), hex(0x9aa3bd), hex(0xf4f5f9), hex(0xfdfdfb), hex(0xeceff6),
          hex(0xd3d9e6), hex(0x2f74d0), hex(0xffffff), hex(0xcf5f1e), hex(0xc0273a), {}};
}

/// The font file and the face in it that is Noto Sans CJK TC; empty if it is not installed.
std::string font_file() {
  for (const char* place :
       {"/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
        "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc", "/Library/Fonts/NotoSansCJK-Regular.ttc"})
    if (std::error_code error; std::filesystem::exists(place, error)) return place;
  return {};
}

}  // namespace

const Colours& colours() { return current; }
float px(float design) { return std::round(design * scale_now); }
ImVec4 fade(ImVec4 colour, float alpha) { return {colour.x, colour.y, colour.z, colour.w * alpha}; }
ImFont* font(Font which) { return fonts[int(which)]; }

void apply_style(Theme theme, bool colour_blind, float scale) {
  current = theme == Theme::dark ? dark() : light();
  if (colour_blind) current.warm = theme == Theme::dark ? hex(0xfdd85d) : hex(0x9a7b00);
  const Palette& scene = palette(theme, colour_blind);
  for (size_t kind = 0; kind < std::size(current.kinds); ++kind) {
    const glm::vec3& frame = scene.frames[kind];
    current.kinds[kind] = {frame.r, frame.g, frame.b, 1};
  }
  scale_now = scale;
  ImGuiStyle& style = ImGui::GetStyle() = ImGuiStyle();
  style.WindowPadding = {px(14), px(12)};
  style.FramePadding = {px(10), px(6)};
  style.ItemSpacing = {px(8), px(7)};
  style.ItemInnerSpacing = {px(6), px(4)};
  style.WindowRounding = style.ChildRounding = style.PopupRounding = px(8);
  style.FrameRounding = style.GrabRounding = px(6);
  style.ScrollbarSize = px(9);
  style.ScrollbarRounding = px(5);
  style.GrabMinSize = px(12);
  style.WindowBorderSize = style.ChildBorderSize = style.FrameBorderSize = 0;
  style.PopupBorderSize = 1;
  style.AntiAliasedLinesUseTex = false;
  ImVec4* c = style.Colors;
  c[ImGuiCol_Text] = current.text;
  c[ImGuiCol_TextDisabled] = current.muted;
  c[ImGuiCol_WindowBg] = current.panel;
  c[ImGuiCol_ChildBg] = {0, 0, 0, 0};
  c[ImGuiCol_PopupBg] = current.panel;
  c[ImGuiCol_Border] = c[ImGuiCol_Separator] = current.line;
  c[ImGuiCol_FrameBg] = current.raised;
  c[ImGuiCol_FrameBgHovered] = c[ImGuiCol_FrameBgActive] = current.line;
  c[ImGuiCol_Button] = current.raised;
  c[ImGuiCol_ButtonHovered] = current.line;
  c[ImGuiCol_ButtonActive] = fade(current.accent, 0.7f);
  c[ImGuiCol_Header] = current.raised;
  c[ImGuiCol_HeaderHovered] = c[ImGuiCol_HeaderActive] = current.line;
  c[ImGuiCol_CheckMark] = current.accent;
  // The slider's number is written over its grip.
  c[ImGuiCol_SliderGrab] = fade(current.accent, 0.45f);
  c[ImGuiCol_SliderGrabActive] = fade(current.accent, 0.6f);
  c[ImGuiCol_TableBorderLight] = c[ImGuiCol_TableBorderStrong] = current.line;
  c[ImGuiCol_ScrollbarBg] = {0, 0, 0, 0};
  c[ImGuiCol_ScrollbarGrab] = current.line;
  c[ImGuiCol_ScrollbarGrabHovered] = c[ImGuiCol_ScrollbarGrabActive] = current.faint;
  c[ImGuiCol_TextSelectedBg] = fade(current.accent, 0.4f);
  c[ImGuiCol_ModalWindowDimBg] = fade(current.background, 0.6f);
  c[ImGuiCol_PlotHistogram] = current.accent;
  c[ImGuiCol_NavHighlight] = {0, 0, 0, 0};  // Focus draws the ring
}

void need_glyphs(const char* words) {
  for (const char* at = words; *at;) {
    auto byte = static_cast<unsigned char>(*at++);
    if (byte < 0x80) continue;
    unsigned code = byte >= 0xf0 ? 0x10000 : byte >= 0xe0 ? byte & 15 : byte & 31;
    for (; (*at & 0xc0) == 0x80; ++at)
      if (code < 0x10000) code = code << 6 | (*at & 63);
    if (code > 0xff && code < 0x10000 && !built.count(ImWchar(code))) wanted.insert(ImWchar(code));
  }
}

bool update_fonts(float scale) {
  // A new context begins with no fonts, whatever the one before had.
  if (scale == fonts_scale && wanted.empty() && ImGui::GetIO().Fonts->Fonts.Size > 0) return false;
  built.insert(wanted.begin(), wanted.end());
  wanted.clear();
  fonts_scale = scale;
  static ImVector<ImWchar> ranges;  // the atlas keeps a pointer to it
  ImFontGlyphRangesBuilder builder;
  const ImWchar always[] = {0x20, 0xff, 0x2010, 0x2026, 0};
  builder.AddRanges(always);
  for (ImWchar character : built) builder.AddChar(character);
  ranges.clear();
  builder.BuildRanges(&ranges);
  ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  atlas->Clear();
  // Sizes of the letters, as other programs count them; ImGui counts lines, which are 1.448 of that in Noto.
  const float sizes[] = {least_text, 14, 18, least_text};
  static const std::string file = font_file();
  for (int i = 0; i < 4; ++i) {
    float size = std::ceil(sizes[i] * scale * (file.empty() ? 1 : 1.448f));
    ImFontConfig config;
    config.FontNo = 3;
    config.OversampleH = 2;
    config.OversampleV = 1;
    config.PixelSnapH = true;
    if (file.empty()) {
      config.SizePixels = size;
      fonts[i] = atlas->AddFontDefault(&config);
    } else {
      fonts[i] = atlas->AddFontFromFileTTF(file.c_str(), size, &config, ranges.Data);
    }
  }
  ImGui::GetIO().FontDefault = fonts[int(Font::body)];
  atlas->Build();
  return true;
}

void mark(const char* name, ImVec2 low, ImVec2 high) { widgets().mark(name, low.x, low.y, high.x, high.y); }
void mark(const char* name) {
  focus().offer(name);
  mark(name, ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
}

void text(Font which, const ImVec4& colour, const char* words) {
  need_glyphs(words);
  WithFont with(which);
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
  ImGui::TextUnformatted(words);
  ImGui::PopStyleColor();
}

void wrapped(Font which, const ImVec4& colour, const char* words, float width) {
  if (has_ideographs(words)) {  // ImGui breaks lines at spaces alone
    const float room = width > 0 ? width : ImGui::GetContentRegionAvail().x;
    std::string lines;
    {
      WithFont with(which);
      lines = broken_into_lines(
          words, room, [](const char* begin, const char* end) { return ImGui::CalcTextSize(begin, end).x; });
    }
    return text(which, colour, lines.c_str());
  }
  ImGui::PushTextWrapPos(width > 0 ? ImGui::GetCursorPosX() + width : 0);
  text(which, colour, words);
  ImGui::PopTextWrapPos();
}

void heading(const char* words) {
  ImGui::Dummy({0, px(2)});
  text(Font::small, current.muted, words);
}

std::string fitting(const std::string& words, float width) {
  if (ImGui::CalcTextSize(words.c_str()).x <= width) return words;
  std::string cut = words;
  while (!cut.empty()) {
    do cut.pop_back();
    while (!cut.empty() && (cut.back() & 0xc0) == 0x80);
    if (!cut.empty() && (cut.back() & 0xc0) == 0xc0) cut.pop_back();
    if (ImGui::CalcTextSize((cut + "…").c_str()).x <= width) break;
  }
  return cut.empty() ? cut : cut + "…";
}

void tooltip(const char* words) {
  if (!ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled)) return;
  ImGui::BeginTooltip();
  wrapped(Font::small, current.text, words, px(320));
  ImGui::EndTooltip();
}

bool button(const char* name, const char* label, bool primary, ImVec2 size) {
  need_glyphs(label);
  if (primary) {
    ImGui::PushStyleColor(ImGuiCol_Button, current.accent);
    ImGui::PushStyleColor(ImGuiCol_ButtonHovered, fade(current.accent, 0.85f));
    ImGui::PushStyleColor(ImGuiCol_Text, current.on_accent);
  }
  ImGui::PushID(name);
  bool pressed = ImGui::Button(label, size);
  ImGui::PopID();
  if (primary) ImGui::PopStyleColor(3);
  mark(name);
  return pressed;
}

namespace {
void triangle(ImDrawList* list, ImVec2 centre, float half, float way, ImU32 colour) {
  list->AddTriangleFilled({centre.x + way * half, centre.y}, {centre.x - way * half * 0.7f, centre.y - half},
                          {centre.x - way * half * 0.7f, centre.y + half}, colour);
}
void bar(ImDrawList* list, float x, float y, float half, float width, ImU32 colour) {
  list->AddRectFilled({x - width / 2, y - half}, {x + width / 2, y + half}, colour, width / 3);
}
}  // namespace

void draw_icon(ImDrawList* list, Icon icon, ImVec2 c, float s, ImU32 colour) {
  float h = s * 0.26f, thick = std::max(1.5f, s * 0.07f);
  switch (icon) {
    case Icon::menu:
      for (float y : {c.y - h * 0.8f, c.y, c.y + h * 0.8f})
        list->AddLine({c.x - h, y}, {c.x + h, y}, colour, thick);
      break;
    case Icon::play:
      triangle(list, c, h * 1.15f, 1, colour);
      break;
    case Icon::pause:
      bar(list, c.x - h * 0.55f, c.y, h, h * 0.6f, colour);
      bar(list, c.x + h * 0.55f, c.y, h, h * 0.6f, colour);
      break;
    case Icon::start:
      bar(list, c.x - h, c.y, h * 0.9f, thick, colour);
      triangle(list, {c.x + h * 0.3f, c.y}, h * 0.9f, -1, colour);
      break;
    case Icon::back:
    case Icon::on: {
      float way = icon == Icon::on ? 1.f : -1.f;
      triangle(list, {c.x - way * h * 0.2f, c.y}, h * 0.75f, way, colour);
      list->AddCircleFilled({c.x + way * h * 0.95f, c.y}, thick, colour);
      break;
    }
    case Icon::layer_back:
    case Icon::layer_on: {
      float way = icon == Icon::layer_on ? 1.f : -1.f;
      triangle(list, {c.x - way * h * 0.3f, c.y}, h * 0.75f, way, colour);
      bar(list, c.x + way * h * 0.85f, c.y, h * 0.8f, thick * 1.5f, colour);
      break;
    }
    case Icon::token_back:
    case Icon::token_on: {
      float way = icon == Icon::token_on ? 1.f : -1.f;
      triangle(list, {c.x - way * h * 0.75f, c.y}, h * 0.75f, way, colour);
      triangle(list, {c.x + way * h * 0.35f, c.y}, h * 0.75f, way, colour);
      bar(list, c.x + way * h * 1.1f, c.y, h * 0.8f, thick, colour);
      break;
    }
    case Icon::settings:
      for (int i = -1; i <= 1; ++i) {
        float y = c.y + float(i) * h * 0.8f, knob = c.x + (i == 0 ? -h * 0.45f : h * 0.4f);
        list->AddLine({c.x - h, y}, {c.x + h, y}, colour, thick * 0.8f);
        list->AddCircleFilled({knob, y}, thick * 1.5f, colour);
      }
      break;
    case Icon::help: {
      ImVec2 size = font(Font::body)->CalcTextSizeA(s * 0.62f, 1e9f, 0, "?");
      list->AddText(font(Font::body), s * 0.62f, {c.x - size.x / 2, c.y - size.y / 2}, colour, "?");
      break;
    }
    case Icon::open:
      list->AddRect({c.x - h, c.y - h * 0.6f}, {c.x + h, c.y + h * 0.8f}, colour, thick, 0, thick * 0.8f);
      list->AddLine({c.x - h, c.y - h * 0.85f}, {c.x - h * 0.2f, c.y - h * 0.85f}, colour, thick);
      break;
    case Icon::close:
      list->AddLine({c.x - h * 0.7f, c.y - h * 0.7f}, {c.x + h * 0.7f, c.y + h * 0.7f}, colour, thick);
      list->AddLine({c.x - h * 0.7f, c.y + h * 0.7f}, {c.x + h * 0.7f, c.y - h * 0.7f}, colour, thick);
      break;
    case Icon::up:
    case Icon::down: {
      float way = icon == Icon::down ? 1.f : -1.f;
      list->AddTriangleFilled({c.x, c.y + way * h * 0.6f}, {c.x - h * 0.7f, c.y - way * h * 0.4f},
                              {c.x + h * 0.7f, c.y - way * h * 0.4f}, colour);
      break;
    }
    case Icon::left:
      triangle(list, c, h * 0.7f, -1, colour);
      break;
    case Icon::right:
      triangle(list, c, h * 0.7f, 1, colour);
      break;
    case Icon::tokens: {  // a line of text, cut
      float x = c.x - h * 1.15f;
      for (float width : {0.55f, 0.95f, 0.4f}) {
        list->AddRectFilled({x, c.y - h * 0.5f}, {x + h * width, c.y + h * 0.5f}, colour, thick);
        x += h * (width + 0.2f);
      }
      break;
    }
    case Icon::copy:
      list->AddRect({c.x - h * 0.9f, c.y - h}, {c.x + h * 0.35f, c.y + h * 0.45f}, colour, thick, 0,
                    thick * 0.8f);
      list->AddRectFilled({c.x - h * 0.3f, c.y - h * 0.4f}, {c.x + h * 0.95f, c.y + h * 1.05f}, colour,
                          thick);
      break;
  }
}

bool icon_button(const char* name, Icon icon, const char* tip, float size, bool active) {
  ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::PushID(name);
  bool pressed = ImGui::InvisibleButton("icon", {size, size});
  ImGui::PopID();
  bool hovered = ImGui::IsItemHovered(), held = ImGui::IsItemActive();
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImVec4 back = active ? current.accent : held || hovered ? current.line : current.raised;
  list->AddRectFilled(at, {at.x + size, at.y + size}, pack(back), px(6));
  draw_icon(list, icon, {at.x + size / 2, at.y + size / 2}, size,
            pack(active    ? current.on_accent
                 : hovered ? current.text
                           : current.muted));
  mark(name);
  tooltip(tip);
  return pressed;
}

}  // namespace orrery::ui
