#pragma once
#include <span>

namespace orrery {

/// A rectangle of the window, in pixels from the top left.
struct Box {
  float left = 0, top = 0, right = 0, bottom = 0;
  bool operator==(const Box&) const = default;
};

/// Where a card of `width` x `height` stands best: near `anchor` but not on it, inside of `area` where it
/// fits, and on as little as possible of what is in `avoid`. `at_side`: at the left or right side of the
/// area. Pure.
Box place_card(float width, float height, const Box& area, const Box& anchor, std::span<const Box> avoid,
               bool at_side = false);

}  // namespace orrery
