#include <doctest/doctest.h>

#include <cmath>

#include "model/executor.h"
#include "tests/support/fixture.h"

using namespace orrery;
using namespace orrery::test;

namespace {

const char* const folders[] = {"gpt2",          "gpt2_invlayer", "gpt2_noscale_gelu",
                               "gpt2_hubnames", "nanogpt",       "nanogpt_bias"};

std::shared_ptr<const Model> load(const std::string& name) {
  Progress progress;
  return Model::load(reference(name), progress);
}

SamplingSettings greedy() {
  SamplingSettings settings;
  settings.temperature = 0;
  return settings;
}

/// The largest |a - b| / (1 + |b|) over the first `rows` rows; the tolerance is that of the fixtures' README.
double difference(const Trace& trace, const Tensor& tensor, const OracleTensor& expected) {
  const MatrixView view = trace.view(tensor);
  REQUIRE(expected.cols() <= view.cols);
  double worst = 0;
  for (int row = 0; row < expected.rows(); ++row)
    for (int col = 0; col < expected.cols(); ++col)
      worst = std::max(
          worst, std::abs(view(row, col) - expected.at(row, col)) / (1 + std::abs(expected.at(row, col))));
  return worst;
}

/// hidden_states.i: the embedding's sum, each block's result, and after the last block the final norm's.
const Tensor& hidden_state(const Graph& graph, int i) {
  if (i == 0) return graph.at("blocks.0.hook_resid_pre");
  if (i == graph.layer_count()) return graph.at("ln_final.out");
  return graph.at("blocks." + std::to_string(i - 1) + ".hook_resid_post");
}

void check_attention(const Trace& trace, const OracleTensor& expected, int layer) {
  const int tokens = int(expected.cols());
  for (int head = 0; head < trace.graph().head_count(); ++head) {
    const Tensor& pattern = trace.graph().at("blocks." + std::to_string(layer) + ".attn.hook_pattern.head" +
                                             std::to_string(head));
    const MatrixView view = trace.view(pattern);
    for (int row = 0; row < tokens; ++row)
      for (int col = 0; col < tokens; ++col)
        REQUIRE(std::abs(view(row, col) - expected.at(head * tokens + row, col)) < 1e-5);
  }
}

}  // namespace

TEST_CASE("logits, hidden states and attention equal the reference implementation's") {
  for (const char* folder : folders) {
    CAPTURE(folder);
    const Fixture fixture(folder);
    const auto model = load(folder);
    for (const std::string prompt : {"p0.", "p1."}) {
      Executor run = Executor::start(model, fixture.at(prompt + "input_ids").ids(), 1, greedy());
      REQUIRE(run.run_pass());
      const Trace& trace = *run.trace();
      CHECK(difference(trace, model->graph().logits(), fixture.at(prompt + "logits")) < 1e-4);
      for (int i = 0; i <= model->graph().layer_count(); ++i) {
        const std::string name = prompt + "hidden_states." + std::to_string(i);
        REQUIRE(fixture.has(name));
        CHECK(difference(trace, hidden_state(model->graph(), i), fixture.at(name)) < 1e-4);
      }
      for (int i = 0; i < model->graph().layer_count(); ++i)
        if (fixture.has(prompt + "attentions." + std::to_string(i)))
          check_attention(trace, fixture.at(prompt + "attentions." + std::to_string(i)), i);
    }
  }
}

TEST_CASE("greedy continuations equal the reference implementation's") {
  for (const char* folder : folders) {
    CAPTURE(folder);
    const Fixture fixture(folder);
    const auto model = load(folder);
    for (const std::string prompt : {"p0.", "p1."}) {
      const std::vector<int> ids = fixture.at(prompt + "input_ids").ids(),
                             expected = fixture.at(prompt + "greedy_ids").ids();
      Executor run = Executor::start(model, ids, int(expected.size() - ids.size()), greedy());
      std::vector<int> found = ids;
      while (run.run_pass()) found.push_back(run.trace()->pass(run.trace()->pass_count() - 1).chosen);
      CHECK(run.state() == RunState::enough_tokens);
      CHECK(found == expected);
    }
  }
}

TEST_CASE("row by row equals the whole sequence") {
  for (const char* folder : folders) {
    CAPTURE(folder);
    const auto model = load(folder);
    const std::vector<int> ids = Fixture(folder).at("p1.input_ids").ids();
    Executor whole = Executor::start(model, ids, 1, greedy());
    whole.run_pass();
    // Forcing each next token of the prompt computes it one row at a time.
    Executor rows = Executor::start(model, {ids[0]}, 1, greedy());
    rows.run_pass();
    for (size_t i = 1; i < ids.size(); ++i) {
      rows = Executor::go_on(*rows.trace(), int(i) - 1, ids[i], 2, greedy());
      REQUIRE(rows.run_pass());
    }
    for (const Tensor* tensor : model->graph().steps()) {
      const MatrixView a = whole.trace()->view(*tensor), b = rows.trace()->view(*tensor);
      for (int row = 0; row < int(ids.size()); ++row)
        for (int col = 0; col < a.cols; ++col)
          if (!tensor->op->masked(row, col)) {
            CAPTURE(tensor->name);
            REQUIRE(std::abs(a(row, col) - b(row, col)) <= 2e-5 * (1 + std::abs(b(row, col))));
          }
    }
  }
}

TEST_CASE("every cell's explanation reproduces the number that the kernel stored") {
  for (const char* folder : folders) {
    CAPTURE(folder);
    const auto model = load(folder);
    Executor run = Executor::start(model, Fixture(folder).at("p0.input_ids").ids(), 2, greedy());
    run.run_pass();
    run.run_pass();
    const Trace& trace = *run.trace();
    const int tokens = trace.token_count(trace.published());
    long cells = 0;
    for (const Tensor* tensor : model->graph().steps()) {
      const MatrixView view = trace.view(*tensor);
      for (int row = 0; row < tokens; ++row)
        for (int col = 0; col < view.cols; ++col) {
          const Explanation explanation = tensor->op->explain(*tensor, {tensor, row, col}, trace);
          const double stored = view(row, col);
          CAPTURE(tensor->name);
          // Where summands cancel each other, single precision is as good as their magnitudes are large.
          double sum = 0, magnitude = std::abs(stored);
          for (const Term& term : explanation.terms) sum += term.value, magnitude += std::abs(term.value);
          if (std::isinf(stored))
            REQUIRE(explanation.value == stored);
          else
            REQUIRE(std::abs(explanation.value - stored) <= 1e-5 * magnitude);
          if (!explanation.terms.empty())
            REQUIRE(std::abs(sum - explanation.value) <= 1e-9 * (1 + magnitude));
          ++cells;
        }
    }
    CHECK(cells > 10000);
  }
}

TEST_CASE("attention rows sum to 1 and masked cells are marked as such") {
  const auto model = load("gpt2");
  Executor run = Executor::start(model, {1, 2, 3, 4, 5}, 1, greedy());
  run.run_pass();
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
