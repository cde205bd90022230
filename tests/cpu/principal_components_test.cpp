#include "model/analysis/principal_components.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

MatrixView view_of(const std::vector<float>& numbers, int cols) {
  return {numbers.data(), int(numbers.size()) / cols, cols, cols, 1};
}

double dot(const Matrix& matrix, int a, int b) {
  double sum = 0;
  for (int col = 0; col < matrix.cols; ++col) sum += matrix(a, col) * matrix(b, col);
  return sum;
}

}  // namespace

TEST_CASE("points on a cross, computed by hand") {
  // Along (3, 4) / 5 at ±10, along (4, -3) / 5 at ±5, around (1, 2).
  const std::vector<float> points = {7, 10, -5, -6, 5, -1, -3, 5};
  Progress progress;
  const auto found = principal_components(view_of(points, 2), 2, progress);
  REQUIRE(found);
  CHECK(found->mean[0] == doctest::Approx(1));
  CHECK(found->mean[1] == doctest::Approx(2));
  CHECK(found->explained[0] == doctest::Approx(0.8));
  CHECK(found->explained[1] == doctest::Approx(0.2));
  CHECK(found->directions(0, 0) == doctest::Approx(0.6));
  CHECK(found->directions(0, 1) == doctest::Approx(0.8));
  CHECK(found->directions(1, 0) == doctest::Approx(0.8));
  CHECK(found->positions(0, 0) == doctest::Approx(10));
  CHECK(found->positions(1, 0) == doctest::Approx(-10));
  CHECK(found->positions(2, 1) == doctest::Approx(5));
  CHECK(std::abs(found->positions(0, 1)) < 1e-9);
}

TEST_CASE("directions are orthonormal, shares fall and sum to 1, distances stay") {
  const auto model = load_model("shakespeare");
  const MatrixView table = model->weight(model->graph().at("embed.W_E"));
  Progress progress;
  // 65 points of 168 channels: fewer rows than columns; the other way round below.
  const auto found = principal_components(table, 64, progress);
  REQUIRE(found);
  double sum = 0;
  for (int k = 0; k < 64; ++k) {
    sum += found->explained[size_t(k)];
    if (k > 0) CHECK(found->explained[size_t(k)] <= found->explained[size_t(k - 1)]);
    for (int other = 0; other <= k; ++other)
      CHECK(dot(found->directions, k, other) == doctest::Approx(k == other).epsilon(1e-6));
  }
  CHECK(sum == doctest::Approx(1));
  for (int a = 0; a < 65; a += 9)
    for (int b = 0; b < a; b += 5) {
      double before = 0, after = 0;
      for (int c = 0; c < table.cols; ++c) before += std::pow(double(table(a, c)) - double(table(b, c)), 2);
      for (int k = 0; k < 64; ++k) after += std::pow(found->positions(a, k) - found->positions(b, k), 2);
      CHECK(after == doctest::Approx(before).epsilon(1e-6));
    }
}

TEST_CASE("many rows give the same as the definition: variances along the components") {
  const auto model = load_model("tang-poems");
  const MatrixView table = model->weight(model->graph().at("embed.W_E"));
  Progress progress;
  const auto found = principal_components(table, 3, progress);
  REQUIRE(found);
  double whole = 0;
  for (int c = 0; c < table.cols; ++c)
    for (int row = 0; row < table.rows; ++row)
      whole += std::pow(double(table(row, c)) - found->mean[size_t(c)], 2);
  for (int k = 0; k < 3; ++k) {
    double along = 0, middle = 0;
    for (int row = 0; row < table.rows; ++row) along += std::pow(found->positions(row, k), 2);
    for (int row = 0; row < table.rows; ++row) middle += found->positions(row, k);
    CHECK(along / whole == doctest::Approx(found->explained[size_t(k)]).epsilon(1e-6));
    CHECK(std::abs(middle) < 1e-6);
  }
}

TEST_CASE("what has no components says why, and equal points have no variance") {
  Progress progress;
  const std::vector<float> one = {1, 2, 3};
  CHECK_FALSE(principal_components(view_of(one, 3), 3, progress));
  const std::vector<float> equal = {1, 2, 1, 2, 1, 2};
  const auto found = principal_components(view_of(equal, 2), 3, progress);
  REQUIRE(found);
  CHECK(found->explained.size() == 2);
  CHECK(found->explained[0] == 0);
  CHECK(found->positions(1, 0) == 0);
  const std::vector<float> wide(2000 * 2, 1.f);
  std::vector<float> large(size_t(1600) * 1600);
  CHECK_FALSE(principal_components(view_of(large, 1600), 3, progress));
  progress.cancelled = true;
  CHECK_THROWS_AS(principal_components(view_of(wide, 2), 2, progress), Cancelled);
}
