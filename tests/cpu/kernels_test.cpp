#include "model/kernels/kernels.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "model/ops.h"

using namespace orrery;

namespace {

constexpr int odd_sizes[] = {1, 2, 3, 7, 8, 9, 17, 48, 65, 130};

/// Random numbers in rows that lie farther apart than they are long; what is between them is NaN.
struct Numbers {
  Numbers(int rows, int cols, unsigned seed)
      : rows(rows), cols(cols), data(size_t(rows) * size_t(cols + gap), std::nanf("")) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-2, 2);
    for (int row = 0; row < rows; ++row)
      for (int col = 0; col < cols; ++col)
        data[size_t(row) * size_t(cols + gap) + size_t(col)] = uniform(random);
  }
  MatrixView view() const { return {data.data(), rows, cols, cols + gap, 1}; }
  MutableView writable() { return {data.data(), rows, cols, cols + gap, 1}; }
  const float* row() const { return data.data(); }

  static constexpr int gap = 5;
  int rows, cols;
  std::vector<float> data;
};

/// The baseline and, where this processor has it, the faster set.
std::vector<const Kernels*> all_kernels() {
  std::vector<const Kernels*> sets = {&baseline_kernels()};
  if (fast_kernels()) sets.push_back(fast_kernels());
  return sets;
}

/// Close to a sum whose summands' magnitudes add up to `size`, as single precision adds.
bool close(float value, double expected, double size) {
  return std::abs(value - expected) <= 2e-6 * size + 1e-30;
}

}  // namespace

TEST_CASE("projections equal sums in double precision, for every size and for one row as for many") {
  for (const Kernels* kernels : all_kernels())
    for (int rows : {1, 2, 5, 17})
      for (int in : odd_sizes)
        for (int outs : odd_sizes) {
          CAPTURE(std::string(kernels->name));
          CAPTURE(rows);
          CAPTURE(in);
          CAPTURE(outs);
          const Numbers x(rows, in, 1), weight(outs, in, 2), bias(1, outs, 3);
          Numbers y(rows, outs, 4), bare(rows, outs, 5), sum(rows, outs, 6);
          const Numbers before = sum;
          kernels->project(x.view(), weight.view(), bias.row(), y.writable());
          kernels->project(x.view(), weight.view(), nullptr, bare.writable());
          kernels->add_projection(x.view(), weight.view(), sum.writable());
          int wrong = 0;
          for (int r = 0; r < rows; ++r)
            for (int o = 0; o < outs; ++o) {
              double expected = 0, size = 0;
              for (int i = 0; i < in; ++i) {
                const double product = double(x.view()(r, i)) * double(weight.view()(o, i));
                expected += product;
                size += std::abs(product);
              }
              const double b = bias.view()(0, o), old = before.view()(r, o);
              wrong += !close(bare.view()(r, o), expected, size);
              wrong += !close(y.view()(r, o), expected + b, size + std::abs(b));
              wrong += !close(sum.view()(r, o), expected + old, size + std::abs(old));
            }
          REQUIRE(wrong == 0);
        }
}

TEST_CASE("weighted sums of rows and softmax equal double precision") {
  for (const Kernels* kernels : all_kernels())
    for (int count : odd_sizes) {
      CAPTURE(std::string(kernels->name));
      CAPTURE(count);
      const Numbers scores(1, count, 1);
      std::vector<float> shares(size_t(count), -1);
      kernels->softmax(scores.row(), count, shares.data());
      double total = 0;
      for (int i = 0; i < count; ++i) total += std::exp(double(scores.row()[i]));
      for (int i = 0; i < count; ++i)
        REQUIRE(close(shares[size_t(i)], std::exp(double(scores.row()[i])) / total, 1));
      for (int width : odd_sizes) {
        CAPTURE(width);
        const Numbers rows(count, width, 2);
        std::vector<float> mixed(size_t(width), std::nanf(""));
        kernels->mix_rows(shares.data(), rows.view(), mixed.data());
        for (int c = 0; c < width; ++c) {
          double expected = 0;
          for (int i = 0; i < count; ++i) expected += double(shares[size_t(i)]) * double(rows.view()(i, c));
          REQUIRE(close(mixed[size_t(c)], expected, 2));
        }
      }
    }
}

TEST_CASE("activation functions keep their digits everywhere, in the tails too") {
  std::vector<float> x = {0, -0.f, 1e-30f, -1e-30f};
  for (float at = -9; at <= 9; at += 0.0137f) x.push_back(at);
  std::vector<float> y(x.size());
  for (const Kernels* kernels : all_kernels())
    for (int function = 0; function <= int(Activation::softplus); ++function) {
      CAPTURE(std::string(kernels->name));
      CAPTURE(std::string(activation_title(Activation(function))));
      kernels->activate(Activation(function), x.data(), int(x.size()), y.data());
      for (size_t i = 0; i < x.size(); ++i) {
        CAPTURE(x[i]);
        const double expected = activate(Activation(function), double(x[i]));
        REQUIRE(std::abs(y[i] - expected) <= 1e-5 * std::abs(expected) + 1e-37);
      }
    }
}

TEST_CASE("activation functions do not hide that a number is none") {
  const std::vector<float> x(17, std::nanf(""));
  for (const Kernels* kernels : all_kernels())
    for (int function = 0; function <= int(Activation::softplus); ++function) {
      CAPTURE(std::string(kernels->name));
      CAPTURE(std::string(activation_title(Activation(function))));
      std::vector<float> y(x.size(), 1);
      kernels->activate(Activation(function), x.data(), int(x.size()), y.data());
      CHECK(std::ranges::all_of(y, [](float number) { return std::isnan(number); }));
    }
}

TEST_CASE("norms keep their digits where a number and the mean nearly cancel") {
  for (const Kernels* kernels : all_kernels())
    for (int count : odd_sizes) {
      CAPTURE(std::string(kernels->name));
      CAPTURE(count);
      std::vector<float> x(static_cast<size_t>(count));
      for (int i = 0; i < count; ++i) x[size_t(i)] = 1000 + 0.001f * float(i * i % 31);
      double mean = 0, variance = 0;
      for (float number : x) mean += double(number) / count;
      for (float number : x) variance += (number - mean) * (number - mean) / count;
      CHECK(kernels->mean(x.data(), count) == doctest::Approx(mean).epsilon(1e-14));
      CHECK(kernels->mean_square(x.data(), count, mean) == doctest::Approx(variance).epsilon(1e-10));
      std::vector<float> y(x.size());
      kernels->standardize(x.data(), count, mean, 0.01, y.data());
      for (size_t i = 0; i < x.size(); ++i)
        CHECK(y[i] == doctest::Approx((x[i] - mean) / 0.01).epsilon(1e-6));
    }
}

TEST_CASE("a set is chosen once, and the baseline is always there") {
  CHECK(&kernels() == &kernels());
  CHECK((&kernels() == &baseline_kernels() || &kernels() == fast_kernels()));
  CHECK(std::string(baseline_kernels().name) == "baseline");
}

TEST_CASE("what comes out does not depend on where the numbers stand in memory") {
  constexpr int count = 130, rows = 3, most = 17;
  const Numbers source(1, count, 1), weights(rows, count, 2);
  for (const Kernels* kernels : all_kernels()) {
    CAPTURE(std::string(kernels->name));
    std::vector<std::vector<float>> first;
    for (int offset = 0; offset < most; ++offset) {
      CAPTURE(offset);
      std::vector<float> in(size_t(count + most)), matrix(size_t(rows * count + most));
      std::copy_n(source.row(), count, in.begin() + offset);
      for (int row = 0; row < rows; ++row)
        for (int col = 0; col < count; ++col)
          matrix[size_t(offset + row * count + col)] = weights.view()(row, col);
      const MatrixView x{in.data() + offset, 1, count, count, 1};
      const MatrixView w{matrix.data() + offset, rows, count, count, 1};
      std::vector<std::vector<float>> results;
      auto run = [&](int size, auto kernel) {
        std::vector<float> out(size_t(size + most));
        kernel(out.data() + offset);
        results.emplace_back(out.begin() + offset, out.begin() + offset + size);
      };
      run(count, [&](float* y) { kernels->softmax(x.data, count, y); });
      run(count, [&](float* y) { kernels->standardize(x.data, count, 0.25, 1.5, y); });
      run(rows, [&](float* y) { kernels->project(x, w, nullptr, {y, 1, rows, rows, 1}); });
      run(count, [&](float* y) { kernels->mix_rows(x.data, w, y); });
      for (int function = 0; function <= int(Activation::softplus); ++function)
        run(count, [&](float* y) { kernels->activate(Activation(function), x.data, count, y); });
      if (offset == 0) first = results;
      CHECK(results == first);
    }
  }
}
