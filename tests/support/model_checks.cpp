#include "tests/support/model_checks.h"

#include <doctest/doctest.h>

#include <cmath>

#include "model/plain_executor.h"

namespace orrery::test {

std::shared_ptr<const Model> load_reference(const std::string& name) {
  Progress progress;
  return Model::load(reference(name), progress);
}

Executor run_over(const std::shared_ptr<const Model>& model, const std::vector<int>& ids) {
  Executor run = Executor::start(model, ids, 1, greedy_sampling());
  REQUIRE(run.run_pass());
  return run;
}

double difference(const Trace& trace, const Tensor& tensor, const OracleTensor& expected, int first) {
  const MatrixView view = trace.view(tensor);
  REQUIRE(first + expected.cols() <= view.cols);
  double worst = 0;
  for (int row = 0; row < expected.rows(); ++row)
    for (int col = 0; col < expected.cols(); ++col) {
      const double error = std::abs(view(row, first + col) - expected.at(row, col));
      if (std::isnan(error)) return error;
      worst = std::max(worst, error / (1 + std::abs(expected.at(row, col))));
    }
  return worst;
}

namespace {

/// hidden_states.i: the stream before block i, or after it; behind the last block the final norm's result.
const Tensor& hidden_state(const Graph& graph, int i, bool first_is_embedding) {
  if (i == graph.layer_count()) return graph.at("ln_final.out");
  if (!first_is_embedding) return graph.at("blocks." + std::to_string(i) + ".hook_resid_post");
  return graph.at("blocks." + std::to_string(i) + ".hook_resid_pre");
}

void check_attention(const Trace& trace, const OracleTensor& expected, int layer) {
  const int tokens = int(expected.cols());
  REQUIRE(expected.rows() == tokens * trace.graph().head_count());
  for (int head = 0; head < trace.graph().head_count(); ++head) {
    const Tensor& pattern = trace.graph().at("blocks." + std::to_string(layer) + ".attn.hook_pattern.head" +
                                             std::to_string(head));
    const MatrixView view = trace.view(pattern);
    for (int row = 0; row < tokens; ++row)
      for (int col = 0; col < tokens; ++col)
        REQUIRE(std::abs(view(row, col) - expected.at(head * tokens + row, col)) < 1e-5);
  }
}

bool near(double a, double b, double tolerance) {
  return a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= tolerance * (1 + std::abs(b));
}

/// The magnitudes that an explanation adds up: where they cancel each other, single precision is as good as
/// they are large.
double magnitude_of(const Explanation& explanation) {
  double magnitude = 0;
  for (const Term& term : explanation.terms) magnitude += std::abs(term.value);
  return magnitude;
}

/// Every act adds up to what comes out of it, and the last one to the explained number.
void check_acts(const Explanation& explanation) {
  for (const Act& act : explanation.acts) {
    if (act.terms.empty()) continue;
    double total = act.terms[0].value, magnitude = std::abs(total);
    for (size_t i = 1; i < act.terms.size(); ++i) {
      magnitude += std::abs(act.terms[i].value);
      total = act.fold == Fold::sum ? total + act.terms[i].value : std::max(total, act.terms[i].value);
    }
    REQUIRE(near(total, act.value, 1e-9 * (1 + magnitude)));
  }
  if (!explanation.acts.empty()) REQUIRE(near(explanation.acts.back().value, explanation.value, 1e-9));
}

}  // namespace

void check_outputs(const std::string& folder, bool first_is_embedding) {
  CAPTURE(folder);
  const Fixture fixture(folder);
  const auto model = load_reference(folder);
  const Graph& graph = model->graph();
  for (const std::string prompt : {"p0.", "p1."}) {
    const Executor run = run_over(model, fixture.at(prompt + "input_ids").ids());
    CHECK(difference(*run.trace(), graph.logits(), fixture.at(prompt + "logits")) < 1e-4);
    for (int i = 0; i <= graph.layer_count(); ++i) {
      const std::string layer = std::to_string(i);
      CAPTURE(layer);
      const OracleTensor& expected = fixture.at(prompt + "hidden_states." + layer);
      CHECK(difference(*run.trace(), hidden_state(graph, i, first_is_embedding), expected) < 1e-4);
      if (fixture.has(prompt + "attentions." + layer))
        check_attention(*run.trace(), fixture.at(prompt + "attentions." + layer), i);
    }
  }
}

void check_greedy(const std::string& folder, bool afresh) {
  CAPTURE(folder);
  const Fixture fixture(folder);
  const auto model = load_reference(folder);
  for (const std::string prompt : {"p0.", "p1."}) {
    const std::vector<int> ids = fixture.at(prompt + "input_ids").ids(),
                           expected = fixture.at(prompt + "greedy_ids").ids();
    std::vector<int> found = ids;
    if (afresh) {
      while (found.size() < expected.size()) found.push_back(run_over(model, found).trace()->pass(0).chosen);
    } else {
      Executor run = Executor::start(model, ids, int(expected.size() - ids.size()), greedy_sampling());
      run.ends.clear();  // the reference does not stop there
      while (run.run_pass()) found.push_back(run.trace()->pass(run.trace()->pass_count() - 1).chosen);
      CHECK(run.state() == RunState::enough_tokens);
    }
    CHECK(found == expected);
  }
}

void check_rows(const std::string& folder) {
  CAPTURE(folder);
  const auto model = load_reference(folder);
  const std::vector<int> ids = Fixture(folder).at("p1.input_ids").ids();
  const Executor whole = run_over(model, ids);
  // Forcing each next token of the prompt computes it one row at a time.
  Executor rows = run_over(model, {ids[0]});
  for (size_t i = 1; i < ids.size(); ++i) {
    rows = Executor::go_on(*rows.trace(), int(i) - 1, ids[i], 2, greedy_sampling());
    REQUIRE(rows.run_pass());
  }
  for (const Tensor* tensor : model->graph().steps()) {
    const MatrixView a = whole.trace()->view(*tensor), b = rows.trace()->view(*tensor);
    for (int row = 0; row < int(ids.size()); ++row)
      for (int col = 0; col < a.cols; ++col)
        if (!tensor->op->masked(row, col)) {
          CAPTURE(tensor->name);
          REQUIRE(near(a(row, col), b(row, col), 2e-5));
        }
  }
  const std::vector<float> expected = whole.trace()->logits_of(0);
  const size_t half = ids.size() / 2;
  for (const int most_rows : {1, int(half), int(ids.size())}) {
    PlainExecutor plain(model, model->graph().capacity(), most_rows);
    plain.feed(std::span(ids).first(half));
    const std::span<const float> logits = plain.feed(std::span(ids).subspan(half));
    for (size_t i = 0; i < logits.size(); ++i) CHECK(near(logits[i], expected[i], 2e-5));
  }
  // An edited text keeps the rows before the change; what is carried goes on from there.
  std::vector<int> edited = ids;
  edited[half] = (ids[half] + 1) % model->vocabulary_size();
  const Executor before = run_over(model, edited);
  Executor kept = Executor::start(model, ids, 1, greedy_sampling(), before.trace().get());
  CHECK(kept.trace()->kept_rows() == int(half));
  REQUIRE(kept.run_pass());
  const std::vector<float> logits = kept.trace()->logits_of(0);
  for (size_t i = 0; i < logits.size(); ++i) CHECK(near(logits[i], expected[i], 2e-5));
}

void check_explanations(const std::string& folder) {
  CAPTURE(folder);
  const auto model = load_reference(folder);
  Executor run = Executor::start(model, Fixture(folder).at("p0.input_ids").ids(), 2, greedy_sampling());
  run.run_pass();
  run.run_pass();
  const Trace& trace = *run.trace();
  const int tokens = trace.token_count(trace.published());
  long cells = 0;
  for (const Tensor* tensor : model->graph().steps()) {
    CAPTURE(tensor->name);
    CHECK_FALSE(tensor->op->sentence(*tensor).key.empty());
    CHECK(tensor->op->cost(*tensor, tokens - 1) >= 0);
    CHECK(tensor->label.key != tensor->name);
    const MatrixView view = trace.view(*tensor);
    for (int row = 0; row < tokens; ++row)
      for (int col = 0; col < view.cols; ++col) {
        const Explanation explanation = tensor->op->explain(*tensor, {tensor, row, col}, trace);
        const double stored = view(row, col);
        CAPTURE(row);
        CAPTURE(col);
        REQUIRE_FALSE(explanation.words.key.empty());
        const double magnitude = std::abs(stored) + magnitude_of(explanation);
        if (std::isfinite(stored))
          REQUIRE(std::abs(explanation.value - stored) <= 1e-5 * magnitude);
        else
          REQUIRE(near(explanation.value, stored, 0));
        double sum = 0;
        for (const Term& term : explanation.terms) sum += term.value;
        if (!explanation.terms.empty()) REQUIRE(std::abs(sum - explanation.value) <= 1e-9 * (1 + magnitude));
        check_acts(explanation);
        ++cells;
      }
  }
  CHECK(cells > 5000);
}

}  // namespace orrery::test
