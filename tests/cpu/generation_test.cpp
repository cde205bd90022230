#include "model/generation.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "model/message.h"
#include "tests/support/fixture.h"
#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

namespace {

Config generation_file(const char* text) { return {nlohmann::json::parse(text), "generation_config.json"}; }

/// What a run chooses until it stands still.
std::vector<int> chosen_by(Executor& run) {
  while (run.run_pass()) {
  }
  std::vector<int> ids;
  for (int i = 0; i < run.trace()->pass_count(); ++i) ids.push_back(run.trace()->pass(i).chosen);
  return ids;
}

}  // namespace

TEST_CASE("which ids end a text: generation_config.json's, else config.json's") {
  const Config none = generation_file("{}"), one = generation_file(R"({"eos_token_id": 2})");
  CHECK(text_ends(none, none).empty());
  CHECK(text_ends(none, one) == std::vector<int>{2});
  CHECK(text_ends(generation_file(R"({"eos_token_id": [5, 6]})"), one) == std::vector<int>{5, 6});
  CHECK(text_ends(generation_file(R"({"eos_token_id": null})"), one).empty());
  for (const char* bad : {R"({"eos_token_id": "</s>"})", R"({"eos_token_id": [1, null]})",
                          R"({"eos_token_id": 1e30})", R"({"eos_token_id": {"id": 1}})"})
    CHECK_THROWS_AS(text_ends(generation_file(bad), one), Error);
}

TEST_CASE("wishes: what is said takes the place of what is there, and what was changed since stays") {
  const SamplingWishes file = sampling_wishes(generation_file(
      R"({"temperature": 0.6, "top_k": 20, "top_p": 0.9, "do_sample": true, "repetition_penalty": 1.1})"));
  const SamplingSettings first = fulfilled({}, file);
  SamplingSettings expected{
      .temperature = 0.6, .top_k = 20, .top_p = 0.9, .repeat_penalty = 1.1, .repeat_last_n = -1};
  CHECK(first == expected);
  CHECK(fulfilled({}, sampling_wishes(generation_file(R"({"temperature": 0.6, "do_sample": false})")))
            .temperature == 0);
  CHECK(fulfilled({}, sampling_wishes(generation_file("{}"))) == SamplingSettings{});
  SamplingWishes flags;
  flags.temperature = 0.1;
  CHECK(fulfilled(first, flags).temperature == 0.1);
  CHECK(fulfilled(first, flags).top_k == 20);
  SamplingSettings moved = first;
  moved.top_p = 0.5;
  const SamplingSettings next = rebased(moved, first, SamplingSettings{});
  CHECK(next.top_p == 0.5);
  CHECK(next.top_k == 0);
  CHECK(next.temperature == SamplingSettings{}.temperature);
  for (const char* bad : {R"({"top_p": 2})", R"({"top_k": 1.5})", R"({"repetition_penalty": 0})",
                          R"({"do_sample": 1})", R"({"min_p": "x"})"})
    CHECK_THROWS_AS(sampling_wishes(generation_file(bad)), Error);
}

TEST_CASE("a run stands still behind the token that ends the text, goes on past it, and stops at the next") {
  for (const char* folder : {"gpt2", "llama", "mamba", "rwkv4"}) {
    CAPTURE(folder);
    const Fixture fixture(folder);
    const auto model = load_reference(folder);
    const std::vector<int> ids = fixture.at("p0.input_ids").ids(), all = fixture.at("p0.greedy_ids").ids();
    const std::vector<int> expected(all.begin() + std::ptrdiff_t(ids.size()), all.end());
    Executor run = Executor::start(model, ids, int(expected.size()), greedy_sampling());
    run.ends = {-1, expected[2]};
    const auto first = std::ranges::find(expected, expected[2]);
    CHECK(chosen_by(run) == std::vector<int>(expected.begin(), first + 1));
    CHECK(run.state() == RunState::text_ended);
    CHECK_FALSE(run.step());
    run.go_past_end();
    const auto second = std::find(first + 1, expected.end(), expected[2]);
    CHECK(chosen_by(run) ==
          std::vector<int>(expected.begin(), second == expected.end() ? second : second + 1));
    run.ends.clear();
    CHECK(chosen_by(run) == expected);
    CHECK(run.state() == RunState::enough_tokens);
    // Who makes an end the next token wants to see what comes after it.
    Executor forced = Executor::go_on(*run.trace(), 0, expected[2], 2, greedy_sampling());
    forced.ends = {expected[2]};
    CHECK(forced.run_pass());
  }
}

TEST_CASE("a model knows what its files say") {
  const auto model = load_reference("gpt2");
  REQUIRE(model->ends() == std::vector<int>{60});
  CHECK(model->ends_text(60));
  CHECK_FALSE(model->ends_text(59));
}
