#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "app/imgui_compat.h"

namespace orrery {

/// A small picture of numbers, one pixel each, in OpenGL's memory; drawn with sharp edges. Main thread, with
/// the window's context current.
class HeatTexture {
 public:
  HeatTexture() = default;
  HeatTexture(const HeatTexture&) = delete;
  HeatTexture& operator=(const HeatTexture&) = delete;

  /// Draws `of` (kept alive, so that nothing else gets its address): `paint` fills width * height colours,
  /// row after row. Nothing happens where the same thing is shown already in the same `look` (a theme's
  /// number).
  void show(std::shared_ptr<const void> of, int look, int width, int height,
            const std::function<void(std::vector<ImU32>&)>& paint);
  ImTextureID id() const { return ui::texture_id(texture_); }
  /// Gives the memory back, before the context goes.
  void close();

 private:
  unsigned texture_ = 0;
  std::shared_ptr<const void> of_;
  int look_ = -1;
};

}  // namespace orrery
