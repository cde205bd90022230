#include "renderer/weight_means.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>

#include "tests/support/half.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// Mean positive and negative part of the known cells of a square, in double.
struct Means {
  double positive = 0, negative = 0;

  Means(const MatrixView& view, int known, int level, int y, int x) {
    const int side = 1 << level;
    int count = 0;
    for (int row = y * side; row < std::min(known, (y + 1) * side); ++row)
      for (int col = x * side; col < std::min(view.cols, (x + 1) * side); ++col, ++count)
        (view(row, col) > 0 ? positive : negative) += std::abs(double(view(row, col)));
    positive /= count, negative /= count;
  }
};

int squares(int size, int level) { return (size + (1 << level) - 1) >> level; }

int levels_of(int rows, int cols) {
  int levels = 1;
  while (squares(rows, levels - 1) > 1 || squares(cols, levels - 1) > 1) ++levels;
  return levels;
}

void check(int rows, int cols, bool columns_contiguous, int first_level) {
  CAPTURE(rows);
  CAPTURE(cols);
  CAPTURE(columns_contiguous);
  CAPTURE(first_level);
  std::vector<float> numbers(size_t(rows) * size_t(cols));
  std::mt19937 random(unsigned(rows + cols));
  for (float& number : numbers) number = float(int(random() % 2001) - 1000) / 500;
  MatrixView view{numbers.data(), rows, cols, cols, 1};
  if (columns_contiguous) view.row_stride = 1, view.col_stride = rows;
  const int levels = levels_of(rows, cols);
  WeightMeans means(rows, cols, levels, first_level);
  WeightBand band;
  double seen = 0, all = 0;
  for (float number : numbers) all += double(number);
  for (int begin = 0; begin < rows; begin += WeightMeans::band) {
    const int count = std::min(WeightMeans::band, rows - begin);
    means.make(view, begin, band, [&](int row, const float* some, int length) {
      CHECK(row >= begin);
      CHECK(row < begin + count);
      for (int i = 0; i < length; ++i) seen += double(some[i]);
    });
    means.add(band);
    CHECK(band.row == begin);
    CHECK(band.count == count);
    for (int level = 0; level < levels; ++level) {
      const auto& found = band.texels[size_t(level)];
      const int width = squares(cols, level), first = begin >> level;
      REQUIRE(found.size() == size_t(level < first_level ? 0 : width * squares(count, level)));
      for (size_t i = 0; i < found.size(); ++i) {
        const Means expected(view, begin + count, level, first + int(i) / width, int(i) % width);
        REQUIRE(std::abs(from_half(found[i] & 0xffff) - expected.positive) <=
                1e-3 * expected.positive + 1e-4);
        REQUIRE(std::abs(from_half(found[i] >> 16) - expected.negative) <= 1e-3 * expected.negative + 1e-4);
      }
    }
  }
  CHECK(seen == doctest::Approx(all).epsilon(1e-9));
}

}  // namespace

TEST_CASE("texels of a weight are the means of the positive and of the negative parts of its squares") {
  for (bool columns_contiguous : {false, true}) {
    check(1, 1, columns_contiguous, 0);
    check(1, 700, columns_contiguous, 0);
    check(300, 1, columns_contiguous, 0);
    check(13, 11, columns_contiguous, 1);
    check(64, 512, columns_contiguous, 0);
    check(65, 513, columns_contiguous, 0);
    check(200, 1037, columns_contiguous, 2);
    check(333, 90, columns_contiguous, 7);
  }
}
