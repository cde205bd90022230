#include "model/analysis/logit_lens.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "model/analysis/anatomy.h"
#include "model/analysis/replay.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// The final norm and the unembedding of a state, in double, from the weights alone.
std::vector<double> lens_by_hand(const Trace& trace, const Tensor& state, int row, double epsilon) {
  const Graph& graph = trace.graph();
  const MatrixView x = trace.view(state);
  const Tensor* bias = graph.find("ln_final.b");
  double mean = 0, variance = 0;
  for (int c = 0; c < x.cols; ++c) mean += double(x(row, c)) / x.cols;
  for (int c = 0; c < x.cols; ++c) variance += std::pow(double(x(row, c)) - mean, 2) / x.cols;
  std::vector<double> logits(size_t(graph.logits().cols.size));
  const MatrixView table = trace.view(graph.at("embed.W_E"));
  for (int c = 0; c < x.cols; ++c) {
    double y = (double(x(row, c)) - mean) / std::sqrt(variance + epsilon) *
               trace.at({&graph.at("ln_final.w"), 0, c});
    if (bias) y += trace.at({bias, 0, c});
    for (size_t v = 0; v < logits.size(); ++v) logits[v] += y * double(table(int(v), c));
  }
  return logits;
}

std::vector<double> softmax_by_hand(const std::vector<double>& logits) {
  const double largest = *std::ranges::max_element(logits);
  double sum = 0;
  std::vector<double> result;
  for (double logit : logits) sum += std::exp(logit - largest);
  for (double logit : logits) result.push_back(std::exp(logit - largest) / sum);
  return result;
}

}  // namespace

TEST_CASE("replaying the last state gives the model's own logits, bit for bit") {
  for (const std::string& name : transformers()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name));
    const Tensor &logits = trace->graph().logits(), &state = *stream_states(trace->graph(), true).back();
    Replay replay(*trace, state, logits);
    REQUIRE(replay.possible());
    for (int pass = 0; pass < 3; ++pass) {
      const Rows rows = trace->pass(pass).rows;
      const MatrixView again = replay.run(trace->view(state), rows);
      for (int row = rows.begin; row < rows.end; ++row)
        for (int col = 0; col < again.cols; ++col)
          REQUIRE(again(row - rows.begin, col) == trace->view(logits)(row, col));
    }
  }
}

TEST_CASE("what reads other tokens cannot be replayed row by row") {
  const auto trace = run_model(load_model("sort-abc"));
  const Graph& graph = trace->graph();
  CHECK_FALSE(Replay(*trace, graph.at("blocks.1.hook_resid_pre"), graph.logits()).possible());
  CHECK_FALSE(Replay(*trace, graph.logits(), graph.at("hook_embed")).possible());
}

TEST_CASE("the lens at the last state is the output, and before it what the formula says") {
  for (const std::string& name : transformers()) {
    CAPTURE(name);
    const auto model = load_model(name);
    const double epsilon = model->config().number("layer_norm_epsilon", 1e-5);
    const auto trace = run_model(model);
    const int rows = 7;
    Progress progress;
    const auto lens = logit_lens(*trace, rows, 4, false, progress);
    REQUIRE(lens);
    REQUIRE(int(lens->states.size()) == model->graph().layer_count() + 1);
    const MatrixView logits = trace->view(model->graph().logits());
    const int last = int(lens->states.size()) - 1;
    for (int row = 0; row < rows; ++row) {
      const std::vector<float> output = softmax({logits.row(row), size_t(logits.cols)});
      const LensCell& cell = lens->at(last, row);
      CHECK(cell.rank == 0);
      CHECK(cell.divergence == 0);
      CHECK(cell.top[0] == lens->final_ids[size_t(row)]);
      CHECK(cell.probabilities[0] == doctest::Approx(*std::ranges::max_element(output)).epsilon(1e-6));
      CHECK(cell.final_chance == doctest::Approx(cell.probabilities[0]));
      for (size_t i = 0; i < cell.top.size(); ++i)
        CHECK(cell.probabilities[i] == doctest::Approx(output[size_t(cell.top[i])]).epsilon(1e-6));
    }
    const bool by_hand = std::ranges::find(gpt2_family(), name) != gpt2_family().end();
    for (int state = 0; by_hand && state <= last; ++state) {
      const int row = (state * 3 + 1) % rows, final_id = lens->final_ids[size_t(row)];
      const auto here = softmax_by_hand(lens_by_hand(*trace, *lens->states[size_t(state)], row, epsilon));
      const auto end = softmax_by_hand(lens_by_hand(*trace, *lens->states[size_t(last)], row, epsilon));
      double entropy = 0, divergence = 0;
      int rank = 0;
      for (size_t v = 0; v < here.size(); ++v) {
        entropy -= here[v] * std::log(here[v]);
        divergence += end[v] * std::log(end[v] / here[v]);
        rank += here[v] > here[size_t(final_id)];
      }
      const LensCell& cell = lens->at(state, row);
      CHECK(cell.entropy == doctest::Approx(entropy).epsilon(1e-4));
      CHECK(cell.divergence == doctest::Approx(divergence).epsilon(1e-3));
      CHECK(cell.rank == rank);
      CHECK(cell.final_chance == doctest::Approx(here[size_t(final_id)]).epsilon(1e-4));
      CHECK(cell.top[0] == int(std::ranges::max_element(here) - here.begin()));
    }
  }
}

TEST_CASE("the lens shows the states between attention and MLP if asked, and stops if cancelled") {
  const auto trace = run_model(load_model("sort-abc"));
  Progress progress;
  CHECK(logit_lens(*trace, 4, 3, true, progress)->states.size() == 7);
  progress.cancelled = true;
  CHECK_THROWS_AS(logit_lens(*trace, 4, 3, true, progress), Cancelled);
}
