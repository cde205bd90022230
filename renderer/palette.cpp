#include "renderer/palette.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace orrery {
namespace {

constexpr glm::vec3 hex(unsigned rgb) {
  return {float(rgb >> 16) / 255.f, float(rgb >> 8 & 255) / 255.f, float(rgb & 255) / 255.f};
}

// Björn Ottosson, "A perceptual color space for image processing" (2020).
glm::vec3 to_oklab(glm::vec3 srgb) {
  glm::vec3 c;
  for (int i = 0; i < 3; ++i)
    c[i] = srgb[i] <= 0.04045f ? srgb[i] / 12.92f : std::pow((srgb[i] + 0.055f) / 1.055f, 2.4f);
  float l = std::cbrt(0.4122214708f * c.r + 0.5363325363f * c.g + 0.0514459929f * c.b);
  float m = std::cbrt(0.2119034982f * c.r + 0.6806995451f * c.g + 0.1073969566f * c.b);
  float s = std::cbrt(0.0883024619f * c.r + 0.2817188376f * c.g + 0.6299787005f * c.b);
  return {0.2104542553f * l + 0.7936177850f * m - 0.0040720468f * s,
          1.9779984951f * l - 2.4285922050f * m + 0.4505937099f * s,
          0.0259040371f * l + 0.7827717662f * m - 0.8086757660f * s};
}

glm::vec3 from_oklab(glm::vec3 lab) {
  float l = lab.x + 0.3963377774f * lab.y + 0.2158037573f * lab.z;
  float m = lab.x - 0.1055613458f * lab.y - 0.0638541728f * lab.z;
  float s = lab.x - 0.0894841775f * lab.y - 1.2914855480f * lab.z;
  l = l * l * l, m = m * m * m, s = s * s * s;
  glm::vec3 c{4.0767416621f * l - 3.3077115913f * m + 0.2309699292f * s,
              -1.2684380046f * l + 2.6097574011f * m - 0.3413193965f * s,
              -0.0041960863f * l - 0.7034186147f * m + 1.7076147010f * s};
  for (int i = 0; i < 3; ++i) {
    float v = std::clamp(c[i], 0.f, 1.f);
    c[i] = v <= 0.0031308f ? v * 12.92f : 1.055f * std::pow(v, 1 / 2.4f) - 0.055f;
  }
  return c;
}

glm::vec3 ramp(glm::vec3 zero, std::span<const glm::vec3, 3> colours, const float (&stops)[4], float part) {
  part = std::clamp(part, 0.f, 1.f);
  int i = part < stops[1] ? 0 : part < stops[2] ? 1 : 2;
  glm::vec3 from = i ? colours[size_t(i - 1)] : zero, to = colours[size_t(i)];
  float mix = (part - stops[i]) / (stops[i + 1] - stops[i]);
  return from_oklab(glm::mix(to_oklab(from), to_oklab(to), mix));
}

Palette dark() {
  Palette p;
  p.neutral = hex(0x1d2338);
  p.negative[0] = hex(0x224a94), p.negative[1] = hex(0x2f86e6), p.negative[2] = hex(0xa8ecff);
  p.positive[0] = hex(0x80402a), p.positive[1] = hex(0xec7a2c), p.positive[2] = hex(0xffe6a3);
  p.attention[0] = hex(0x54309c), p.attention[1] = hex(0xc452c8), p.attention[2] = hex(0xffd9ec);
  p.background_top = hex(0x0c1020), p.background_bottom = hex(0x1a1d33);
  const unsigned frames[5] = {0x35d6b0, 0x6d86ff, 0xf4b84a, 0xc57bff, 0x55c8ff};
  for (int i = 0; i < 5; ++i) p.frames[i] = hex(frames[i]);
  p.text = hex(0xeef2ff), p.faint_text = hex(0x93a0c8);
  return p;
}

Palette light() {
  Palette p;
  p.neutral = hex(0xe9ebf2);
  p.negative[0] = hex(0xb3cdf3), p.negative[1] = hex(0x4d8ae0), p.negative[2] = hex(0x123a8c);
  p.positive[0] = hex(0xf6cdb0), p.positive[1] = hex(0xe5793a), p.positive[2] = hex(0x8f2a0c);
  p.attention[0] = hex(0xd8bdf0), p.attention[1] = hex(0x9a55cf), p.attention[2] = hex(0x481a78);
  p.background_top = hex(0xfdfdfb), p.background_bottom = hex(0xe6eaf2);
  const unsigned frames[5] = {0x0f9d7f, 0x4a5fe0, 0xc98a12, 0x8e44cf, 0x1789c9};
  for (int i = 0; i < 5; ++i) p.frames[i] = hex(frames[i]);
  p.text = hex(0x1b2236), p.faint_text = hex(0x5d6785);
  return p;
}

// Blue against yellow, told apart by all common kinds of colour vision; attention from grey to yellow.
// Frames after Okabe and Ito (2008), moved until no two look alike to any kind of colour vision (a test
// looks).
Palette for_the_colour_blind(Palette p, Theme theme) {
  const unsigned frames[2][5] = {{0x2fd6a8, 0x4f8dff, 0xe69f00, 0xb8639a, 0xc4ecff},
                                 {0x00a27a, 0x1f5fc8, 0xa86a00, 0x7a2f6a, 0x62bdf0}};
  for (int i = 0; i < 5; ++i) p.frames[i] = hex(frames[theme == Theme::light][i]);
  if (theme == Theme::dark) {
    p.negative[0] = hex(0x1c4690), p.negative[1] = hex(0x3f7fd8), p.negative[2] = hex(0xb9dcff);
    p.positive[0] = hex(0x655a2c), p.positive[1] = hex(0xc3a52a), p.positive[2] = hex(0xfff3a0);
    p.attention[0] = hex(0x47506b), p.attention[1] = hex(0x9a9577), p.attention[2] = hex(0xffea46);
  } else {
    p.negative[0] = hex(0xb4c8e8), p.negative[1] = hex(0x4a78bd), p.negative[2] = hex(0x00224e);
    p.positive[0] = hex(0xeadf9f), p.positive[1] = hex(0xb59a1e), p.positive[2] = hex(0x554400);
    p.attention[0] = hex(0xc4c4c0), p.attention[1] = hex(0x7c7b78), p.attention[2] = hex(0x00224e);
  }
  return p;
}

}  // namespace

const Palette& palette(Theme theme, bool colour_blind) {
  static const Palette palettes[4] = {dark(), light(), for_the_colour_blind(dark(), Theme::dark),
                                      for_the_colour_blind(light(), Theme::light)};
  return palettes[(theme == Theme::light ? 1 : 0) + (colour_blind ? 2 : 0)];
}

glm::vec3 value_colour(const Palette& palette, float part) {
  const float stops[4] = {0, 0.22f, 0.55f, 1};
  return ramp(palette.neutral, part < 0 ? palette.negative : palette.positive, stops, std::abs(part));
}

glm::vec3 attention_colour(const Palette& palette, float part) {
  const float stops[4] = {0, 0.25f, 0.6f, 1};
  return ramp(palette.neutral, palette.attention, stops, part);
}

glm::vec3 winner_colour(Theme theme) {
  return theme == Theme::dark ? glm::vec3(1.f, 0.83f, 0.45f) : glm::vec3(0.72f, 0.29f, 0.05f);
}

}  // namespace orrery
