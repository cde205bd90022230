#include <doctest/doctest.h>

#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("RWKV-4: logits, hidden states, greedy tokens, rows and explanations") {
  for (const char* folder : {"rwkv4", "rwkv4_rescale"}) {
    check_outputs(folder, false);
    check_greedy(folder);
    check_rows(folder);
    check_explanations(folder);
  }
}

TEST_CASE("RWKV-4's states after the prompt equal the reference's") {
  const std::pair<const char*, const char*> states[] = {{"att_x_prev", "ln1.out"},
                                                        {"ffn_x_prev", "ln2.out"},
                                                        {"att_num", "att.hook_num"},
                                                        {"att_den", "att.hook_den"},
                                                        {"att_max", "att.hook_max"}};
  for (const char* folder : {"rwkv4", "rwkv4_rescale"}) {
    CAPTURE(folder);
    const Fixture fixture(folder);
    const auto model = load_reference(folder);
    for (const std::string prompt : {"p0.", "p1."}) {
      const std::vector<int> ids = fixture.at(prompt + "input_ids").ids();
      const Executor run = run_over(model, ids);
      for (const auto& names : states) {
        const char *theirs = names.first, *ours = names.second;
        CAPTURE(theirs);
        const OracleTensor& expected = fixture.at(prompt + "state." + theirs);
        REQUIRE(expected.cols() == model->graph().layer_count());
        for (int layer = 0; layer < model->graph().layer_count(); ++layer) {
          const MatrixView found =
              run.trace()->view(model->graph().at("blocks." + std::to_string(layer) + "." + ours));
          for (int c = 0; c < expected.rows(); ++c)
            CHECK(std::abs(found(int(ids.size()) - 1, c) - expected.at(c, layer)) <=
                  1e-4 * (1 + std::abs(expected.at(c, layer))));
        }
      }
    }
  }
}
