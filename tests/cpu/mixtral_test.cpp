#include <doctest/doctest.h>

#include <cmath>

#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("Mixtral: logits, hidden states, attention, greedy tokens, rows and explanations") {
  check_outputs("mixtral");
  check_greedy("mixtral");
  check_rows("mixtral");
  check_explanations("mixtral");
}

namespace {

/// How many experts the reference's router likes better than expert `e`.
int larger_logits(const OracleTensor& logits, int row, int e) {
  int larger = 0;
  for (int other = 0; other < logits.cols(); ++other) larger += logits.at(row, other) > logits.at(row, e);
  return larger;
}

}  // namespace

TEST_CASE("the router's choices equal the reference's, and only chosen experts compute") {
  const Fixture fixture("mixtral");
  const auto model = load_reference("mixtral");
  const Graph& graph = model->graph();
  const Executor run = run_over(model, fixture.at("p0.input_ids").ids());
  const Trace& trace = *run.trace();
  for (const std::string layer : {"0", "1"}) {
    const std::string mlp = "blocks." + layer + ".mlp.";
    const OracleTensor& logits = fixture.at("p0.router_logits." + layer);
    CHECK(difference(trace, graph.at(mlp + "hook_gate"), logits) < 1e-4);
    for (int e = 0; e < 4; ++e) {
      const std::string expert = std::to_string(e);
      const MatrixView said = trace.view(graph.at(mlp + "experts." + expert + ".hook_expert_out"));
      const MatrixView choice = trace.view(graph.at(mlp + "hook_expert_indices"));
      const MatrixView shares = trace.view(graph.at(mlp + "hook_expert_shares"));
      // The reference runs each expert over the tokens whose first choice it is, then over the others'.
      const OracleTensor& expected =
          fixture.at("p0.act.model.layers." + layer + ".block_sparse_moe.experts." + expert);
      int tokens = 0;
      for (int place = 0; place < 2; ++place)
        for (int row = 0; row < logits.rows(); ++row)
          if (larger_logits(logits, row, e) == place) {
            CHECK(choice(row, place) == e);
            for (int col = 0; col < said.cols; ++col)
              CHECK(std::abs(said(row, col) - expected.at(tokens, col)) < 1e-4);
            ++tokens;
          }
      CHECK(tokens == expected.rows());
      for (int row = 0; row < logits.rows(); ++row) {
        const bool chosen = larger_logits(logits, row, e) < 2;
        CHECK((shares(row, e) > 0) == chosen);
        CHECK(std::isnan(said(row, 0)) == !chosen);
      }
      const double load = trace.view(graph.at(mlp + "hook_expert_load"))(int(logits.rows()) - 1, e);
      CHECK(load == doctest::Approx(double(tokens) / double(logits.rows())));
    }
  }
}
