#include "model/sampler.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "model/message.h"
#include "tests/support/fixture.h"

using namespace orrery;
using orrery::test::Fixture;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

void check_filtered(const Fixture& fixture, const std::string& tensor, const std::vector<float>& logits) {
  CAPTURE(fixture.folder().string());
  CAPTURE(tensor);
  std::vector<float> expected = fixture.at(tensor).row(-1);
  REQUIRE(expected.size() == logits.size());
  for (size_t i = 0; i < logits.size(); ++i) {
    CAPTURE(i);
    REQUIRE((expected[i] == -infinity) == (logits[i] == -infinity));
    if (expected[i] != -infinity) REQUIRE(std::abs(expected[i] - logits[i]) < 1e-5);
  }
}

std::vector<float> filtered(std::vector<float> logits, const SamplingSettings& settings,
                            std::vector<Filter> filters, const std::vector<int>& history = {}) {
  for (Filter filter : filters) apply_filter(filter, settings, history, logits);
  return logits;
}

/// The settings with which a folder's filters were computed: Hugging Face penalises the whole history.
SamplingSettings settings_of(const Fixture& fixture) {
  return {.temperature = fixture.sampling("temperature"),
          .top_k = int(fixture.sampling("top_k")),
          .top_p = fixture.sampling("top_p"),
          .min_p = fixture.sampling("min_p"),
          .typical = fixture.sampling("typical_p"),
          .epsilon = fixture.sampling("epsilon_cutoff"),
          .repeat_penalty = fixture.sampling("repetition_penalty"),
          .repeat_last_n = -1,
          .no_repeat_ngram = int(fixture.sampling("no_repeat_ngram_size"))};
}

}  // namespace

TEST_CASE("filters leave what Hugging Face's and nanoGPT's leave, for every model there is") {
  using enum Filter;
  const std::vector<std::pair<std::string, std::vector<Filter>>> chains = {
      {"p0.warp.temperature", {temperature}},
      {"p0.warp.top_k", {top_k}},
      {"p0.warp.top_p", {top_p}},
      {"p0.warp.min_p", {min_p}},
      {"p0.warp.typical", {typical}},
      {"p0.warp.epsilon", {epsilon}},
      {"p0.warp.repetition_penalty", {penalties}},
      {"p0.warp.no_repeat_ngram", {no_repeat_ngram}},
      {"p0.warp.combo", {penalties, temperature, top_k, top_p}},
      {"p0.warp.combo_minp", {temperature, min_p}},
      {"p0.nanogpt_topk", {temperature, top_k}},
  };
  int folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(orrery::test::reference(""))) {
    if (!std::filesystem::exists(entry.path() / "expected.safetensors")) continue;
    const Fixture fixture(entry.path().filename().string());
    if (!fixture.has("p0.warp.temperature")) continue;
    const SamplingSettings settings = settings_of(fixture);
    const std::vector<int> history = fixture.at("p0.input_ids").ids();
    size_t compared = 0;
    for (const auto& [tensor, filters] : chains) {
      if (!fixture.has(tensor)) continue;
      check_filtered(fixture, tensor, filtered(fixture.at("p0.logits").row(-1), settings, filters, history));
      ++compared;
    }
    CHECK(compared == (fixture.has("p0.nanogpt_topk") ? chains.size() : chains.size() - 1));
    ++folders;
  }
  CHECK(folders >= 24);
}

TEST_CASE("penalties: each repeated id once, and only the last of them") {
  SamplingSettings settings{.repeat_penalty = 2, .repeat_last_n = 2};
  const std::vector<int> history = {0, 1, 3, 3, -1, 99};
  CHECK(filtered({4, 4, 4, -4}, settings, {Filter::penalties}, history) == std::vector<float>{4, 4, 4, -4});
  settings.repeat_last_n = 4;
  CHECK(filtered({4, 4, 4, -4}, settings, {Filter::penalties}, history) == std::vector<float>{4, 4, 4, -8});
  settings.repeat_last_n = -1;
  CHECK(filtered({4, -infinity, 4, -4}, settings, {Filter::penalties}, history) ==
        std::vector<float>{2, -infinity, 4, -8});
  settings.repeat_last_n = 0;
  CHECK(filtered({4, 4, 4, -4}, settings, {Filter::penalties}, history) == std::vector<float>{4, 4, 4, -4});
}

TEST_CASE("no_repeat_ngram bans what would complete a run of tokens seen before, but never every token") {
  SamplingSettings settings{.no_repeat_ngram = 3};
  const std::vector<Filter> ban = {Filter::no_repeat_ngram};
  // After 1 2 came 0 and 3; after the last 1 2 neither may come again.
  CHECK(filtered({9, 1, 1, 1}, settings, ban, {1, 2, 0, 1, 2, 3, 1, 2}) ==
        std::vector<float>{-infinity, 1, 1, -infinity});
  CHECK(filtered({9, 1, 1, 1}, settings, ban, {1, 2}) == std::vector<float>{9, 1, 1, 1});
  settings.no_repeat_ngram = 1;
  CHECK(filtered({9, 1, 1, 1}, settings, ban, {0, 2}) == std::vector<float>{-infinity, 1, -infinity, 1});
  CHECK(filtered({1, 9, 1, 1}, settings, ban, {3, 2, 1, 0}) ==
        std::vector<float>{-infinity, 9, -infinity, -infinity});
}

TEST_CASE("typical: the tokens whose surprise is nearest to the expected one, ties included") {
  // Probabilities 1/2, 1/4, 1/8, 1/8: the entropy is 1.75 bits, the distances 0.75, 0.25, 1.25, 1.25.
  const std::vector<float> logits = {std::log(4.f), std::log(2.f), 0, 0};
  SamplingSettings settings{.typical = 0.2};
  CHECK(filtered(logits, settings, {Filter::typical}) ==
        std::vector<float>{-infinity, logits[1], -infinity, -infinity});
  settings.typical = 0.7;
  CHECK(filtered(logits, settings, {Filter::typical}) ==
        std::vector<float>{logits[0], logits[1], -infinity, -infinity});
  settings.typical = 0.8;
  CHECK(filtered(logits, settings, {Filter::typical}) == logits);
}

TEST_CASE("the stages of penalties depend on the history, and a stage that is off repeats the one before") {
  const std::vector<float> logits{2, 1.5f, 0, -1};
  const SamplingSettings settings{.temperature = 0, .repeat_penalty = 2, .no_repeat_ngram = 1};
  const Sample sampled = sample(logits, settings, std::vector<int>{0});
  REQUIRE(sampled.stages.size() == settings.order.size());
  CHECK(sampled.stages[0].logits == std::vector<float>{1, 1.5f, 0, -1});
  CHECK(sampled.stages[0].removed_mass == 0);
  CHECK(sampled.stages[1].kept == 3);
  CHECK(sampled.stages[1].removed_mass == doctest::Approx(double(sampled.stages[0].probabilities[0])));
  CHECK(sampled.stages[2].kept == 1);
  for (size_t i = 3; i < sampled.stages.size(); ++i) {
    CHECK(sampled.stages[i].logits == sampled.stages[2].logits);
    CHECK(sampled.stages[i].probabilities == std::vector<float>{0, 1, 0, 0});
    CHECK(sampled.stages[i].removed_mass == 0);
  }
  CHECK(sampled.id == 1);
  CHECK(sample(logits, settings, {}).id == 0);
}

TEST_CASE("filters are found by their own names and by those of other programs") {
  for (Filter filter : SamplingSettings().order) CHECK(find_filter(filter_name(filter)) == filter);
  CHECK(find_filter("temp") == Filter::temperature);
  CHECK(find_filter("typical") == Filter::typical);
  CHECK(find_filter("repetition_penalty") == Filter::penalties);
  CHECK_FALSE(find_filter("dry"));
}

TEST_CASE("ties: all at the top-k threshold stay, of equal tokens top-p keeps the lower id") {
  SamplingSettings settings{.top_k = 2, .top_p = 0.5};
  CHECK(filtered({1, 3, 1, 1, 0}, settings, {Filter::top_k}) == std::vector<float>{1, 3, 1, 1, -infinity});
  CHECK(filtered({2, 2, 2, 2}, settings, {Filter::top_p}) == std::vector<float>{2, 2, -infinity, -infinity});
  settings.top_p = 0;
  CHECK(filtered({2, 2, 2, 2}, settings, {Filter::top_p}) ==
        std::vector<float>{2, -infinity, -infinity, -infinity});
}

TEST_CASE("filters that are off change nothing, and no filter removes every token") {
  std::vector<float> logits{0.5f, -2, 3, 3};
  SamplingSettings off{.temperature = 1};
  CHECK(filtered(logits, off, off.order) == logits);
  SamplingSettings strict{.temperature = 1e-300,
                          .top_k = 1,
                          .top_p = -1,
                          .min_p = 5,
                          .typical = -1,
                          .epsilon = 5,
                          .repeat_penalty = 1e300,
                          .no_repeat_ngram = 1};
  for (Filter filter : strict.order) {
    CAPTURE(filter_name(filter));
    const std::vector<float> left = filtered(logits, strict, {filter}, {0, 1, 2, 3});
    CHECK(left != std::vector<float>(4, -infinity));
  }
  strict.typical = 1;  // may prefer others to the most probable one
  CHECK(filtered(logits, strict, strict.order) == std::vector<float>{-infinity, -infinity, 3, -infinity});
}

TEST_CASE("the order of filters matters and is kept") {
  std::vector<float> logits{2, 1, 0, -1};
  SamplingSettings hugging_face{.temperature = 0.25, .top_p = 0.9};
  hugging_face.order = {Filter::temperature, Filter::top_k, Filter::top_p, Filter::min_p};
  SamplingSettings llama_cpp = hugging_face;
  llama_cpp.order = {Filter::top_p, Filter::temperature};
  Sample first = sample(logits, hugging_face, {}), second = sample(logits, llama_cpp, {});
  CHECK(first.stages.back().kept == 1);   // softmax(8, 4, 0, -4) = 0.98, ...
  CHECK(second.stages.back().kept == 3);  // softmax(2, 1, 0, -1) = 0.64, 0.24, 0.09, 0.03
  REQUIRE(first.stages.size() == 4);
  REQUIRE(second.stages.size() == 2);
  CHECK(first.stages[2].removed_mass ==
        doctest::Approx(1 - 1 / (1 + std::exp(-4) + std::exp(-8) + std::exp(-12))));
  CHECK(second.stages[0].removed_mass == doctest::Approx(0.0320586));
  CHECK(second.stages[0].probabilities[0] == doctest::Approx(0.6652409));
}

TEST_CASE("greedy takes the most probable token, the lowest id on ties") {
  SamplingSettings settings{.temperature = 0};
  Sample greedy = sample(std::vector<float>{1, 5, 5, 2}, settings, {});
  CHECK(greedy.greedy);
  CHECK(greedy.id == 1);
  CHECK(greedy.stages.back().kept == 1);
  settings.order.clear();
  CHECK(sample(std::vector<float>{1, 5, 5, 2}, settings, {}).id == 1);
}

TEST_CASE("softmax") {
  std::vector<float> probabilities = softmax(std::vector<float>{1000, 1000 + std::log(3.f), -infinity});
  CHECK(probabilities[0] == doctest::Approx(0.25).epsilon(1e-4));
  CHECK(probabilities[1] == doctest::Approx(0.75).epsilon(1e-4));
  CHECK(probabilities[2] == 0);
  CHECK(softmax(std::vector<float>{infinity, 3}) == std::vector<float>{1, 0});
}

TEST_CASE("random numbers depend on seed and position alone, and are even") {
  CHECK(random_number(1, 5) == random_number(1, 5));
  CHECK(random_number(1, 5) != random_number(2, 5));
  CHECK(random_number(1, 5) != random_number(1, 6));
  double sum = 0, squares = 0;
  constexpr int count = 20000;
  for (int position = 0; position < count; ++position) {
    double number = random_number(42, position);
    REQUIRE(number >= 0);
    REQUIRE(number < 1);
    sum += number;
    squares += number * number;
  }
  CHECK(sum / count == doctest::Approx(0.5).epsilon(0.02));
  CHECK(squares / count == doctest::Approx(1.0 / 3).epsilon(0.02));
}

TEST_CASE("tokens are drawn as often as they are probable, never one that was removed") {
  std::vector<float> logits{std::log(0.1f), std::log(0.2f), std::log(0.6f), std::log(0.1f)};
  SamplingSettings settings{.temperature = 1, .min_p = 0.2};  // removes ids 0 and 3
  int counts[4] = {};
  constexpr int count = 8000;
  const std::vector<int> history(count);
  for (int position = 0; position < count; ++position) {
    Sample drawn = sample(logits, settings, std::span(history).first(size_t(position)));
    ++counts[drawn.id];
    REQUIRE(drawn.drawn == random_number(settings.seed, position));
    REQUIRE(drawn.id == (drawn.drawn < 0.25 ? 1 : 2));
  }
  CHECK(counts[0] + counts[3] == 0);
  CHECK(double(counts[1]) / count == doctest::Approx(0.25).epsilon(0.05));
}

TEST_CASE("logits that are no numbers") {
  float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(sample(std::vector<float>{nan, 1, -infinity}, {}, {}).id == 1);
  CHECK_THROWS_AS(sample(std::vector<float>{nan, -infinity}, {}, {}), Error);
  CHECK_THROWS_AS(sample(std::vector<float>{}, {}, {}), Error);
}
