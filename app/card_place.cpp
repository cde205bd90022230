#include "app/card_place.h"

#include <algorithm>
#include <cmath>

namespace orrery {
namespace {

float overlap(const Box& a, const Box& b) {
  const float wide = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float high = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  return wide > 0 && high > 0 ? wide * high : 0;
}

float distance(const Box& a, const Box& b) {
  const float x = std::max({0.f, a.left - b.right, b.left - a.right});
  const float y = std::max({0.f, a.top - b.bottom, b.top - a.bottom});
  return std::hypot(x, y);
}

}  // namespace

Box place_card(float width, float height, const Box& area, const Box& anchor, std::span<const Box> avoid,
               bool at_side) {
  constexpr float gap = 22, near = 12;
  const auto wider = [&](const Box& box) {
    return Box{box.left - near, box.top - near, box.right + near, box.bottom + near};
  };
  const float middle_x = (anchor.left + anchor.right - width) / 2,
              middle_y = (anchor.top + anchor.bottom - height) / 2;
  const float xs[] = {anchor.right + gap, anchor.left - gap - width, middle_x, area.left + gap / 2,
                      area.right - gap / 2 - width};
  const float ys[] = {middle_y, anchor.bottom + gap, anchor.top - gap - height, area.top + gap / 2,
                      area.bottom - gap / 2 - height};
  Box best;
  float least = INFINITY;
  for (float x : std::span(xs).subspan(at_side ? 3 : 0))
    for (float y : ys) {
      // Where the area is smaller than the card its top left corner stays in view.
      x = std::max(area.left, std::min(x, area.right - width));
      y = std::max(area.top, std::min(y, area.bottom - height));
      const Box box{x, y, x + width, y + height};
      float cost =
          0.25f * distance(box, anchor) * std::sqrt(width * height) + 100 * overlap(box, wider(anchor));
      for (const Box& other : avoid) cost += 4 * overlap(box, wider(other));
      if (cost < least) least = cost, best = box;
    }
  return best;
}

}  // namespace orrery
