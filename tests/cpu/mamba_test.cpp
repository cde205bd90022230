#include <doctest/doctest.h>

#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("Mamba: logits, hidden states, greedy tokens, rows and explanations") {
  for (const char* folder : {"mamba", "mamba_bias"}) {
    check_outputs(folder, false);
    check_greedy(folder);
    check_rows(folder);
    check_explanations(folder);
  }
}

TEST_CASE("Mamba's states after the prompt equal the reference's") {
  for (const char* folder : {"mamba", "mamba_bias"}) {
    CAPTURE(folder);
    const Fixture fixture(folder);
    const auto model = load_reference(folder);
    for (const std::string prompt : {"p0.", "p1."}) {
      const std::vector<int> ids = fixture.at(prompt + "input_ids").ids();
      const Executor run = run_over(model, ids);
      for (const std::string layer : {"0", "1"}) {
        const int last = int(ids.size()) - 1;
        const OracleTensor& state = fixture.at(prompt + "ssm_state." + layer);
        const MatrixView h = run.trace()->view(model->graph().at("blocks." + layer + ".ssm.hook_h"));
        const OracleTensor& window = fixture.at(prompt + "conv_state." + layer);
        const MatrixView in = run.trace()->view(model->graph().at("blocks." + layer + ".ssm.hook_in"));
        const int channels = int(state.rows()), states = int(state.cols()), taps = int(window.cols());
        for (int e = 0; e < channels; ++e) {
          for (int n = 0; n < states; ++n)
            CHECK(h(last, e * states + n) == doctest::Approx(state.at(e, n)).epsilon(1e-4));
          for (int k = 0; k < taps; ++k)
            CHECK(in(last - taps + 1 + k, e) == doctest::Approx(window.at(e, k)).epsilon(1e-4));
        }
      }
    }
  }
}
