#pragma once
// Everything that differs between Dear ImGui 1.86 (Debian 12) and newer versions stands here.
#include <imgui.h>

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
class KeyTaps {
 public:
  void pressed([[maybe_unused]] int key, [[maybe_unused]] bool control) {
#if IMGUI_VERSION_NUM < 18700
    if (key >= 0 && key < int(std::size(ImGui::GetIO().KeysDown))) taps_.push_back({key, control});
#endif
  }
  /// Around ImGui::NewFrame(); `is_down` tells whether a key is down at this moment, `control` whether Ctrl
  /// is.
  template <class NewFrame, class IsDown>
  void frame(NewFrame new_frame, [[maybe_unused]] bool control, [[maybe_unused]] IsDown is_down) {
#if IMGUI_VERSION_NUM < 18700
    ImGuiIO& io = ImGui::GetIO();
    io.KeyCtrl = control;
    for (const Tap& tap : taps_) io.KeysDown[tap.key] = true, io.KeyCtrl = io.KeyCtrl || tap.control;
    new_frame();
    for (const Tap& tap : taps_) io.KeysDown[tap.key] = is_down(tap.key);
    taps_.clear();
#else
    new_frame();
#endif
  }

 private:
#if IMGUI_VERSION_NUM < 18700
  struct Tap {
    int key;
    bool control;
  };
  std::vector<Tap> taps_;
#endif
};

/// The number that AddImage and its kin take for an OpenGL texture.
inline ImTextureID texture_id(unsigned name) {
#if IMGUI_VERSION_NUM >= 19200
  return ImTextureID(name);
#else
  return (ImTextureID)(size_t)name;
#endif
}

}  // namespace orrery::ui
