#include "renderer/palette.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace orrery;

namespace {

// Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color vision deficiency"
// (2009): complete protanopia, deuteranopia, tritanopia, on linear sRGB. Rows here are columns there.
const glm::mat3 visions[] = {
    glm::mat3(1),
    {0.152286f, 0.114503f, -0.003882f, 1.052583f, 0.786281f, -0.048116f, -0.204868f, 0.099216f, 1.051998f},
    {0.367322f, 0.280085f, -0.011820f, 0.860646f, 0.672501f, 0.042940f, -0.227968f, 0.047413f, 0.968881f},
    {1.255528f, -0.078411f, 0.004733f, -0.076749f, 0.930809f, 0.691367f, -0.178779f, 0.147602f, 0.303900f}};

/// A colour as that vision sees it, in OKLab.
glm::vec3 as_seen(glm::vec3 srgb, const glm::mat3& vision) {
  glm::vec3 c;
  for (int i = 0; i < 3; ++i)
    c[i] = srgb[i] <= 0.04045f ? srgb[i] / 12.92f : std::pow((srgb[i] + 0.055f) / 1.055f, 2.4f);
  c = glm::max(vision * c, glm::vec3(0));
  const glm::vec3 cones(std::cbrt(0.4122215f * c.r + 0.5363325f * c.g + 0.0514460f * c.b),
                        std::cbrt(0.2119035f * c.r + 0.6806995f * c.g + 0.1073970f * c.b),
                        std::cbrt(0.0883025f * c.r + 0.2817188f * c.g + 0.6299787f * c.b));
  return {0.2104543f * cones.x + 0.7936178f * cones.y - 0.0040720f * cones.z,
          1.9779985f * cones.x - 2.4285922f * cones.y + 0.4505937f * cones.z,
          0.0259040f * cones.x + 0.7827718f * cones.y - 0.8086758f * cones.z};
}

}  // namespace

TEST_CASE("with the palette for the colour-blind no two kinds look alike, nor plus and minus") {
  for (Theme theme : {Theme::dark, Theme::light}) {
    const Palette& colours = palette(theme, true);
    for (const glm::mat3& vision : visions) {
      for (int a = 0; a < 5; ++a)
        for (int b = 0; b < a; ++b) {
          INFO(a << " and " << b);
          CHECK(glm::distance(as_seen(colours.frames[a], vision), as_seen(colours.frames[b], vision)) > 0.1f);
        }
      for (float part : {0.3f, 0.6f, 1.f})
        CHECK(glm::distance(as_seen(value_colour(colours, part), vision),
                            as_seen(value_colour(colours, -part), vision)) > 0.06f);
    }
  }
}
