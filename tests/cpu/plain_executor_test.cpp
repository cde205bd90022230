#include "model/plain_executor.h"

#include <doctest/doctest.h>

#include "model/executor.h"
#include "tests/support/fixture.h"

using namespace orrery;

TEST_CASE("without a recording the same tokens come out, from less memory") {
  Progress progress;
  for (const char* name : {"gpt2", "nanogpt", "nanogpt_bias"}) {
    CAPTURE(name);
    const auto model = Model::load(test::reference(name), progress);
    SamplingSettings greedy;
    greedy.temperature = 0;
    Executor traced = Executor::start(model, {1, 2, 3, 4, 5}, 8, greedy);
    while (traced.run_pass()) {
    }
    PlainExecutor plain(model, model->graph().capacity(), 5);
    std::vector<int> feed = {1, 2, 3, 4, 5};
    for (int pass = 0; pass < 8; ++pass) {
      const auto logits = plain.feed(feed);
      const auto expected = traced.trace()->logits_of(pass);
      REQUIRE(logits.size() == expected.size());
      for (size_t i = 0; i < logits.size(); ++i)
        CHECK(logits[i] == doctest::Approx(expected[i]).epsilon(1e-5));
      feed = {sample(logits, greedy, {}).id};
      CHECK(feed[0] == traced.trace()->pass(pass).chosen);
    }
    CHECK(plain.tokens() == 12);
  }
}
