#include "app/overlay.h"

#include <glad/gl.h>

#include <algorithm>

#include "app/style.h"
#include "backends/imgui_impl_opengl3.h"

namespace orrery {

// Design pixels; the second: of a picture in which one line holds all signs, in both languages.
constexpr float caption_height = 26, one_line_width = 760;

namespace {

/// Chips of the last tokens that fit the rest of the line, up to its right end.
void token_strip(const TokenStrip& tokens) {
  using namespace ui;
  ImGui::SameLine(0, px(32));
  WithFont with(Font::small);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = px(22), gap = px(4), ellipsis = px(18);
  ImDrawList* list = ImGui::GetWindowDrawList();
  auto width_of = [](const std::string& piece) { return ImGui::CalcTextSize(piece.c_str()).x + px(12); };
  auto write = [&](float x, const std::string& piece, const ImVec4& colour) {
    list->AddText({x, at.y + (height - ImGui::GetFontSize()) / 2}, pack(colour), piece.c_str());
  };
  auto chip = [&](float right, const std::string& piece, const ImVec4& fill) {
    need_glyphs(piece.c_str());
    const float left = right - width_of(piece);
    list->AddRectFilled({left, at.y}, {right, at.y + height}, pack(fill), px(5));
    write(left + px(6), piece, colours().text);
    return left - gap;
  };
  float right = at.x + ImGui::GetContentRegionAvail().x;
  if (!tokens.next.empty()) {
    right = chip(right, tokens.next, fade(colours().warm, 0.45f)) - px(20);
    draw_icon(list, Icon::right, {right + px(10), at.y + height / 2}, px(14), pack(colours().muted));
  }
  for (size_t i = tokens.pieces.size(); i-- > 0;) {
    if (right - width_of(tokens.pieces[i]) < at.x + (i > 0 ? ellipsis : 0)) {
      write(right - px(14), "…", colours().muted);
      break;
    }
    const bool lit = i >= tokens.first_lit;
    right =
        chip(right, tokens.pieces[i], fade(lit ? colours().accent : colours().kinds[4], lit ? 0.55f : 0.16f));
  }
  ImGui::NewLine();
}

}  // namespace

Overlay::Overlay(int width, int height, int notes) : width_(width), whole_(height) {
  // A film on a wall shows the same words, larger.
  scale_ = std::clamp(float(height) / 720, 1.f, 6.f);
  const float second = float(width) < one_line_width * scale_ ? sign_line_height : 0;
  const float needed = (legend_height + caption_height + note_height * float(notes) + second) * scale_;
  if (needed * 5 > float(height) || float(width) < 560 * scale_) return;
  strip_ = int(needed);
  ImGui::CreateContext();
  ImGui::GetIO().IniFilename = nullptr;
  ImGui_ImplOpenGL3_Init("#version 330 core");
}

Overlay::~Overlay() {
  if (!strip_) return;
  ImGui_ImplOpenGL3_Shutdown();
  ImGui::DestroyContext();
}

void Overlay::draw(const std::string& caption, const TokenStrip& tokens, const Legend& legend) {
  if (!strip_) return;
  ImGui::GetIO().DisplaySize = {float(width_), float(whole_)};
  ui::apply_style(legend.theme, legend.colour_blind, scale_);
  // The first round finds out which characters the words need.
  for (int round = 0; round < 2; ++round) {
    if (ui::update_fonts(scale_))
      ImGui_ImplOpenGL3_DestroyFontsTexture(), ImGui_ImplOpenGL3_CreateFontsTexture();
    ImGui_ImplOpenGL3_NewFrame();
    ImGui::NewFrame();
    ImGui::SetNextWindowPos({0, float(whole_ - strip_)});
    ImGui::SetNextWindowSize({float(width_), float(strip_)});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {ui::px(24), ui::px(4)});
    ImGui::Begin("words", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoSavedSettings);
    ImGui::PopStyleVar(2);
    const float room = ImGui::GetContentRegionAvail().x;
    ui::need_glyphs(caption.c_str());
    ui::text(ui::Font::body, ui::colours().text, ui::fitting(caption, room).c_str());
    token_strip(tokens);
    legend_strip(legend, nullptr);
    ImGui::End();
    ImGui::Render();
  }
  glViewport(0, 0, width_, whole_);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

}  // namespace orrery
