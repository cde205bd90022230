#pragma once
#include <optional>
#include <span>

#include "renderer/camera.h"
#include "renderer/scene.h"

namespace orrery {

/// What a ray meets: a block of the layout and one of its cells.
struct Pick {
  int block = 0;
  Cell cell;
  glm::vec3 point{0};
  float distance = 0;  ///< along the ray, in lengths of its direction
};

/// The nearest block that the ray meets, on its front, its sides or its back; none if it meets none. What
/// `states` says is a ghost is looked through. Pure.
std::optional<Pick> pick(const Ray& ray, const Layout& layout, std::span<const BlockState> states = {});

}  // namespace orrery
