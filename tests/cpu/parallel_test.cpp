#include "model/parallel.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

using namespace orrery;

TEST_CASE("every number is worked on once, on however many threads") {
  for (int threads : {0, 1, 2, 7})
    for (int count : {0, 1, 3, 100}) {
      CAPTURE(threads);
      CAPTURE(count);
      std::vector<std::atomic<int>> calls(size_t(count) + 1);
      in_parallel(count, threads, [&](int i) { ++calls[size_t(i)]; });
      for (int i = 0; i < count; ++i) CHECK(calls[size_t(i)] == 1);
      CHECK(calls[size_t(count)] == 0);
    }
  CHECK(useful_threads() >= 1);
}

TEST_CASE("what a call throws reaches the caller, and no further calls begin") {
  for (int threads : {1, 4}) {
    CAPTURE(threads);
    std::atomic<int> begun{0};
    const auto work = [&](int i) {
      ++begun;
      if (i >= 10) throw std::runtime_error(std::to_string(i));
    };
    CHECK_THROWS_AS(in_parallel(1000, threads, work), std::runtime_error);
    CHECK(begun >= 11);
    CHECK(begun <= 10 + threads);
  }
  // All four throw, whatever the order: they wait for each other.
  std::atomic<int> waiting{0};
  try {
    in_parallel(4, 4, [&](int i) {
      ++waiting;
      while (waiting < 4) {
      }
      throw i;
    });
    FAIL("nothing was thrown");
  } catch (int lowest) {
    CHECK(lowest == 0);
  }
}
