#include "model/analysis/positions.h"

#include <doctest/doctest.h>

#include <cmath>

#include "model/alibi.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

std::vector<double> scores(const PositionScheme& scheme, const std::vector<int>& distances, int length = 0) {
  Progress progress;
  return position_scores(scheme, distances, length, progress);
}

PositionScheme rotary(const RopeSettings& rope, int channels) {
  PositionScheme scheme;
  scheme.kind = PositionKind::rotary;
  scheme.rope = rope;
  scheme.channels = channels;
  return scheme;
}

}  // namespace

TEST_CASE("rotations: scores over distance as computed by hand") {
  // Two pairs turn by 1 and by 0.01 a position.
  const auto plain = rotary(usual_rope(4, 10000, 64, RopeScaling::none, 1), 4);
  CHECK(scores(plain, {0, 3})[0] == 1);
  CHECK(scores(plain, {0, 3})[1] == doctest::Approx((std::cos(3.0) + std::cos(0.03)) / 2));
  // Half of the channels do not turn.
  CHECK(scores(rotary(plain.rope, 8), {3})[0] == doctest::Approx((std::cos(3.0) + std::cos(0.03)) / 4 + 0.5));
  // Twice as slow.
  CHECK(scores(rotary(usual_rope(4, 10000, 64, RopeScaling::linear, 2), 4), {3})[0] ==
        doctest::Approx((std::cos(1.5) + std::cos(0.015)) / 2));
  // The base of a text twice as long as those of the training: 10000 * (2 * 2 - 1)^(4 / 2) = 90000.
  CHECK(scores(rotary(usual_rope(4, 10000, 64, RopeScaling::dynamic, 2), 4), {3}, 128)[0] ==
        doctest::Approx((std::cos(3.0) + std::cos(3 / 300.0)) / 2));
  // Positions that start again have no greater distances.
  RopeSettings starting_again = plain.rope;
  starting_again.period = 16;
  CHECK(std::isfinite(scores(rotary(starting_again, 4), {15})[0]));
  CHECK(std::isnan(scores(rotary(starting_again, 4), {16})[0]));
}

TEST_CASE("rotations: the score of two turned vectors of the same content is the curve, at any positions") {
  for (RopeScaling scaling : {RopeScaling::none, RopeScaling::linear, RopeScaling::yarn, RopeScaling::llama3})
    for (bool interleaved : {false, true}) {
      RopeSettings settings = usual_rope(16, 500, 32, scaling, 4);
      settings.interleaved = interleaved;
      const Rope rope(settings, 128);
      const std::vector<float> content(24, 1 / std::sqrt(24.f));
      std::vector<float> query(24), key(24);
      for (int at : {40, 100})
        for (int distance : {0, 1, 5, 33}) {
          rope.turn(content.data(), query.data(), 24, at, at + 1);
          rope.turn(content.data(), key.data(), 24, at - distance, at + 1);
          double dot = 0;
          for (size_t c = 0; c < 24; ++c) dot += double(query[c]) * double(key[c]);
          CHECK(dot == doctest::Approx(scores(rotary(settings, 24), {distance})[0]).epsilon(1e-5));
        }
    }
}

TEST_CASE("what scalings do to pairs") {
  // Frequencies 1, 0.1, 0.01, 0.001; 2 pi / 64 = 0.098: two pairs never come around within 64 tokens.
  const PairCount plain = count_pairs(usual_rope(8, 10000, 64, RopeScaling::none, 1), 64);
  CHECK(plain.kept == 4);
  CHECK(plain.never_around == 2);
  CHECK(count_pairs(usual_rope(8, 10000, 64, RopeScaling::linear, 4), 64).slowed == 4);
  // Llama 3 keeps what turns 4 times and slows down what turns less than once: 10.2, 1.02, 0.1, 0.01 turns.
  const PairCount llama = count_pairs(usual_rope(8, 10000, 64, RopeScaling::llama3, 4), 64);
  CHECK(llama.kept == 1);
  CHECK(llama.blended == 1);
  CHECK(llama.slowed == 2);
  CHECK(usual_rope(8, 10000, 64, RopeScaling::yarn, 8).attention_factor ==
        doctest::Approx(0.1 * std::log(8.0) + 1));
}

TEST_CASE("sinusoidal: the encoding, and its products depend on the distance alone") {
  PositionScheme scheme;
  scheme.kind = PositionKind::sinusoidal;
  scheme.channels = 4;
  scheme.base = 100;
  const Matrix encoding = position_encoding(scheme, {0, 1, 7}, 0);
  CHECK(encoding.cols == 4);
  const double expected[] = {std::sin(7.0), std::cos(7.0), std::sin(0.7), std::cos(0.7)};
  for (int c = 0; c < 4; ++c) CHECK(encoding(2, c) == doctest::Approx(expected[c]));
  double dot = 0, length = 0;
  for (int c = 0; c < 4; ++c)
    dot += encoding(2, c) * encoding(1, c), length += encoding(2, c) * encoding(2, c);
  CHECK(scores(scheme, {6})[0] == doctest::Approx(dot / length));
}

TEST_CASE("a learned table: mean products over all pairs of positions, and nothing beyond its end") {
  const float numbers[] = {1, 0, 0, 2, 2, 2};
  PositionScheme scheme;
  scheme.kind = PositionKind::learned;
  scheme.table = {numbers, 3, 2, 2, 1};
  // |p|²: 1, 4, 8, mean 13 / 3; distance 1: (0 + 4) / 2; distance 2: 2.
  const auto found = scores(scheme, {0, 1, 2, 3});
  CHECK(found[0] == doctest::Approx(1));
  CHECK(found[1] == doctest::Approx(2 / (13.0 / 3)));
  CHECK(found[2] == doctest::Approx(2 / (13.0 / 3)));
  CHECK(std::isnan(found[3]));
  const Matrix encoding = position_encoding(scheme, {1, 5}, 0);
  CHECK(encoding(0, 1) == 2);
  CHECK(std::isnan(encoding(1, 0)));
}

TEST_CASE("slopes: what is left of a weight") {
  PositionScheme scheme;
  scheme.kind = PositionKind::slope;
  scheme.slopes = {0.5, 0.25};
  const Matrix left = position_encoding(scheme, {0, 4}, 0);
  CHECK(left(0, 0) == 1);
  CHECK(left(1, 0) == doctest::Approx(std::exp(-2.0)));
  CHECK(left(1, 1) == doctest::Approx(std::exp(-1.0)));
}

TEST_CASE("the scheme of a model is found from its graph") {
  const auto gpt2 = load_model("gpt2");
  const PositionScheme learned = positions_of(gpt2);
  CHECK(learned.kind == PositionKind::learned);
  CHECK(learned.trained == gpt2->graph().at("pos_embed.W_pos").rows.size);
  CHECK(position_encoding(learned, {3}, 0)(0, 5) ==
        double(gpt2->weight(gpt2->graph().at("pos_embed.W_pos"))(3, 5)));

  const PositionScheme yarn = positions_of(load_model("llama_rope_yarn"));
  CHECK(yarn.kind == PositionKind::rotary);
  CHECK(yarn.rope.scaling == RopeScaling::yarn);
  CHECK(yarn.trained == yarn.rope.trained);
  CHECK(positions_of(load_model("llama")).rope.scaling == RopeScaling::none);

  const auto neox = load_model("gpt_neox");
  const PositionScheme partial = positions_of(neox);
  CHECK(partial.rope.size < partial.channels);
  CHECK(partial.channels == neox->graph().at("blocks.0.attn.hook_q.head0").cols.size);

  const auto bloom = load_model("bloom");
  CHECK(positions_of(bloom).kind == PositionKind::slope);
  CHECK(positions_of(bloom).slopes == alibi_slopes_bloom(bloom->graph().head_count()));

  for (const char* name : {"mamba", "rwkv4", "rwkv7"})
    CHECK(positions_of(load_model(name)).kind == PositionKind::none);
  CHECK(positions_of(load_model("ttt_linear")).rope.period == 4);
}

TEST_CASE("numbers are spread from 0 to the last") {
  CHECK(spread(4, 10) == std::vector<int>{0, 1, 2, 3, 4});
  CHECK(spread(100, 3) == std::vector<int>{0, 50, 100});
  CHECK(spread(0, 3) == std::vector<int>{0});
  CHECK(spread(-1, 3).empty());
}
