#pragma once
#include <glm/glm.hpp>

#include "model/tensor.h"
#include "renderer/scene.h"

namespace orrery {

/// The colours of one theme, as sRGB in 0..1. A ramp has its stops at |v| = 0, .22, .55, 1 (attention: 0,
/// .25, .6, 1) and is mixed in OKLab.
struct Palette {
  glm::vec3 neutral, negative[3], positive[3], attention[3];
  glm::vec3 background_top, background_bottom;
  glm::vec3 frames[5];  ///< by Kind
  glm::vec3 text, faint_text;
  glm::vec3 frame(Kind kind) const { return frames[int(kind)]; }
};

const Palette& palette(Theme theme, bool colour_blind = false);

/// The colour of a number as a part of its tensor's range, -1..1: what the legend shows.
glm::vec3 value_colour(const Palette& palette, float part);
/// Of a token that is chosen, or wins.
glm::vec3 winner_colour(Theme theme);
/// The colour of an attention weight, 0..1.
glm::vec3 attention_colour(const Palette& palette, float part);

}  // namespace orrery
