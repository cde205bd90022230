#include "app/focus.h"

#include <algorithm>
#include <utility>

#include "app/imgui_compat.h"
#include "app/style.h"

namespace orrery::ui {

unsigned next_stop(std::span<const FocusStop> all, unsigned current, int way, bool by_panel) {
  std::vector<FocusStop> stops(all.begin(), all.end());
  if (std::ranges::any_of(stops, &FocusStop::page))
    std::erase_if(stops, [](const FocusStop& stop) { return !stop.page; });
  if (by_panel) {
    // The first stop of each panel stands for it; the current one's for the current one.
    const auto own = std::ranges::find(stops, current, &FocusStop::id);
    const unsigned panel = own == stops.end() ? 0 : own->panel;
    std::vector<FocusStop> firsts;
    for (const FocusStop& stop : stops)
      if (std::ranges::find(firsts, stop.panel, &FocusStop::panel) == firsts.end()) firsts.push_back(stop);
    const auto first = std::ranges::find(firsts, panel, &FocusStop::panel);
    current = own == stops.end() || first == firsts.end() ? 0 : first->id;
    stops = std::move(firsts);
  }
  if (stops.empty()) return 0;
  const int count = int(stops.size());
  const auto found = std::ranges::find(stops, current, &FocusStop::id);
  if (found == stops.end()) return way > 0 ? stops.front().id : stops.back().id;
  return stops[size_t((int(found - stops.begin()) + way + count) % count)].id;
}

Focus& focus() {
  static Focus the_one;
  return the_one;
}

void Focus::tab(int way, bool by_panel) {
  release_active_item();
  const bool over = std::ranges::any_of(last_stops_, &FocusStop::page);
  unsigned from = on_ ? target_ : 0;
  if (const unsigned moved = focused_item(); on_widget() && moved != 0) from = moved;  // by an arrow
  if (!over && std::ranges::find(last_stops_, from, &FocusStop::id) == last_stops_.end()) from = below_;
  wanted_ = next_stop(last_stops_, from, way, by_panel);
  if (wanted_ == 0) return leave();
  on_ = true;
  if (!over) below_ = wanted_;
  if (wanted_ == scene_id) {
    target_ = scene_id;
    wanted_ = 0;
    set_keyboard_navigation(false);
  } else {
    set_keyboard_navigation(true);
  }
}

void Focus::press() {
  if (on_widget() && !takes_enter_) press_item(focused_item());
}

void Focus::leave() {
  on_ = false;
  keeps_arrows_ = false;
  target_ = wanted_ = 0;
  name_.clear();
  set_keyboard_navigation(false);
}

bool Focus::give(Arrows pressed) {
  if (!on_widget() || !keeps_arrows_) return false;
  arrows_.right += pressed.right;
  arrows_.down += pressed.down;
  return true;
}

bool Focus::in_popup() const { return popup_open(); }

void Focus::begin_frame() {
  drawing_ = true;
  stops_.clear();
  page_ = false;
  name_.clear();
  if (on_widget() && keeps_arrows_) cancel_keyboard_move();
  for (int mouse = 0; mouse < 3; ++mouse)
    if (on_ && ImGui::IsMouseClicked(mouse)) leave();
}

void Focus::offer_scene(float left, float top, float right, float bottom) {
  stops_.push_back({scene_id, scene_id, page_});
  const float rectangle[] = {left, top, right, bottom};
  std::copy_n(rectangle, 4, scene_);
  if (on_scene()) name_ = "scene";
}

void Focus::offer(const char* name) {
  if (!drawing_) return;
  const ItemState item = last_item();
  if (item.id == 0 || item.disabled) return;
  stops_.push_back({item.id, item.panel, page_});
  if (item.id == wanted_) {
    focus_last_item();
    target_ = wanted_;
    wanted_ = 0;
  }
  if (on_widget() && focused_item() == item.id) {
    name_ = name;
    takes_enter_ = item.takes_enter;
    keeps_arrows_ = false;
    target_ = item.id;
    if (!page_) below_ = item.id;
  }
}

Arrows Focus::arrows() {
  if (!on_widget() || last_item().id == 0 || last_item().id != focused_item()) return {};
  keeps_arrows_ = true;
  return std::exchange(arrows_, {});
}

void Focus::end_frame() {
  arrows_ = {};
  drawing_ = false;
  wanted_ = 0;  // if it was not drawn, it is gone
  last_stops_.swap(stops_);
  ImVec2 low{scene_[0], scene_[1]}, high{scene_[2], scene_[3]};
  const float out = on_scene() ? -px(2) : px(2);
  if (!on_ || (on_widget() && !focused_rectangle(low, high))) return;
  ImGui::GetForegroundDrawList()->AddRect({low.x - out, low.y - out}, {high.x + out, high.y + out},
                                          pack(colours().text), px(7), 0, px(2));
}

}  // namespace orrery::ui
