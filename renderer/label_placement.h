#pragma once
#include <glm/glm.hpp>
#include <vector>

#include "renderer/layout.h"

namespace orrery {

/// A text's rectangle on the screen, in pixels, and how much it wants to be seen.
struct ScreenLabel {
  glm::vec2 low{0}, high{0};
  float priority = 0;
  int index = 0;  ///< the caller's; negative: no text but room that is taken, never removed
};

/// Keeps the labels that do not overlap one of higher priority (earlier first where equal): sorts `labels` by
/// priority and removes the others.
void keep_clear_labels(std::vector<ScreenLabel>& labels);

/// How a text of `pixels` height, at scale 1, is drawn: names of parts grow to 10 pixels where they have at
/// least 4, of tensors 5.5, fainter the smaller they are; texts of tokens are left out below 7. None is
/// larger than 40.
struct TextSize {
  float factor = 1;  ///< of its size in the world
  float alpha = 1;
};
TextSize text_size(float pixels, LabelRank rank);

}  // namespace orrery
