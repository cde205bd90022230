#include <doctest/doctest.h>

#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("TTT-Linear: logits, hidden states, greedy tokens, rows and explanations") {
  for (const char* folder : {"ttt_linear", "ttt_linear_gate_conv"}) {
    check_outputs(folder, false);
    check_greedy(folder);
    check_rows(folder);
    check_explanations(folder);
  }
}

TEST_CASE("TTT-Linear's weights and gradients after the prompt equal the reference's") {
  constexpr int heads = 3, width = 8, batch = 4;
  for (const char* folder : {"ttt_linear", "ttt_linear_gate_conv"}) {
    CAPTURE(folder);
    const Fixture fixture(folder);
    const auto model = load_reference(folder);
    for (const std::string prompt : {"p0.", "p1."}) {
      const std::vector<int> ids = fixture.at(prompt + "input_ids").ids();
      const Executor run = run_over(model, ids);
      const int last = int(ids.size()) - 1, begun = last - last % batch;
      REQUIRE(begun > 0);
      for (const std::string layer : {"0", "1"})
        for (int h = 0; h < heads; ++h) {
          const auto view = [&](const std::string& name, bool of_head = true) {
            return run.trace()->view(model->graph().at("blocks." + layer + ".ttt." + name +
                                                       (of_head ? ".head" + std::to_string(h) : "")));
          };
          const OracleTensor& weights = fixture.at(prompt + "state." + layer + ".W1_states");
          const OracleTensor& weight_sums = fixture.at(prompt + "state." + layer + ".W1_grad");
          const OracleTensor& bias = fixture.at(prompt + "state." + layer + ".b1_states");
          const OracleTensor& bias_sums = fixture.at(prompt + "state." + layer + ".b1_grad");
          const MatrixView found = view("hook_W"), found_bias = view("hook_b"),
                           rate = view("hook_rate", false);
          const MatrixView k = view("hook_rot_k"), gradient = view("hook_gradient");
          for (int c = 0; c < width; ++c) {
            // The reference keeps the weights of the batch's beginning and the sum of its gradients.
            double bias_sum = 0;
            for (int s = begun; s <= last; ++s) bias_sum += rate(s, h) * gradient(s, c);
            CHECK(std::abs(bias_sum - bias_sums.at(h, c)) < 1e-4);
            CHECK(std::abs(found_bias(begun - 1, c) - bias.at(h, c)) < 1e-4);
            for (int i = 0; i < width; ++i) {
              double sum = 0;
              for (int s = begun; s <= last; ++s) sum += rate(s, h) * k(s, i) * gradient(s, c);
              CHECK(std::abs(sum - weight_sums.at(h * width + i, c)) < 1e-4);
              CHECK(std::abs(found(begun - 1, i * width + c) - weights.at(h * width + i, c)) < 1e-4);
            }
          }
        }
    }
  }
}
