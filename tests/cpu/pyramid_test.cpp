#include "renderer/pyramid.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "tests/support/half.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("every texel is the mean of the positive and of the negative parts of its square") {
  constexpr int rows = 13, cols = 11, levels = 5, first_level = 1;
  std::vector<float> numbers(rows * cols);
  std::mt19937 random(3);
  for (float& number : numbers) number = float(int(random() % 2001)) / 500 - 2;
  numbers[5 * cols + 7] = NAN;  // never computed
  Tensor tensor;
  Pyramid pyramid;
  RowParts parts;
  std::vector<std::vector<std::uint32_t>> texels(levels);
  pyramid.begin(cols, levels);
  for (int row = 0; row < rows; ++row) {
    parts.read(tensor, {numbers.data(), rows, cols, cols, 1}, row, 0, cols);
    pyramid.add(parts, row, row + 1 == rows, first_level, texels);
  }
  CHECK(texels[0].empty());
  for (int level = first_level; level < levels; ++level) {
    const int width = level_size(cols, level), height = level_size(rows, level), side = 1 << level;
    REQUIRE(int(texels[size_t(level)].size()) == width * height);
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        double positive = 0, negative = 0;
        int count = 0;
        for (int row = y * side; row < std::min(rows, (y + 1) * side); ++row)
          for (int col = x * side; col < std::min(cols, (x + 1) * side); ++col) {
            const float number = numbers[size_t(row * cols + col)];
            if (std::isnan(number)) continue;
            ++count;
            (number > 0 ? positive : negative) += std::abs(double(number));
          }
        const std::uint32_t texel = texels[size_t(level)][size_t(y * width + x)];
        CHECK(from_half(texel & 0xffff) == doctest::Approx(positive / count).epsilon(1e-3));
        CHECK(from_half(texel >> 16) == doctest::Approx(negative / count).epsilon(1e-3));
      }
  }
}

TEST_CASE("a square without any number is marked, an overflow stays infinite, part of a row can be read") {
  std::vector<float> numbers = {1, NAN, NAN, std::numeric_limits<float>::infinity(), -3};
  Tensor tensor;
  RowParts parts;
  parts.read(tensor, {numbers.data(), 1, 5, 5, 1}, 0, 1, 4);
  Pyramid pyramid;
  std::vector<std::vector<std::uint32_t>> texels(2);
  pyramid.begin(4, 2);
  pyramid.add(parts, 0, true, 0, texels);
  REQUIRE(texels[0].size() == 4);
  CHECK(std::isinf(from_half(texels[0][0] >> 16)));
  CHECK(std::isinf(from_half(texels[0][2] & 0xffff)));
  CHECK(from_half(texels[0][2] >> 16) == 0);
  CHECK(from_half(texels[0][3] >> 16) == 3);
  REQUIRE(texels[1].size() == 2);
  CHECK(std::isinf(from_half(texels[1][0] >> 16)));  // two cells, no number
}
