#pragma once
#include <functional>

#include "renderer/passes.h"

namespace orrery {

/// A number to print into its cell.
struct CellNumber {
  char text[16];
  glm::vec3 centre{0};  ///< of the cell, on the front face
  float em = 1;         ///< world units
  float width = 1;      ///< of the cell
  glm::vec3 ink{1};
};

/// Finds the cells that are large enough on the screen to hold their number (known, not masked, every one of
/// them there and no mean), at most 1,500 of them, nearest blocks first as the layout has them.
void for_each_number(const Scene& scene, const Frame& frame, const ValuePool& pool,
                     const std::function<void(const CellNumber&)>& use);

}  // namespace orrery
