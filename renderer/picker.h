#pragma once
#include <optional>

#include "renderer/camera.h"
#include "renderer/layout.h"

namespace orrery {

/// What a ray meets: a block of the layout and one of its cells.
struct Pick {
  int block = 0;
  Cell cell;
  glm::vec3 point{0};
  float distance = 0;  ///< along the ray, in lengths of its direction
};

/// The nearest block that the ray meets, on its front, its sides or its back; none if it meets none. Pure.
std::optional<Pick> pick(const Ray& ray, const Layout& layout);

}  // namespace orrery
