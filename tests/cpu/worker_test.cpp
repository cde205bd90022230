#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <deque>
#include <fstream>
#include <thread>

#include "model/worker.h"
#include "tests/support/fixture.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// The next event of that kind, passing over others; fails after a minute.
Event next_event(Worker& worker, Event::Kind kind) {
  static std::deque<Event> waiting;
  static const Worker* of = nullptr;
  if (std::exchange(of, &worker) != &worker) waiting.clear();
  for (int i = 0; i < 60000; ++i) {
    for (Event& event : worker.poll()) waiting.push_back(std::move(event));
    while (!waiting.empty()) {
      Event event = std::move(waiting.front());
      waiting.pop_front();
      if (event.kind == kind) return event;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  FAIL("the event did not come");
  return {};
}

void wait_until_published(const Trace& trace, std::uint64_t steps) {
  for (int i = 0; i < 60000 && trace.published() < steps; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  REQUIRE(trace.published() == steps);
}

RunRequest request(std::vector<int> ids, int new_tokens) {
  RunRequest result{std::move(ids), new_tokens, {}};
  result.sampling.temperature = 0;
  return result;
}

std::shared_ptr<const Trace> begin(Worker& worker, RunRequest wanted) {
  worker.load(reference("gpt2"));
  next_event(worker, Event::Kind::model_loaded);
  worker.start(std::move(wanted));
  return next_event(worker, Event::Kind::run_started).trace;
}

}  // namespace

TEST_CASE("the gate lets exactly the allowed steps through, and readers see whole rows") {
  Worker worker;
  const auto trace = begin(worker, request({1, 2, 3}, 4));
  for (std::uint64_t limit : {1, 2, 7, 40}) {
    worker.allow(limit);
    wait_until_published(*trace, limit);
    CHECK(trace->published() == limit);
  }
  worker.allow(~std::uint64_t(0));
  const Event end = next_event(worker, Event::Kind::run_ended);
  CHECK(end.state == RunState::enough_tokens);
  CHECK(trace->pass_count() == 4);
  CHECK(trace->published() == std::uint64_t(4 * trace->steps_a_pass()));
}

TEST_CASE("a reader beside the worker sees only finished numbers") {
  Worker worker;
  const auto trace = begin(worker, request({1, 2, 3}, -1));
  worker.allow(~std::uint64_t(0));
  std::uint64_t steps = 0;
  double sum = 0;
  while (trace->rows_known(trace->graph().logits(), steps) < trace->capacity()) {
    steps = trace->published();
    for (const Tensor* tensor : trace->graph().steps()) {
      const int rows = trace->rows_known(*tensor, steps);
      if (rows > 0) sum += trace->view(*tensor)(rows - 1, 0);
    }
  }
  CHECK(std::isfinite(sum));
  CHECK(next_event(worker, Event::Kind::run_ended).state == RunState::context_full);
}

TEST_CASE("where the text ends the worker says so; told to go on it goes past it") {
  namespace fs = std::filesystem;
  const Fixture fixture("gpt2");
  const std::vector<int> ids = fixture.at("p1.input_ids").ids(), all = fixture.at("p1.greedy_ids").ids();
  const fs::path folder = fs::temp_directory_path() / "orrery-worker-ends";
  fs::remove_all(folder);
  fs::create_directory(folder);
  for (const char* name : {"config.json", "model.safetensors"})
    fs::copy_file(fixture.folder() / name, folder / name);
  std::ofstream(folder / "generation_config.json") << "{\"eos_token_id\": " << all[ids.size()] << "}";
  Worker worker;
  worker.load(folder);
  next_event(worker, Event::Kind::model_loaded);
  fs::remove_all(folder);
  worker.start(request(ids, 2));
  const auto trace = next_event(worker, Event::Kind::run_started).trace;
  worker.allow(~std::uint64_t(0));
  CHECK(next_event(worker, Event::Kind::run_ended).state == RunState::text_ended);
  CHECK(trace->pass_count() == 1);
  // Other settings act from the next token on; there is none yet.
  worker.set_sampling(request({}, 2).sampling, 2);
  CHECK(next_event(worker, Event::Kind::run_ended).state == RunState::text_ended);
  worker.go_past_end();
  CHECK(next_event(worker, Event::Kind::run_ended).state == RunState::enough_tokens);
  CHECK(trace->pass(1).chosen == all[ids.size() + 1]);
}

TEST_CASE("a failed load and a bad prompt leave model and recording as they were") {
  Worker worker;
  const auto trace = begin(worker, request({1, 2, 3}, 2));
  worker.load("/nowhere/at/all");
  CHECK(next_event(worker, Event::Kind::load_failed).message.english().find("/nowhere/at/all") !=
        std::string::npos);
  worker.start(request({}, 1));
  CHECK(next_event(worker, Event::Kind::run_failed).message.key ==
        "the prompt is empty: type at least one token");
  worker.start(request({61}, 1));
  CHECK(next_event(worker, Event::Kind::run_failed).message.arguments ==
        std::vector<std::string>{"61", "61"});
  worker.allow(~std::uint64_t(0));
  CHECK(next_event(worker, Event::Kind::run_ended).trace == trace);
}

TEST_CASE(
    "an edited prompt keeps the rows before the change, and computes the same numbers as from scratch") {
  Worker worker;
  const auto first = begin(worker, request({1, 2, 3, 4}, 1));
  worker.allow(~std::uint64_t(0));
  next_event(worker, Event::Kind::run_ended);
  worker.start(request({1, 2, 9, 4, 5}, 1));
  const auto edited = next_event(worker, Event::Kind::run_started).trace;
  next_event(worker, Event::Kind::run_ended);
  CHECK(edited->kept_rows() == 2);
  Executor fresh = Executor::start(edited->shared_model(), {1, 2, 9, 4, 5}, 1, request({}, 1).sampling);
  fresh.run_pass();
  const std::vector<float> a = edited->logits_of(0), b = fresh.trace()->logits_of(0);
  for (size_t v = 0; v < a.size(); ++v) CHECK(a[v] == doctest::Approx(b[v]).epsilon(1e-4));
}

TEST_CASE("going on with another token keeps the passes before") {
  Worker worker;
  const auto trace = begin(worker, request({1, 2, 3}, 3));
  worker.allow(~std::uint64_t(0));
  next_event(worker, Event::Kind::run_ended);
  const int other = trace->pass(1).chosen == 7 ? 8 : 7;
  worker.go_on(trace, 1, other, request({}, 3));
  const auto branch = next_event(worker, Event::Kind::run_started).trace;
  next_event(worker, Event::Kind::run_ended);
  CHECK(branch->pass(0).chosen == trace->pass(0).chosen);
  CHECK(branch->pass(1).chosen == other);
  CHECK(branch->pass(1).forced);
  CHECK(branch->token(4) == other);
  CHECK(branch->pass_count() == 4);
}

TEST_CASE("going on with the token that was chosen anyway is no choice by hand; further tokens follow") {
  Worker worker;
  const auto trace = begin(worker, request({1, 2, 3}, 4));
  worker.allow(~std::uint64_t(0));
  next_event(worker, Event::Kind::run_ended);
  RunRequest wanted = request({}, 1);
  const int other = trace->pass(2).chosen == 7 ? 8 : 7;
  wanted.then = {trace->pass(1).chosen, other};
  worker.go_on(trace, 0, trace->pass(0).chosen, wanted);
  const auto branch = next_event(worker, Event::Kind::run_started).trace;
  CHECK(next_event(worker, Event::Kind::run_ended).state == RunState::enough_tokens);
  REQUIRE(branch->pass_count() == 3);
  CHECK(branch->ids(5) == std::vector<int>{1, 2, 3, trace->pass(0).chosen, trace->pass(1).chosen});
  CHECK_FALSE(branch->pass(0).forced);
  CHECK_FALSE(branch->pass(1).forced);
  CHECK(branch->pass(2).chosen == other);
  CHECK(branch->pass(2).forced);
  worker.go_on(trace, 0, 0, [&] {
    RunRequest bad = wanted;
    bad.then = {61};
    return bad;
  }());
  CHECK(next_event(worker, Event::Kind::run_failed).message.arguments ==
        std::vector<std::string>{"61", "61"});
}

TEST_CASE("a token is drawn again with other settings: its numbers stay, nothing is forced") {
  Worker worker;
  const auto trace = begin(worker, request({1, 2, 3}, 3));
  worker.allow(~std::uint64_t(0));
  next_event(worker, Event::Kind::run_ended);
  RunRequest wanted = request({}, 2);
  wanted.sampling.repeat_penalty = 100;  // what was chosen last time, of all, is now the least probable
  wanted.sampling.repeat_last_n = -1;
  const auto drawn = [&](const Trace& from, int pass) {
    return sample(from.logits_of(pass), wanted.sampling, from.ids(from.pass(pass).rows.end)).id;
  };
  worker.go_on(trace, 1, -1, wanted);
  const auto branch = next_event(worker, Event::Kind::run_started).trace;
  next_event(worker, Event::Kind::run_ended);
  REQUIRE(branch->pass_count() == 3);
  CHECK(branch->pass(0).chosen == trace->pass(0).chosen);
  CHECK(branch->pass(0).sampling == trace->pass(0).sampling);
  CHECK(branch->logits_of(1) == trace->logits_of(1));
  for (int pass : {1, 2}) {
    CHECK(branch->pass(pass).sampling == wanted.sampling);
    CHECK(branch->pass(pass).chosen == drawn(*branch, pass));
    CHECK(branch->sample_of(pass).id == branch->pass(pass).chosen);
    CHECK_FALSE(branch->pass(pass).forced);
  }
}

TEST_CASE("settings that change in the middle of a pass act on its token") {
  Worker worker;
  const auto trace = begin(worker, request({1, 2, 3}, 2));
  worker.allow(5);
  wait_until_published(*trace, 5);
  RunRequest wanted = request({}, 1);
  wanted.sampling.seed = 9;
  worker.go_on(trace, 0, -1, wanted);
  const auto branch = next_event(worker, Event::Kind::run_started).trace;
  CHECK(branch->published() == 5);
  worker.allow(~std::uint64_t(0));
  next_event(worker, Event::Kind::run_ended);
  Executor fresh = Executor::start(branch->shared_model(), {1, 2, 3}, 1, wanted.sampling);
  fresh.run_pass();
  CHECK(branch->logits_of(0) == fresh.trace()->logits_of(0));
  CHECK(branch->pass(0).sampling == wanted.sampling);
  CHECK(branch->pass_count() == 1);
}
