#pragma once
// Everything that differs between Dear ImGui 1.86 (Debian 12) and newer versions stands here.
#include <imgui.h>

namespace orrery::ui {

/// Whether a key of ImGui's own list went down this frame (before 1.87 keys had to be looked up).
inline bool key_pressed(ImGuiKey key) {
#if IMGUI_VERSION_NUM >= 18700
  return ImGui::IsKeyPressed(key);
#else
  return ImGui::IsKeyPressed(ImGui::GetKeyIndex(key));
#endif
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
