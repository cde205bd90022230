#pragma once
#include <string>

#include "app/imgui_compat.h"
#include "model/tensor.h"
#include "renderer/scene.h"

/// The design language of the window: colours, sizes, fonts and the few widgets that everything is made of.
/// Main thread, between new frame and render.
namespace orrery::ui {

struct Colours {
  ImVec4 text, muted, faint;
  ImVec4 background;     ///< behind everything
  ImVec4 panel, raised;  ///< panes; cards and fields on them
  ImVec4 line;           ///< separators and frames
  ImVec4 accent, on_accent;
  ImVec4 warm;  ///< the other end of the scale: chosen, forced
  ImVec4 danger;
  ImVec4 kinds[5];  ///< by Kind
};
const Colours& colours();
/// Sets colours and sizes; `scale` is content scale times the person's font size.
void apply_style(Theme theme, bool colour_blind, float scale);
/// Design pixels to pixels.
float px(float design);
inline ImU32 pack(const ImVec4& colour) { return ImGui::ColorConvertFloat4ToU32(colour); }
ImVec4 fade(ImVec4 colour, float alpha);

/// The size of the smallest letters on the screen at scale 1, in pixels.
constexpr float least_text = 13;
/// Fonts. All are Noto Sans CJK TC where it is installed.
enum class Font { small, body, title, mono };
ImFont* font(Font which);
struct WithFont {
  explicit WithFont(Font which) { ImGui::PushFont(font(which)); }
  ~WithFont() { ImGui::PopFont(); }
  WithFont(const WithFont&) = delete;
  WithFont& operator=(const WithFont&) = delete;
};
/// Asks for the glyphs of a text; unseen ones are there from the next frame on.
void need_glyphs(const char* text);
/// Builds the fonts again if the scale changed or glyphs are missing. Before a new frame. True if it did.
bool update_fonts(float scale);

/// Names the last item: the Tab key stops at it, and the tests that drive the window find its rectangle.
void mark(const char* name);
/// A rectangle for those tests alone.
void mark(const char* name, ImVec2 low, ImVec2 high);

// Text with glyphs asked for.
void text(Font which, const ImVec4& colour, const char* words);
/// In lines as wide as the window, or as `width` in pixels.
void wrapped(Font which, const ImVec4& colour, const char* words, float width = 0);
/// A heading of a part of a pane.
void heading(const char* words);
/// The start of `words` that fits `width`, with an ellipsis where something is cut.
std::string fitting(const std::string& words, float width);

enum class Icon {
  menu,
  play,
  pause,
  start,
  back,
  on,
  layer_back,
  layer_on,
  token_back,
  token_on,
  settings,
  help,
  open,
  close,
  up,
  down,
  left,
  right,
  copy,
  tokens
};
/// A square button with a drawn sign; `tip` is its name for people.
bool icon_button(const char* name, Icon icon, const char* tip, float size, bool active = false);
bool button(const char* name, const char* label, bool primary = false, ImVec2 size = {0, 0});
void draw_icon(ImDrawList* list, Icon icon, ImVec2 centre, float size, ImU32 colour);
void tooltip(const char* words);

}  // namespace orrery::ui
