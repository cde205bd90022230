#include "model/sampler.h"

#include <doctest/doctest.h>

#include <cmath>
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
                            std::vector<Filter> filters) {
  for (Filter filter : filters) apply_filter(filter, settings, logits);
  return logits;
}

}  // namespace

TEST_CASE("filters leave what Hugging Face's and nanoGPT's leave") {
  for (std::string name :
       {"gpt2", "gpt2_invlayer", "gpt2_noscale_gelu", "gpt2_hubnames", "nanogpt", "nanogpt_bias"}) {
    Fixture fixture(name);
    SamplingSettings settings{.temperature = fixture.sampling("temperature"),
                              .top_k = int(fixture.sampling("top_k")),
                              .top_p = fixture.sampling("top_p"),
                              .min_p = fixture.sampling("min_p")};
    std::vector<float> logits = fixture.at("p0.logits").row(-1);
    int compared = 0;
    auto compare = [&](const std::string& tensor, std::vector<Filter> filters) {
      if (!fixture.has(tensor)) return;
      check_filtered(fixture, tensor, filtered(logits, settings, filters));
      ++compared;
    };
    compare("p0.warp.temperature", {Filter::temperature});
    compare("p0.warp.top_k", {Filter::top_k});
    compare("p0.warp.top_p", {Filter::top_p});
    compare("p0.warp.min_p", {Filter::min_p});
    compare("p0.warp.combo_minp", {Filter::temperature, Filter::min_p});
    compare("p0.nanogpt_topk", {Filter::temperature, Filter::top_k});
    CHECK(compared == (name.starts_with("nanogpt") ? 6 : 5));
  }
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
  SamplingSettings strict{.temperature = 1e-300, .top_k = 1, .top_p = -1, .min_p = 5};
  for (Filter filter : strict.order) {
    CAPTURE(filter_name(filter));
    CHECK(filtered(logits, strict, {filter})[2] > -infinity);
  }
  CHECK(filtered(logits, strict, strict.order) == std::vector<float>{-infinity, -infinity, 3, -infinity});
}

TEST_CASE("the order of filters matters and is kept") {
  std::vector<float> logits{2, 1, 0, -1};
  SamplingSettings hugging_face{.temperature = 0.25, .top_p = 0.9};
  SamplingSettings llama_cpp = hugging_face;
  llama_cpp.order = {Filter::top_p, Filter::temperature};
  Sample first = sample(logits, hugging_face, 0), second = sample(logits, llama_cpp, 0);
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
  Sample greedy = sample(std::vector<float>{1, 5, 5, 2}, settings, 3);
  CHECK(greedy.greedy);
  CHECK(greedy.id == 1);
  CHECK(greedy.stages.back().kept == 1);
  settings.order.clear();
  CHECK(sample(std::vector<float>{1, 5, 5, 2}, settings, 3).id == 1);
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
  for (int position = 0; position < count; ++position) {
    Sample drawn = sample(logits, settings, position);
    ++counts[drawn.id];
    REQUIRE(drawn.drawn == random_number(settings.seed, position));
    REQUIRE(drawn.id == (drawn.drawn < 0.25 ? 1 : 2));
  }
  CHECK(counts[0] + counts[3] == 0);
  CHECK(double(counts[1]) / count == doctest::Approx(0.25).epsilon(0.05));
}

TEST_CASE("logits that are no numbers") {
  float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(sample(std::vector<float>{nan, 1, -infinity}, {}, 0).id == 1);
  CHECK_THROWS_AS(sample(std::vector<float>{nan, -infinity}, {}, 0), Error);
  CHECK_THROWS_AS(sample(std::vector<float>{}, {}, 0), Error);
}
