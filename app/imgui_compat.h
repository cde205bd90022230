#pragma once
// Everything that differs between Dear ImGui 1.86 (Debian 12) and newer versions stands here.
#include <imgui.h>
#include <imgui_internal.h>

#include <iterator>
#include <vector>

namespace orrery::ui {

/// Whether a key of ImGui's own list went down this frame (before 1.87 keys had to be looked up).
inline bool key_pressed(ImGuiKey key) {
#if IMGUI_VERSION_NUM >= 18700
  return ImGui::IsKeyPressed(key);
#else
  return ImGui::IsKeyPressed(ImGui::GetKeyIndex(key));
#endif
}

/// Keys that went down since the last frame. Before 1.87 ImGui looked once a frame which keys are down, so
/// that on a slow machine a key tapped between two frames was lost: such keys count as down for one frame.
/// Newer ones let a key's press and release wait for each other, but not Ctrl's release for the key pressed
/// with it.
class KeyTaps {
 public:
  void pressed([[maybe_unused]] int key, [[maybe_unused]] bool control) {
#if IMGUI_VERSION_NUM < 18700
    if (key >= 0 && key < int(std::size(ImGui::GetIO().KeysDown))) taps_.push_back({key, control});
#endif
  }
  /// Around ImGui::NewFrame(); `is_down` tells whether a key is down at this moment, `control` whether Ctrl
  /// is. Keeps the Tab key from ImGui: Focus walks further than it does.
  template <class NewFrame, class IsDown>
  void frame(NewFrame new_frame, [[maybe_unused]] bool control, [[maybe_unused]] IsDown is_down) {
#if IMGUI_VERSION_NUM < 18700
    ImGuiIO& io = ImGui::GetIO();
    io.KeyCtrl = control;
    for (const Tap& tap : taps_) io.KeysDown[tap.key] = true, io.KeyCtrl = io.KeyCtrl || tap.control;
    const int tab = io.KeyMap[ImGuiKey_Tab];
    if (tab >= 0) io.KeysDown[tab] = false;
    new_frame();
    for (const Tap& tap : taps_) io.KeysDown[tap.key] = is_down(tap.key);
    taps_.clear();
#else
    auto& events = ImGui::GetCurrentContext()->InputEventsQueue;
    for (int i = events.Size - 1; i >= 0; --i)
      if (is_key(events[i], ImGuiKey_Tab)) events.erase(&events[i]);
    int first = 0;  // of the events that have to wait
    for (bool pressed = false; first < events.Size; ++first) {
      const ImGuiInputEvent& event = events[first];
      const bool control = is_key(event, ImGuiKey_LeftCtrl) || is_key(event, ImGuiKey_RightCtrl) ||
                           is_key(event, ImGuiMod_Ctrl);
      if (pressed && control && !event.Key.Down) break;
      pressed |= event.Type == ImGuiInputEventType_Key && event.Key.Down && !control;
    }
    const std::vector<ImGuiInputEvent> waiting(events.Data + first, events.Data + events.Size);
    events.resize(first);
    new_frame();
    for (const ImGuiInputEvent& event : waiting) events.push_back(event);
#endif
  }

 private:
#if IMGUI_VERSION_NUM < 18700
  struct Tap {
    int key;
    bool control;
  };
  std::vector<Tap> taps_;
#else
  static bool is_key(const ImGuiInputEvent& event, int key) {
    return event.Type == ImGuiInputEventType_Key && event.Key.Key == key;
  }
#endif
};

/// Whether keys or letters wait for the next frame: since 1.87 a frame takes only as many as it can tell
/// apart.
inline bool input_waits() {
#if IMGUI_VERSION_NUM >= 18700
  return !ImGui::GetCurrentContext()->InputEventsQueue.empty();
#else
  return false;
#endif
}

// The keyboard's focus, by what ImGui keeps to itself.

/// The item that was submitted last.
struct ItemState {
  ImGuiID id = 0, panel = 0;
  bool disabled = false;
  bool takes_enter = false;  ///< a field or slider: Enter begins to edit it
};
inline ItemState last_item() {
  const ImGuiContext& g = *ImGui::GetCurrentContext();
  const ImGuiItemFlags flags = ImGui::GetItemFlags();
  return {g.LastItemData.ID, g.CurrentWindow->RootWindow->ID, (flags & ImGuiItemFlags_Disabled) != 0,
          (flags & ImGuiItemFlags_Inputable) != 0};
}
/// Gives the keyboard to the item that was submitted last, and scrolls to it.
inline void focus_last_item() {
  ImGuiContext& g = *ImGui::GetCurrentContext();
  ImGui::FocusWindow(g.CurrentWindow);
  ImGui::SetFocusID(g.LastItemData.ID, g.CurrentWindow);
#if IMGUI_VERSION_NUM >= 19140
  g.NavHighlightItemUnderNav = g.NavCursorVisible = true;
#else
  g.NavDisableMouseHover = true;
  g.NavDisableHighlight = false;
#endif
  if (!g.CurrentWindow->ClipRect.Contains(g.LastItemData.Rect)) ImGui::SetScrollHereY();
}
/// The item that has the keyboard; 0: none.
inline ImGuiID focused_item() { return ImGui::GetCurrentContext()->NavId; }
/// Where that item stands; false if it was not drawn this frame.
inline bool focused_rectangle(ImVec2& low, ImVec2& high) {
  const ImGuiContext& g = *ImGui::GetCurrentContext();
  if (g.NavId == 0 || !g.NavWindow || !g.NavIdIsAlive) return false;
  ImRect box = ImGui::WindowRectRelToAbs(g.NavWindow, g.NavWindow->NavRectRel[g.NavLayer]);
  box.ClipWith(g.NavWindow->Rect());
  low = box.Min;
  high = box.Max;
  return low.x < high.x && low.y < high.y;
}
/// Presses an item at the next frame, as a click would.
inline void press_item(ImGuiID id) {
#if IMGUI_VERSION_NUM >= 18980
  ImGui::ActivateItemByID(id);
#else
  ImGui::ActivateItem(id);
#endif
}
/// The arrow that was pressed does not lead from one item to another.
inline void cancel_keyboard_move() { ImGui::NavMoveRequestCancel(); }
inline void release_active_item() { ImGui::ClearActiveID(); }
inline bool popup_open() { return ImGui::GetCurrentContext()->OpenPopupStack.Size > 0; }
/// Whether arrows, Space and Enter act on the item that has the keyboard.
inline void set_keyboard_navigation(bool on) {
  ImGuiConfigFlags& flags = ImGui::GetIO().ConfigFlags;
  flags = on ? flags | ImGuiConfigFlags_NavEnableKeyboard : flags & ~ImGuiConfigFlags_NavEnableKeyboard;
}

/// The number that AddImage and its kin take for an OpenGL texture.
inline ImTextureID texture_id(unsigned name) {
#if IMGUI_VERSION_NUM >= 19200
  return ImTextureID(name);
#else
  return (ImTextureID)(size_t)name;
#endif
}

}  // namespace orrery::ui
