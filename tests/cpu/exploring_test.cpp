#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "model/analysis/anatomy.h"
#include "model/analysis/attention_views.h"
#include "model/analysis/attribution.h"
#include "model/analysis/logit_lens.h"
#include "model/analysis/score_parts.h"
#include "model/derivation.h"
#include "model/worker.h"
#include "tests/support/fixture.h"

// A journey as a person makes it, without the window: the worker generates while other threads look into the
// recording. Under ThreadSanitizer it shows that nobody reads a row before it is published.

using namespace orrery;
using namespace orrery::test;

namespace {

/// What the journey saw at one time, to be compared with what the complete recording says.
struct Sight {
  int rows = 0;
  std::vector<int> top;             // the lens' first token of every state and row
  double score_sum = 0, logit = 0;  // of the newest row
  float attention = 0;              // of the newest row to the first, layer 1, head 0
  double explained = 0;             // the newest cell of the last step
};

Sight look(const Trace& trace, const Anatomy& anatomy, int rows) {
  Progress progress;
  Sight sight;
  sight.rows = rows;
  const auto lens = logit_lens(trace, rows, 1, true, progress);
  REQUIRE(bool(lens));
  for (const LensCell& cell : lens->cells) sight.top.push_back(cell.top.front());
  const HeadParts& head = *anatomy.find_head(1, 0);
  const auto score = split_score(trace, head, rows - 1, 0, progress);
  REQUIRE(bool(score));
  sight.score_sum = score->sum;
  CHECK(score->sum == doctest::Approx(score->stored).epsilon(1e-4));
  const auto logit = attribute_logit(trace, rows - 1, 3, -1);
  REQUIRE(bool(logit));
  sight.logit = logit->sum;
  sight.attention = float(attention_pattern(trace, head, rows)(rows - 1, 0));
  const Tensor& logits = trace.graph().logits();
  sight.explained = derive(trace, {&logits, rows - 1, 5}).why.value;
  return sight;
}

std::vector<Sight> explore(const Trace& trace, const Anatomy& anatomy, int last_row) {
  std::vector<Sight> seen;
  for (int rows = 0; rows < last_row;) {
    const int known = trace.rows_known(trace.graph().logits(), trace.published());
    if (known == rows) {
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      continue;
    }
    rows = known;
    seen.push_back(look(trace, anatomy, rows));
  }
  return seen;
}

}  // namespace

TEST_CASE("looking inside while the model generates shows what the complete recording shows") {
  Worker worker;
  worker.load(reference("gpt2"));
  std::shared_ptr<const Trace> trace;
  bool started = false;
  constexpr int prompt = 3, more = 12;
  for (int i = 0; i < 60000 && !trace; ++i) {
    for (const Event& event : worker.poll()) {
      REQUIRE(event.kind != Event::Kind::load_failed);
      if (event.kind == Event::Kind::run_started) trace = event.trace;
      if (event.kind == Event::Kind::model_loaded && !started) {
        RunRequest request{{1, 2, 3}, more + 1, {}};
        request.sampling.temperature = 0;
        worker.start(std::move(request));
        started = true;
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(trace);
  const Anatomy anatomy = anatomy_of(trace->graph());
  std::vector<Sight> first, second;
  std::thread one([&] { first = explore(*trace, anatomy, prompt + more); });
  std::thread two([&] { second = explore(*trace, anatomy, prompt + more); });
  // The person steps and plays meanwhile, and turns knobs.
  const auto steps = std::uint64_t(trace->steps_a_pass());
  for (std::uint64_t limit = 1; limit < steps * (more + 2); limit += 7) {
    worker.allow(limit);
    if (limit % 3 == 0) {
      SamplingSettings settings;
      settings.temperature = 0;
      worker.set_sampling(settings, more + 1);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  worker.allow(steps * 100);
  one.join();
  two.join();

  first.insert(first.end(), second.begin(), second.end());
  CHECK(first.size() >= 2);
  for (const Sight& then : first) {
    CAPTURE(then.rows);
    const Sight now = look(*trace, anatomy, then.rows);
    CHECK(then.top == now.top);
    CHECK(then.score_sum == now.score_sum);
    CHECK(then.logit == now.logit);
    CHECK(then.attention == now.attention);
    CHECK(then.explained == now.explained);
  }
}
