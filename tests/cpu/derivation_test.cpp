#include "model/derivation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

Act act_of(std::initializer_list<double> values, Fold fold = Fold::sum) {
  Act act;
  act.fold = fold;
  for (double value : values) act.terms.push_back({{}, {value}, value});
  return act;
}

}  // namespace

TEST_CASE("the last act of every cell ends in the number that its explanation gives") {
  const auto trace = short_recording();
  for (const Tensor* tensor : trace->graph().steps())
    for (int row : {0, 2, 5})
      for (int col : {0, 1, tensor->cols.size - 1}) {
        if (col >= tensor->cols.size || col >= trace->view(*tensor).cols) continue;
        CAPTURE(tensor->name);
        const Derivation derivation = derive(*trace, {tensor, row, col});
        const Act& last = derivation.why.acts.back();
        if (std::isinf(last.value)) continue;
        CHECK(last.value == doctest::Approx(derivation.why.value));
        for (const Act& act : derivation.why.acts) {
          if (act.terms.empty()) continue;
          double total = act.terms[0].value;
          for (size_t i = 1; i < act.terms.size(); ++i)
            total = act.fold == Fold::sum ? total + act.terms[i].value : std::max(total, act.terms[i].value);
          CHECK(total == doctest::Approx(act.value).epsilon(1e-9));
        }
      }
}

TEST_CASE("softmax is a maximum, a sum of exponentials and a division") {
  const auto trace = short_recording();
  const Tensor& pattern = trace->graph().at("blocks.0.attn.hook_pattern.head1");
  const MatrixView scores = trace->view(trace->graph().at("blocks.0.attn.hook_attn_scores.head1"));
  const Derivation derivation = derive(*trace, {&pattern, 3, 1});
  REQUIRE(derivation.why.acts.size() == 3);
  double largest = scores(3, 0), sum = 0;
  for (int s = 0; s < 4; ++s) largest = std::max(largest, double(scores(3, s)));
  for (int s = 0; s < 4; ++s) sum += std::exp(scores(3, s) - largest);
  CHECK(derivation.why.acts[0].value == largest);
  CHECK(derivation.why.acts[1].value == doctest::Approx(sum).epsilon(1e-12));
  CHECK(derivation.why.acts[2].value == doctest::Approx(std::exp(scores(3, 1) - largest) / sum));
  CHECK(derivation.ticks() == (4 + 1) + (4 + 1) + (1 + 1));
}

TEST_CASE("layer norm's scale is a mean, a variance and a root") {
  const auto trace = short_recording();
  const Tensor& scale = trace->graph().at("blocks.0.ln1.hook_scale");
  const Tensor& x = *scale.inputs[0];
  double mean = 0, variance = 0;
  for (int c = 0; c < x.cols.size; ++c) mean += trace->view(x)(2, c) / double(x.cols.size);
  for (int c = 0; c < x.cols.size; ++c)
    variance += std::pow(trace->view(x)(2, c) - mean, 2) / double(x.cols.size);
  const Derivation derivation = derive(*trace, {&scale, 2, 0});
  REQUIRE(derivation.why.acts.size() == 3);
  CHECK(derivation.why.acts[0].value == doctest::Approx(mean).epsilon(1e-9));
  CHECK(derivation.why.acts[1].value == doctest::Approx(variance).epsilon(1e-9));
  CHECK(derivation.why.acts[2].value == doctest::Approx(std::sqrt(variance + 1e-5)));
  CHECK(term_text(derivation.why.acts[2].terms[0]).starts_with("√("));
}

TEST_CASE("an activation function tells its curve") {
  const auto trace = short_recording();
  const Tensor& post = trace->graph().at("blocks.0.mlp.hook_post");
  const Derivation derivation = derive(*trace, {&post, 1, 7});
  REQUIRE(derivation.why.curve);
  const double x = trace->view(*post.inputs[0])(1, 7);
  CHECK(derivation.why.curve(x) == doctest::Approx(derivation.why.value));
  CHECK(derivation.why.curve(0) == 0);
}

TEST_CASE("moments go through every term and every result once, forwards and backwards alike") {
  Derivation derivation;
  derivation.why.acts = {act_of({1, 2, -4}), act_of({-3, -2}, Fold::maximum)};
  CHECK(derivation.ticks() == 7);
  const struct {
    int act, term;
    double total;
  } expected[] = {{0, 0, 0}, {0, 1, 1}, {0, 2, 3}, {0, 3, -1}, {1, 0, 0}, {1, 1, -3}, {1, 2, -2}};
  for (int tick = 0; tick < 7; ++tick) {
    const auto moment = derivation.at((tick + 0.25) / 7);
    CAPTURE(tick);
    CHECK(moment.act == expected[tick].act);
    CHECK(moment.term == expected[tick].term);
    CHECK(moment.total == expected[tick].total);
    CHECK(moment.part == doctest::Approx(0.25));
    CHECK(moment.comes_out(derivation) == (tick == 3 || tick == 6));
  }
  CHECK(derivation.at(-1).term == 0);
  CHECK(derivation.at(2).comes_out(derivation));
  CHECK(derivation.at(2).part == 1);
}

TEST_CASE("a long sum shows its first, last and largest terms; the others keep their total") {
  const Act act = act_of({0.1, 5, -0.2, 0.3, -7, 0.4, 0.5, 0.6, 0.01});
  const FoldedTerms folded = fold_terms(act, 5);
  CHECK(folded.shown == std::vector<int>{0, 1, 4, 7, 8});
  CHECK(folded.hidden == 4);
  CHECK(folded.hidden_total == doctest::Approx(-0.2 + 0.3 + 0.4 + 0.5));
  CHECK(fold_terms(act, 8).hidden == 0);  // one alone is not folded
  CHECK(fold_terms(act, 8).shown.size() == 9);
  CHECK(fold_terms(act_of({-3, -2, -9, -4, -5, -1}, Fold::maximum), 3).hidden_total == -2);
}

TEST_CASE("the place of a cell in words") {
  const auto trace = short_recording();
  const Graph& graph = trace->graph();
  auto words = [&](const char* name, int row, int col) {
    std::string text;
    for (const Message& message : place_words({&graph.at(name), row, col}, trace.get(), 6))
      text += (text.empty() ? "" : ", ") + message.english();
    return text;
  };
  CHECK(words("blocks.1.attn.hook_q.head2", 4, 3) ==
        "layer 1, head 2, token 4 '" + trace->model().token_text(5) + "', channel 3 of the head");
  CHECK(words("blocks.0.attn.W_Q.head0", 5, 6) == "layer 0, head 0, channel 5, channel 6 of the head");
  CHECK(words("blocks.0.mlp.b_in", 0, 9) == "layer 0, neuron 9");
  CHECK(words("blocks.0.attn.hook_pattern.head1", 2, 1) ==
        "layer 0, head 1, token 2 '" + trace->model().token_text(4) + "', looks at token 1 '" +
            trace->model().token_text(1) + "'");
}
