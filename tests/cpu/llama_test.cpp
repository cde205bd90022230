#include <doctest/doctest.h>

#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

namespace {

const char* const folders[] = {"llama",
                               "llama_mha_bias_tied",
                               "llama_rope_linear",
                               "llama_rope_yarn",
                               "llama_rope_yarn_custom",
                               "llama_rope_llama3",
                               "llama_rope_dynamic"};

}  // namespace

TEST_CASE("LLaMA: logits, hidden states, attention, greedy tokens and explanations") {
  for (const std::string folder : folders) {
    const bool dynamic = folder == "llama_rope_dynamic";
    check_outputs(folder);
    check_greedy(folder, dynamic);
    check_explanations(folder);
    if (!dynamic) check_rows(folder);
  }
}

TEST_CASE("parts of LLaMA's layers equal the reference implementation's") {
  const Fixture fixture("llama");
  const auto model = load_reference("llama");
  const Executor run = run_over(model, fixture.at("p0.input_ids").ids());
  const Graph& graph = model->graph();
  const std::string module = "p0.act.model.layers.0.";
  const auto check = [&](const char* hook, const std::string& part) {
    CAPTURE(part);
    CHECK(difference(*run.trace(), graph.at(hook), fixture.at(module + part)) < 1e-4);
  };
  check("blocks.0.ln1.out", "input_layernorm");
  check("blocks.0.hook_attn_out", "self_attn.o_proj");
  check("blocks.0.ln2.out", "post_attention_layernorm");
  check("blocks.0.mlp.hook_pre", "mlp.gate_proj");
  check("blocks.0.mlp.hook_pre_linear", "mlp.up_proj");
  check("blocks.0.hook_mlp_out", "mlp.down_proj");
  const OracleTensor& queries = fixture.at(module + "self_attn.q_proj");
  for (int head = 0; head < 4; ++head) {
    const MatrixView view = run.trace()->view(graph.at("blocks.0.attn.hook_q.head" + std::to_string(head)));
    for (int row = 0; row < queries.rows(); ++row)
      for (int col = 0; col < 8; ++col)
        CHECK(view(row, col) == doctest::Approx(queries.at(row, head * 8 + col)).epsilon(1e-4));
  }
}

TEST_CASE("rows of a rotation that knows the text's length are not taken over from another recording") {
  const auto model = load_reference("llama_rope_dynamic");
  const Executor first = Executor::start(model, {1, 2, 3, 4}, 1, greedy_sampling());
  const Executor longer =
      Executor::start(model, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 1, greedy_sampling(), first.trace().get());
  CHECK(longer.trace()->kept_rows() == 0);
}
