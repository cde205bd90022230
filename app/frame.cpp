#include <algorithm>

#include "app/app.h"
#include "app/focus.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/panels.h"
#include "app/style.h"

namespace orrery {
using namespace ui;

namespace {

constexpr ImGuiWindowFlags pane_flags = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                        ImGuiWindowFlags_NoSavedSettings |
                                        ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoNavFocus;

constexpr float tour_width = 340;  // design pixels

bool begin_pane(const char* name, float x, float y, float width, float height, bool scroll = false) {
  if (width < 1 || height < 1) return false;
  ImGui::SetNextWindowPos({x, y});
  ImGui::SetNextWindowSize({width, height});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, {1, 1});
  ImGui::Begin(name, nullptr, scroll ? pane_flags & ~ImGuiWindowFlags_NoScrollbar : pane_flags);
  ImGui::PopStyleVar(2);
  mark(name, {x, y}, {x + width, y + height});
  return true;
}

/// A line between panes that can be dragged or moved with the arrow keys; `size` is in design pixels and
/// grows with the way times `way`.
void splitter(const char* name, ImVec2 low, ImVec2 high, bool vertical, float& size, float way, float least,
              float most) {
  ImGui::SetNextWindowPos(low);
  ImGui::SetNextWindowSize({high.x - low.x, high.y - low.y});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, {1, 1});
  ImGui::Begin(name, nullptr,
               (pane_flags & ~ImGuiWindowFlags_NoBringToFrontOnFocus) | ImGuiWindowFlags_NoBackground);
  ImGui::PopStyleVar(2);
  ImGui::InvisibleButton("grip", {std::max(1.f, high.x - low.x), std::max(1.f, high.y - low.y)});
  mark(name);
  const Arrows arrows = focus().arrows();
  const bool active = ImGui::IsItemActive(), focused = focus().on_widget() && focus().name() == name;
  float delta = float(vertical ? arrows.right : arrows.down) * px(4);
  if (active) delta += vertical ? ImGui::GetIO().MouseDelta.x : ImGui::GetIO().MouseDelta.y;
  if (delta != 0)
    size = std::clamp(size + way * delta / std::max(0.1f, px(100) / 100), least, std::max(least, most));
  if (active || focused || ImGui::IsItemHovered()) {
    ImGui::SetMouseCursor(vertical ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    ImVec2 middle{(low.x + high.x) / 2, (low.y + high.y) / 2};
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (vertical)
      list->AddLine({middle.x, low.y}, {middle.x, high.y}, pack(colours().accent), px(2));
    else
      list->AddLine({low.x, middle.y}, {high.x, middle.y}, pack(colours().accent), px(2));
  }
  ImGui::End();
}

}  // namespace

void build_frame(App& app) {
  app.update_predictions();
  app.update_tour();
  ImVec2 display = ImGui::GetIO().DisplaySize;
  Settings& s = app.settings;
  float width = display.x, height = display.y;
  bool panes = !app.presenter && width > px(300) && height > px(260);
  float top = panes ? px(84) : 0;
  float bottom = app.presenter ? px(76) : panes ? std::min(px(s.bottom_height), height * 0.4f) : 0;
  float left = panes && s.left_open ? std::min(px(s.left_width), width * 0.28f) : 0;
  float right = panes && s.right_open ? std::min(px(s.right_width), width * 0.36f) : 0;
  // The pane that looks inside takes the right pane's place; the left one gives way where both would leave no
  // scene.
  const bool touring = panes && app.tour.open();
  const bool inside = panes && s.insight_open && !touring;
  if (touring) left = std::min(px(tour_width), width * 0.4f);
  if (inside) right = std::min(px(s.insight_width), width * 0.56f);
  if (inside && width - left - right < px(420)) left = 0;
  float middle = std::max(1.f, height - top - bottom);
  float strip = 0;
  if (height > px(260) && width - left - right > px(260)) {
    const int more = sign_lines(width - left - right - 2 * ImGui::GetStyle().WindowPadding.x) - 1;
    strip = px(legend_height + note_height * float(app.scene.notes(app)) + sign_line_height * float(more));
  }
  app.scene.area = {int(left), int(top), std::max(1, int(width - left - right)),
                    std::max(1, int(middle - strip))};

  mark("scene", {left, top}, {width - right, height - bottom - strip});
  focus().begin_frame();
  focus().offer_scene(left, top, width - right, height - bottom - strip);
  if (panes && begin_pane("top_pane", 0, 0, width, top)) {
    prompt_panel(app);
    ImGui::End();
  }
  if (left > 0 && begin_pane(touring ? "tour_pane" : "left_pane_area", 0, top, left, middle, true)) {
    touring ? tour_panel(app) : sampling_panel(app);
    ImGui::End();
  }
  if (inside && begin_pane("insight_pane", width - right, top, right, middle)) {
    insight_panel(app);
    ImGui::End();
  }
  if (right > 0 && !inside) {
    float list = middle * 0.5f;
    if (begin_pane("predictions_pane", width - right, top, right, list)) {
      predictions_panel(app);
      ImGui::End();
    }
    if (begin_pane("inspector_pane", width - right, top + list, right, middle - list, true)) {
      inspector_panel(app);
      ImGui::End();
    }
  }
  if (bottom > 0 && begin_pane("bottom_pane", 0, height - bottom, width, bottom)) {
    if (!app.presenter) transport_panel(app);
    timeline_panel(app);
    ImGui::End();
  }
  if (begin_pane("legend_pane", left, height - bottom - strip, width - left - right, strip)) {
    legend_panel(app);
    ImGui::End();
  }
  if (panes) {
    float grip = px(6);
    if (left > 0 && !touring)
      splitter("left_splitter", {left - grip / 2, top}, {left + grip / 2, top + middle}, true, s.left_width,
               1, 180, 480);
    if (right > 0)
      splitter("right_splitter", {width - right - grip / 2, top}, {width - right + grip / 2, top + middle},
               true, inside ? s.insight_width : s.right_width, -1, inside ? 320 : 220, inside ? 1400 : 640);
    splitter("bottom_splitter", {0, height - bottom - grip / 2}, {width, height - bottom + grip / 2}, false,
             s.bottom_height, -1, 130, 320);
  }
  cards_overlay(app);
  focus().pages(true);
  if (app.pages.finder) finder_page(app);
  if (app.pages.tokenizer) tokenizer_page(app);
  if (app.pages.models) model_page(app);
  if (app.pages.settings) settings_page(app);
  if (app.pages.help) help_page(app);
  if (app.pages.about) about_page(app);
  if (app.pages.menu) menu_page(app);
  if (app.pages.positions) positions_page(app);
  focus().pages(false);
  notices_overlay(app);
  focus().end_frame();
}

}  // namespace orrery
