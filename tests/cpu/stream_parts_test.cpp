#include "model/analysis/stream_parts.h"

#include <doctest/doctest.h>

#include <cmath>

#include "model/analysis/affine_path.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("the anatomy finds every head and every part of GPT-2's family") {
  for (const std::string& name : gpt2_family()) {
    CAPTURE(name);
    const auto model = load_model(name);
    const Graph& graph = model->graph();
    const Anatomy anatomy = anatomy_of(graph);
    REQUIRE(int(anatomy.layers.size()) == graph.layer_count());
    CHECK(anatomy.head_count() == graph.layer_count() * graph.head_count());
    CHECK(anatomy.last_state ==
          &graph.at("blocks." + std::to_string(graph.layer_count() - 1) + ".hook_resid_post"));
    for (const LayerParts& layer : anatomy.layers) {
      const std::string block = "blocks." + std::to_string(layer.layer) + ".";
      CHECK(layer.before == graph.find(block + "hook_resid_pre"));
      CHECK(layer.hidden_weights == graph.find(block + "mlp.W_out"));
      CHECK(layer.hidden_bias == graph.find(block + "mlp.b_out"));
      for (const HeadParts& head : layer.heads) {
        const std::string suffix = ".head" + std::to_string(head.head);
        CHECK(head.query == graph.find(block + "attn.hook_q" + suffix));
        CHECK(head.key == graph.find(block + "attn.hook_k" + suffix));
        CHECK(head.value == graph.find(block + "attn.hook_v" + suffix));
        CHECK(head.scores == graph.find(block + "attn.hook_attn_scores" + suffix));
        CHECK(head.output == graph.find(block + "attn.W_O" + suffix));
      }
    }
    CHECK(anatomy.find_head(0, graph.head_count()) == nullptr);
  }
}

TEST_CASE("the parts of every state of the residual stream add up to it") {
  for (const std::string& name : transformers()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name));
    const int rows = trace->token_count(trace->published());
    for (const Tensor* state : stream_states(trace->graph(), true)) {
      CAPTURE(state->name);
      const auto parts = parts_of(*state);
      for (int row = 0; row < rows - 1; row += 2) {
        const Matrix vectors = part_vectors(*trace, parts, row);
        REQUIRE(vectors.rows == int(parts.size()));
        for (int col = 0; col < vectors.cols; ++col) {
          double sum = 0, size = 0;
          for (int part = 0; part < vectors.rows; ++part)
            sum += vectors(part, col), size += std::abs(vectors(part, col));
          REQUIRE(std::abs(sum - trace->at({state, row, col})) <= 2e-6 * (1 + size));
        }
      }
    }
  }
}

TEST_CASE("parts have the names that TransformerLens gives to components") {
  const auto model = load_model("sort-abc");
  std::vector<std::string> names;
  for (const StreamPart& part : parts_of(model->graph().at("blocks.1.hook_resid_mid")))
    names.push_back(part.name);
  CHECK(names == std::vector<std::string>{"embed", "pos_embed", "L0H0", "L0H1", "L0H2", "0_b_O", "0_mlp_out",
                                          "L1H0", "L1H1", "L1H2", "1_b_O"});
  const auto parts = parts_of(model->graph().at("blocks.0.hook_resid_post"));
  CHECK(parts.front().added_to == nullptr);
  CHECK(parts[2].added_to == &model->graph().at("blocks.0.hook_resid_pre"));
  CHECK(parts.back().added_to == &model->graph().at("blocks.0.hook_resid_mid"));
}

TEST_CASE("an affine path carries the stream to the numbers that the model stored") {
  for (const std::string& name : transformers()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name));
    const Graph& graph = trace->graph();
    const HeadParts head = *anatomy_of(graph).find_head(1, 1);
    for (const Tensor* to : {head.key, &graph.at("blocks.0.mlp.hook_pre"), &graph.logits()}) {
      CAPTURE(to->name);
      const auto path = AffinePath::to(*to);
      REQUIRE(path);
      const int row = 4;
      Matrix stream(1, path->from().cols.size);
      for (int col = 0; col < stream.cols; ++col) stream(0, col) = trace->at({&path->from(), row, col});
      const Matrix carried = path->carry(*trace, row, stream);
      const std::vector<double> constant = path->constant(*trace, row);
      REQUIRE(carried.cols == to->cols.size);
      for (int col = 0; col < carried.cols; ++col) {
        const double stored = trace->at({to, row, col});
        REQUIRE(carried(0, col) + constant[size_t(col)] == doctest::Approx(stored).epsilon(1e-5));
      }
      const auto reading = path->read(*trace, row, {{1, 1.0}, {2, -2.0}});
      CHECK(reading.of(stream.numbers) ==
            doctest::Approx(carried(0, 1) + constant[1] - 2 * (carried(0, 2) + constant[2])));
    }
    CHECK_FALSE(AffinePath::to(graph.at("blocks.0.hook_mlp_out")));
    CHECK(AffinePath::to(graph.at("blocks.0.hook_mlp_out")).why_not.english().find("mlp.hook_post") !=
          std::string::npos);
  }
}

TEST_CASE("norms of the stream and of what is added to it") {
  const auto trace = run_model(load_model("sort-abc"));
  const auto norms = stream_norms(trace->graph(), *trace, {1, 5});
  REQUIRE(norms);
  REQUIRE(norms->states.size() == 7);
  REQUIRE(norms->parts.size() == 2 + 3 * 5);
  const Tensor &before = trace->graph().at("blocks.1.hook_resid_mid"),
               &added = trace->graph().at("blocks.1.hook_mlp_out");
  double dot = 0, stream = 0, part = 0;
  for (int col = 0; col < before.cols.size; ++col) {
    const double a = trace->at({&before, 3, col}), b = trace->at({&added, 3, col});
    dot += a * b, stream += a * a, part += b * b;
  }
  const int mlp = 2 + 5 + 4;
  REQUIRE(norms->parts[size_t(mlp)].name == "1_mlp_out");
  CHECK(norms->state_norms(3, 2) == doctest::Approx(std::sqrt(stream)));
  CHECK(norms->part_norms(mlp, 2) == doctest::Approx(std::sqrt(part)));
  CHECK(norms->part_cosines(mlp, 2) == doctest::Approx(dot / std::sqrt(stream * part)));
  CHECK(norms->part_cosines(0, 2) == 0);
}
