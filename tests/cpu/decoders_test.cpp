#include <doctest/doctest.h>

#include <cmath>

#include "model/alibi.h"
#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("GPT-NeoX, BLOOM and MPT: logits, hidden states, attention, greedy tokens, rows and explanations") {
  for (const char* folder : {"gpt_neox", "gpt_neox_serial", "bloom", "bloom_postln", "mpt", "mpt_clip"}) {
    check_outputs(folder);
    check_greedy(folder);
    check_rows(folder);
    check_explanations(folder);
  }
}

TEST_CASE("ALiBi's slopes: powers of two, and heads beyond them") {
  CHECK(alibi_slopes_bloom(4) == std::vector<double>{0.25, 0.0625, 0.015625, 0.00390625});
  CHECK(alibi_slopes_mpt(4) == alibi_slopes_bloom(4));
  // Six heads: BLOOM's four of four, then every other of eight; MPT's the same in another order.
  std::vector<double> bloom = alibi_slopes_bloom(6), mpt = alibi_slopes_mpt(6);
  CHECK(bloom == std::vector<double>{0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125});
  CHECK(mpt == std::vector<double>{0.25, 0.0625, 0.015625, 0.00390625, 0.5, 0.125});
  CHECK(alibi_slopes_mpt(3) == std::vector<double>{0.0625, 0.00390625, 0.25});
}
