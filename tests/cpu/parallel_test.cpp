#include "model/parallel.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
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
  CHECK(thread_count() >= 1);
  set_thread_count(3);
  CHECK(thread_count() == 3);
  set_thread_count(0);
}

TEST_CASE("the caller does what it alone may do first, once, with or without others") {
  for (int threads : {1, 2, 5})
    for (int count : {0, 1, 9}) {
      CAPTURE(threads);
      CAPTURE(count);
      int meanwhile = 0;
      std::atomic<int> calls{0};
      const auto caller = std::this_thread::get_id();
      in_parallel(
          count, threads, [&](int) { ++calls; },
          [&](int) { meanwhile += std::this_thread::get_id() == caller; });
      CHECK(meanwhile == 1);
      CHECK(calls == count);
    }
  CHECK_THROWS_AS(in_parallel(
                      8, 3, [](int) {}, [](int) { throw std::runtime_error("not now"); }),
                  std::runtime_error);
}

TEST_CASE("work within work, and from several threads at once, is done as well") {
  std::atomic<int> calls{0};
  const auto work = [&](int) { in_parallel(5, 4, [&](int) { ++calls; }); };
  std::thread other([&] { in_parallel(20, 4, work); });
  in_parallel(20, 4, work);
  other.join();
  CHECK(calls == 2 * 20 * 5);
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
