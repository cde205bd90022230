#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/runs.h"

// llm-viz's public weights and golden partials: data that is not ours to ship, read beside the repository.

using namespace orrery;
using namespace orrery::test;

namespace {

bool missing() {
  if (std::filesystem::exists(shared_fixture("llm-viz-sort") / "model.safetensors")) return false;
  MESSAGE("skipped: ../shared/fixtures/llm-viz-sort is not here");
  return true;
}

std::shared_ptr<const Model> load() {
  Progress progress;
  return Model::load(shared_fixture("llm-viz-sort"), progress);
}

/// Compares `tensor` with the rows of sequence `batch` of the golden tensor, whose columns `first_col`..
/// belong to it.
double rows_difference(const Trace& trace, const Tensor& tensor, const OracleTensor& golden, int first_row,
                       int first_col = 0, int cols = -1) {
  const MatrixView view = trace.view(tensor);
  if (cols < 0) cols = int(golden.cols());
  double worst = 0;
  for (int row = 0; row < trace.token_count(trace.published()); ++row)
    for (int col = 0; col < cols; ++col) {
      const double expected = golden.at(first_row + row, first_col + col);
      if (std::isinf(expected) || (tensor.op && tensor.op->masked(row, col))) continue;
      worst = std::max(worst, std::abs(view(row, col) - expected) / (1 + std::abs(expected)));
    }
  return worst;
}

}  // namespace

TEST_CASE("every upstream partial agrees") {
  if (missing()) return;
  const auto model = load();
  const auto golden = load_oracle(shared_fixture("llm-viz-sort") / "expected.upstream.safetensors");
  const OracleTensor& idx = golden.at("idx");
  const int tokens = int(idx.cols()), heads = 3;
  const std::pair<const char*, const char*> whole[] = {{"tok_emb", "hook_embed"},
                                                       {"x", "blocks.0.hook_resid_pre"},
                                                       {"ln1", "blocks.0.ln1.out"},
                                                       {"yProj", "blocks.0.hook_attn_out"},
                                                       {"attnResid", "blocks.0.hook_resid_mid"},
                                                       {"ln2", "blocks.0.ln2.out"},
                                                       {"fc", "blocks.0.mlp.hook_pre"},
                                                       {"gelu", "blocks.0.mlp.hook_post"},
                                                       {"mlp", "blocks.0.hook_mlp_out"},
                                                       {"mlpResid", "blocks.0.hook_resid_post"},
                                                       {"block0", "blocks.0.hook_resid_post"},
                                                       {"block1", "blocks.1.hook_resid_post"},
                                                       {"block2", "blocks.2.hook_resid_post"},
                                                       {"ln_f", "ln_final.out"},
                                                       {"lm_head", "logits"}};
  const std::pair<const char*, const char*> per_head[] = {{"q", "hook_q"},
                                                          {"k", "hook_k"},
                                                          {"v", "hook_v"},
                                                          {"att", "hook_attn_scores"},
                                                          {"attSm", "hook_pattern"}};
  for (int batch = 0; batch < 3; ++batch) {
    std::vector<int> ids;
    for (int t = 0; t < tokens; ++t) ids.push_back(int(idx.at(batch, t)));
    Executor run = Executor::start(model, ids, 1, greedy_sampling());
    REQUIRE(run.run_pass());
    for (const auto& names : whole) {
      const char *upstream = names.first, *ours = names.second;
      CAPTURE(upstream);
      CHECK(rows_difference(*run.trace(), model->graph().at(ours), golden.at(upstream), batch * tokens) <
            1e-5);
    }
    for (const auto& names : per_head)
      for (int head = 0; head < heads; ++head) {
        const char *upstream = names.first, *ours = names.second;
        CAPTURE(upstream);
        const Tensor& tensor =
            model->graph().at(std::string("blocks.0.attn.") + ours + ".head" + std::to_string(head));
        CHECK(rows_difference(*run.trace(), tensor, golden.at(upstream), (batch * heads + head) * tokens) <
              1e-5);
      }
    for (int head = 0; head < heads; ++head) {  // y: the heads joined
      const Tensor& z = model->graph().at("blocks.0.attn.hook_z.head" + std::to_string(head));
      CHECK(rows_difference(*run.trace(), z, golden.at("y"), batch * tokens, head * 16, 16) < 1e-5);
    }
  }
}

TEST_CASE("all 729 inputs are sorted") {
  if (missing()) return;
  const auto model = load();
  int right = 0;
  for (int code = 0; code < 729; ++code) {
    std::vector<int> ids;
    for (int i = 0, rest = code; i < 6; ++i, rest /= 3) ids.push_back(rest % 3);
    std::vector<int> sorted = ids, found;
    std::ranges::sort(sorted);
    Executor run = Executor::start(model, ids, 6, greedy_sampling());
    while (run.run_pass()) found.push_back(run.trace()->pass(run.trace()->pass_count() - 1).chosen);
    right += found == sorted;
  }
  CHECK(right == 729);
}
