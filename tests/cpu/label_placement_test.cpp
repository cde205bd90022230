#include "renderer/label_placement.h"

#include <doctest/doctest.h>

#include "renderer/palette.h"

using namespace orrery;

TEST_CASE("labels that stay never overlap, and the more important one stays") {
  std::vector<ScreenLabel> labels = {{{0, 0}, {100, 20}, 1, 0},
                                     {{50, 10}, {150, 30}, 2, 1},
                                     {{160, 0}, {200, 20}, 0, 2},
                                     {{150, 5}, {170, 9}, 0, 3}};
  keep_clear_labels(labels);
  REQUIRE(labels.size() == 2);
  CHECK(labels[0].index == 1);
  CHECK(labels[1].index == 2);
}

TEST_CASE("names grow to a size that can be read, small texts are left out, large ones shrink") {
  CHECK(text_size(6.9f, LabelRank::token).alpha == 0);
  CHECK(text_size(8, LabelRank::token).factor == 1);
  CHECK(text_size(8, LabelRank::token).alpha < 1);
  CHECK(text_size(10, LabelRank::token).alpha == doctest::Approx(1));
  CHECK(text_size(5.4f, LabelRank::tensor).alpha == 0);
  CHECK(text_size(8, LabelRank::tensor).factor == doctest::Approx(1.25));
  CHECK(text_size(3.9f, LabelRank::layer).alpha == 0);
  CHECK(text_size(5, LabelRank::layer).factor == doctest::Approx(2));
  CHECK(text_size(80, LabelRank::layer).factor == doctest::Approx(0.5));
  CHECK(text_size(0.f / 1, LabelRank::layer).alpha == 0);
}

TEST_CASE("the ramps grow monotonously in lightness away from zero, in every palette") {
  for (Theme theme : {Theme::dark, Theme::light})
    for (bool colour_blind : {false, true}) {
      const Palette& colours = palette(theme, colour_blind);
      auto light = [](glm::vec3 c) { return glm::dot(c * c, glm::vec3(0.2126f, 0.7152f, 0.0722f)); };
      float sign = theme == Theme::dark ? 1.f : -1.f;
      for (int i = 0; i < 40; ++i) {
        float a = float(i) / 40, b = float(i + 1) / 40;
        CHECK(sign * (light(value_colour(colours, b)) - light(value_colour(colours, a))) > -0.002f);
        CHECK(sign * (light(value_colour(colours, -b)) - light(value_colour(colours, -a))) > -0.002f);
        CHECK(sign * (light(attention_colour(colours, b)) - light(attention_colour(colours, a))) > -0.002f);
      }
      CHECK(glm::length(value_colour(colours, 0) - colours.neutral) < 0.01f);
      CHECK(glm::length(value_colour(colours, 1) - colours.positive[2]) < 0.01f);
      CHECK(glm::length(value_colour(colours, -0.22f) - colours.negative[0]) < 0.01f);
    }
}
