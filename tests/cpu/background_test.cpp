#include "app/background.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

using namespace orrery;

namespace {

/// Asks until the answer is current, as a panel does frame by frame.
template <class Ask>
auto current_answer(Ask ask) {
  for (;;) {
    auto answer = ask();
    if (answer.current) return answer;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

/// A piece of work that waits until it is let go.
struct Gate {
  std::atomic<bool> begun{false}, open{false};
  int pass(int result, Progress& progress) {
    begun = true;
    while (!open) {
      progress.report(0.5f);
      std::this_thread::yield();
    }
    return result;
  }
  void wait_until_begun() const {
    while (!begun) std::this_thread::yield();
  }
};

}  // namespace

TEST_CASE("a question is answered once, and its answer stays") {
  Background background;
  std::atomic<int> runs{0};
  const auto ask = [&](int number) {
    return background.ask<std::string>(1, {7, number}, [&runs, number](Progress&) {
      ++runs;
      return std::to_string(number);
    });
  };
  CHECK(*current_answer([&] { return ask(3); }).result == "3");
  CHECK(*ask(3).result == "3");
  CHECK(runs == 1);
  CHECK(background.has_news());
  CHECK_FALSE(background.has_news());
  CHECK(*current_answer([&] { return ask(4); }).result == "4");
  CHECK(runs == 2);
}

TEST_CASE("while one question is worked on only the newest of the others waits, and old answers are shown") {
  Background background;
  const auto gate = std::make_shared<Gate>();
  std::atomic<int> runs{0};
  const auto ask = [&](int number) {
    return background.ask<int>(1, {7, number}, [gate, number, &runs](Progress& progress) {
      ++runs;
      return number == 0 ? gate->pass(0, progress) : number;
    });
  };
  CHECK(ask(0).result == nullptr);
  gate->wait_until_begun();
  for (int number = 1; number < 50; ++number) CHECK_FALSE(ask(number).current);
  CHECK(ask(49).progress == 0.5f);
  CHECK(background.busy());
  gate->open = true;
  CHECK(*current_answer([&] { return ask(49); }).result == 49);
  CHECK(runs == 2);
  CHECK_FALSE(background.busy());
}

TEST_CASE("another source cancels the work and forgets its answers; other topics stay") {
  Background background;
  const auto gate = std::make_shared<Gate>();
  const auto other = [&] { return background.ask<int>(2, {7}, [](Progress&) { return 22; }); };
  current_answer(other);
  background.ask<int>(1, {7, 1}, [gate](Progress& progress) { return gate->pass(1, progress); });
  gate->wait_until_begun();
  const auto ask = [&] { return background.ask<int>(1, {8, 1}, [](Progress&) { return 2; }); };
  CHECK(ask().result == nullptr);
  CHECK(*current_answer(ask).result == 2);
  CHECK(*other().result == 22);
}

TEST_CASE("the end does not wait for long work") {
  const auto gate = std::make_shared<Gate>();
  {
    Background background;
    background.ask<int>(1, {1}, [gate](Progress& progress) { return gate->pass(1, progress); });
    gate->wait_until_begun();
  }
  CHECK_FALSE(gate->open);
}
