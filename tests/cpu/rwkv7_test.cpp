#include <doctest/doctest.h>

#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

// The oracle is an independent recurrence in PyTorch: tests/reference/scripts/make_rwkv7.py.

TEST_CASE("RWKV-7: logits, hidden states, greedy tokens, rows and explanations") {
  check_outputs("rwkv7", false);
  check_greedy("rwkv7");
  check_rows("rwkv7");
  check_explanations("rwkv7");
}

TEST_CASE("RWKV-7's state after the prompt equals the recurrence's") {
  const Fixture fixture("rwkv7");
  const auto model = load_reference("rwkv7");
  for (const std::string prompt : {"p0.", "p1."}) {
    const std::vector<int> ids = fixture.at(prompt + "input_ids").ids();
    const Executor run = run_over(model, ids);
    for (int layer = 0; layer < 3; ++layer) {
      const OracleTensor& state = fixture.at(prompt + "state." + std::to_string(layer));
      for (int h = 0; h < 2; ++h) {
        const MatrixView found = run.trace()->view(model->graph().at(
            "blocks." + std::to_string(layer) + ".att.hook_state.head" + std::to_string(h)));
        for (int i = 0; i < 8; ++i)
          for (int j = 0; j < 8; ++j)
            CHECK(std::abs(found(int(ids.size()) - 1, i * 8 + j) - state.at(h * 8 + i, j)) < 1e-4);
      }
    }
  }
}

TEST_CASE("the same weights are found under Hugging Face's names") {
  check_outputs("rwkv7_layers", false);
  check_greedy("rwkv7_layers");
  const auto authors = load_reference("rwkv7"), layers = load_reference("rwkv7_layers");
  CHECK(layers->ignored().empty());
  CHECK(layers->parameter_count() == authors->parameter_count());
}
