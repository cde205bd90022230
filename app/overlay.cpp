#include "app/overlay.h"

#include <glad/gl.h>

#include <algorithm>

#include "app/style.h"
#include "backends/imgui_impl_opengl3.h"

namespace orrery {

constexpr float caption_height = 26;  // design pixels

Overlay::Overlay(int width, int height) : width_(width), whole_(height) {
  // A film on a wall shows the same words, larger.
  scale_ = std::clamp(float(height) / 720, 1.f, 6.f);
  const float needed = (legend_height + caption_height) * scale_;
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

void Overlay::draw(const std::string& caption, const Legend& legend) {
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
    legend_strip(legend, nullptr);
    ImGui::End();
    ImGui::Render();
  }
  glViewport(0, 0, width_, whole_);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

}  // namespace orrery
