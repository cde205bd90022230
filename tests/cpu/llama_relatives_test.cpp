#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <cmath>

#include "model/alibi.h"
#include "model/rope.h"
#include "tests/support/model_checks.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using namespace orrery::test;

// The oracle is an independent forward pass in PyTorch: tests/reference/scripts/make_llama_relatives.py.

TEST_CASE(
    "Mistral, Qwen2 and Gemma: logits, hidden states, attention, greedy tokens, rows and explanations") {
  for (const char* folder : {"mistral", "qwen2", "gemma"}) {
    check_outputs(folder);
    check_greedy(folder);
    check_rows(folder);
    check_explanations(folder);
  }
}

TEST_CASE("a sliding window hides the tokens behind it, in the layers that have one") {
  const auto mistral = load_reference("mistral"), qwen = load_reference("qwen2");
  const Tensor& narrow = mistral->graph().at("blocks.1.attn.hook_pattern.head2");
  CHECK_FALSE(narrow.op->masked(5, 2));
  CHECK(narrow.op->masked(5, 1));
  CHECK(narrow.op->masked(5, 6));
  const Tensor& whole = qwen->graph().at("blocks.0.attn.hook_pattern.head2");
  CHECK_FALSE(whole.op->masked(5, 0));
  CHECK(qwen->graph().at("blocks.1.attn.hook_pattern.head2").op->masked(5, 2));
}

namespace {

Config config_of(const std::string& json) { return Config(nlohmann::json::parse(json), "config.json"); }

}  // namespace

TEST_CASE("interleaved rotations of reordered channels are the half-split ones") {
  // Pairs are (2k, 2k + 1) instead of (k, k + 4): a query whose channels are reordered accordingly turns into
  // the reordered result.
  RopeSettings half = rope_settings(config_of("{}"), 8, 64), interleaved = half;
  interleaved.interleaved = true;
  CHECK(rope_settings(config_of(R"({"rope_interleaved": true})"), 8, 64).interleaved);
  const Rope a(half, 64), b(interleaved, 64);
  const float x[] = {0.3f, -1, 2, 0.7f, 1.1f, -0.4f, 0.2f, 5, 42};
  float reordered[9], turned[9], turned_reordered[9];
  for (int k = 0; k < 4; ++k) reordered[2 * k] = x[k], reordered[2 * k + 1] = x[k + 4];
  reordered[8] = x[8];
  for (int row : {0, 1, 17, 63}) {
    a.turn(x, turned, 9, row, 0);
    b.turn(reordered, turned_reordered, 9, row, 0);
    for (int k = 0; k < 4; ++k) {
      CHECK(turned_reordered[2 * k] == turned[k]);
      CHECK(turned_reordered[2 * k + 1] == turned[k + 4]);
      const double theta = row * std::pow(10000.0, -k / 4.0);
      CHECK(turned[k] == doctest::Approx(x[k] * std::cos(theta) - x[k + 4] * std::sin(theta)).epsilon(1e-6));
    }
    CHECK(turned[8] == 42);  // beyond the pairs
  }
}

TEST_CASE("rotations with a period start again") {
  RopeSettings settings = rope_settings(config_of("{}"), 4, 64);
  settings.period = 5;
  const Rope rope(settings, 64);
  const float x[] = {1, 2, 3, 4};
  float first[4], later[4];
  rope.turn(x, first, 4, 3, 0);
  rope.turn(x, later, 4, 13, 0);
  for (int c = 0; c < 4; ++c) CHECK(first[c] == later[c]);
}

TEST_CASE("frequencies of scaled rotations by hand") {
  const auto frequencies = [](const std::string& json, int length = 0) {
    return rope_frequencies(rope_settings(config_of(json), 4, 64), length);
  };
  const auto plain = frequencies(R"({"rope_theta": 100})");
  CHECK(plain[0] == 1);
  CHECK(plain[1] == doctest::Approx(0.1));
  CHECK(frequencies(R"({"rope_theta": 100, "rope_scaling": {"type": "linear", "factor": 4}})")[1] ==
        doctest::Approx(0.025));
  // Dynamic: up to the trained 64 tokens nothing changes; at 128 the base is 100 (2 · 128/64 - 1)^(4/2) =
  // 900.
  const std::string dynamic = R"({"rope_theta": 100, "rope_scaling": {"rope_type": "dynamic", "factor": 2}})";
  CHECK(frequencies(dynamic, 64)[1] == doctest::Approx(0.1));
  CHECK(frequencies(dynamic, 128)[1] == doctest::Approx(1 / std::sqrt(900.0)));
  // llama3: a pair that turns often keeps its frequency, one that turns less than once is slowed down.
  const auto llama3 = frequencies(
      R"({"rope_theta": 1e6, "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1,
          "high_freq_factor": 4, "original_max_position_embeddings": 64}})");
  CHECK(llama3[0] == 1);
  CHECK(llama3[1] == doctest::Approx(1e-3 / 8));
}

TEST_CASE("configurations of rotations that cannot be are refused by name") {
  const auto refuse = [](const std::string& json) {
    return error_of([&] { rope_settings(config_of(json), 4, 64); });
  };
  CHECK(refuse(R"({"rope_scaling": {"type": "spiral"}})") ==
        "config.json: rope_scaling: Orrery does not know the rotation 'spiral'");
  CHECK(refuse(R"({"rope_scaling": 3})") == "config.json: the field rope_scaling must be an object, not 3.");
  CHECK(refuse(R"({"rope_theta": 0.5})") == "config.json: 'rope_theta' must be larger than 1");
  CHECK(refuse(R"({"rope_scaling": {"type": "linear", "factor": 0}})") ==
        "config.json: rope_scaling: 'factor' must be positive");
}
