#include "app/style.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace orrery;

TEST_CASE("no letters are smaller than 13 pixels at scale 1, and all grow with the scale") {
  ImGui::CreateContext();
  for (float scale : {1.f, 1.5f, 2.f}) {
    ui::apply_style(Theme::dark, false, scale);
    ui::need_glyphs("國");
    ui::update_fonts(scale);
    for (ui::Font which : {ui::Font::small, ui::Font::body, ui::Font::title, ui::Font::mono}) {
      const ImFont* font = ui::font(which);
      CHECK(font->FontSize >= ui::least_text * scale);
      // An ideograph is as wide as letters are large. Without Noto Sans CJK there is none to measure.
      if (font->FindGlyphNoFallback(0x570b))
        CHECK(font->CalcTextSizeA(font->FontSize, 1e6f, 0, "國").x >= std::floor(ui::least_text * scale));
    }
  }
  CHECK(ui::least_text >= 13);
  ImGui::DestroyContext();
}

namespace {
/// WCAG's contrast of two opaque colours.
double contrast(const ImVec4& a, const ImVec4& b) {
  const auto light = [](const ImVec4& c) {
    const auto linear = [](float v) {
      return v <= 0.04045f ? double(v) / 12.92 : std::pow((double(v) + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(c.x) + 0.7152 * linear(c.y) + 0.0722 * linear(c.z);
  };
  const double x = light(a) + 0.05, y = light(b) + 0.05;
  return std::max(x, y) / std::min(x, y);
}
}  // namespace

TEST_CASE("text stands out from what it is written on, in every theme") {
  ImGui::CreateContext();
  for (Theme theme : {Theme::dark, Theme::light})
    for (bool colour_blind : {false, true}) {
      ui::apply_style(theme, colour_blind, 1);
      const ui::Colours& c = ui::colours();
      for (const ImVec4& back : {c.background, c.panel, c.raised}) {
        CHECK(contrast(c.text, back) >= 7);
        CHECK(contrast(c.muted, back) >= 4.5);
      }
      for (const ImVec4& words : {c.danger, c.warm, c.accent}) CHECK(contrast(words, c.panel) >= 3);
    }
  ImGui::DestroyContext();
}
