#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("GPT-2 and nanoGPT: logits, hidden states, attention, greedy tokens, rows and explanations") {
  for (const char* folder :
       {"gpt2", "gpt2_invlayer", "gpt2_noscale_gelu", "gpt2_hubnames", "nanogpt", "nanogpt_bias"}) {
    check_outputs(folder);
    check_greedy(folder);
    check_rows(folder);
    check_explanations(folder);
  }
}

TEST_CASE("attention rows sum to 1 and masked cells are marked as such") {
  const auto model = load_reference("gpt2");
  const Executor run = run_over(model, {1, 2, 3, 4, 5});
  const Tensor& pattern = model->graph().at("blocks.1.attn.hook_pattern.head3");
  const Tensor& scores = model->graph().at("blocks.1.attn.hook_attn_scores.head3");
  for (int row = 0; row < 5; ++row) {
    double sum = 0;
    for (int col = 0; col < 5; ++col) {
      sum += run.trace()->view(pattern)(row, col);
      CHECK(pattern.op->masked(row, col) == (col > row));
      CHECK((run.trace()->view(scores)(row, col) == -INFINITY) == (col > row));
    }
    CHECK(sum == doctest::Approx(1).epsilon(1e-6));
  }
}
