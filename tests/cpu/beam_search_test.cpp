#include "model/beam_search.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "tests/support/model_checks.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// A search that computes every text from its start, as a model needs whose earlier rows depend on the
/// length.
BeamSearch search_afresh(const std::shared_ptr<const Model>& model, const std::vector<int>& text,
                         const BeamSettings& settings) {
  BeamSearch search(settings, text);
  std::vector<std::vector<float>> logits = {run_over(model, text).trace()->logits_of(0)};
  for (;;) {
    search.step(logits);
    if (search.done()) return search;
    logits.clear();
    for (const BeamSearch::Beam& beam : search.beams()) {
      std::vector<int> ids = text;
      ids.insert(ids.end(), beam.ids.begin(), beam.ids.end());
      logits.push_back(run_over(model, ids).trace()->logits_of(0));
    }
  }
}

void check_hypotheses(const Fixture& fixture, const std::string& name, const std::vector<int>& text,
                      const std::vector<Hypothesis>& found) {
  CAPTURE(name);
  const OracleTensor &ids = fixture.at(name + "_ids"), &scores = fixture.at(name + "_scores");
  REQUIRE(int(found.size()) == ids.rows());
  for (size_t i = 0; i < found.size(); ++i) {
    std::vector<int> row = text;
    row.insert(row.end(), found[i].ids.begin(), found[i].ids.end());
    row.resize(size_t(ids.cols()));  // padded with 0
    std::vector<int> expected;
    for (int col = 0; col < ids.cols(); ++col) expected.push_back(int(ids.at(std::int64_t(i), col)));
    CHECK(row == expected);
    CHECK(std::abs(found[i].score - scores.values[i]) < 1e-4);
  }
}

/// Every node's total is its parent's and its own log-probability; kept ones are as many as live beams.
void check_tree(const BeamSearch& search, int beams) {
  std::vector<int> kept(size_t(search.steps()));
  for (const BeamNode& node : search.nodes()) {
    const double before = node.parent < 0 ? 0 : search.nodes()[size_t(node.parent)].total;
    CHECK(node.total == before + node.log_probability);
    CHECK((node.parent < 0) == (node.step == 0));
    if (node.parent >= 0) CHECK(search.nodes()[size_t(node.parent)].fate == BeamNode::Fate::kept);
    kept[size_t(node.step)] += node.fate == BeamNode::Fate::kept;
  }
  CHECK(kept == std::vector<int>(size_t(search.steps()), beams));
  for (const Hypothesis& hypothesis : search.hypotheses()) {
    std::vector<int> path;
    for (int at = hypothesis.node; at >= 0; at = search.nodes()[size_t(at)].parent)
      path.insert(path.begin(), search.nodes()[size_t(at)].id);
    CHECK(path == hypothesis.ids);
  }
}

}  // namespace

TEST_CASE("beam search finds Hugging Face's hypotheses with their scores, for every model there is") {
  int folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(reference(""))) {
    if (!std::filesystem::exists(entry.path() / "expected.safetensors")) continue;
    const std::string folder = entry.path().filename().string();
    const Fixture fixture(folder);
    if (!fixture.has("p0.beam_ids")) continue;
    CAPTURE(folder);
    const auto model = load_reference(folder);
    for (int prompt : {0, 1}) {
      const std::string p = "p" + std::to_string(prompt) + ".";
      const std::vector<int> text = fixture.at(p + "input_ids").ids();
      BeamSettings settings{.beams = 3, .new_tokens = int(fixture.sampling("beam_new"))};
      const auto check = [&](const std::string& name) {
        Progress progress;
        const BeamSearch search = folder == "llama_rope_dynamic"
                                      ? search_afresh(model, text, settings)
                                      : beam_search(model, text, settings, progress);
        check_hypotheses(fixture, p + name, text, search.hypotheses());
        check_tree(search, 3);
      };
      check("beam");
      settings.ends = {fixture.beam_end(prompt)};
      settings.length_penalty = 2;
      check("beam_eos_lp2");
      settings.length_penalty = 0.5;
      settings.early_stopping = true;
      check("beam_eos_lp0_5_early");
    }
    ++folders;
  }
  CHECK(folders >= 20);
}

TEST_CASE("one beam is greedy, and a recording's rows are taken over, states that are carried too") {
  for (const char* folder : {"gpt2", "mamba", "rwkv4", "ttt_linear"}) {
    CAPTURE(folder);
    const Fixture fixture(folder);
    const auto model = load_reference(folder);
    const std::vector<int> text = fixture.at("p0.input_ids").ids(),
                           greedy = fixture.at("p0.greedy_ids").ids();
    const int count = int(greedy.size() - text.size());
    Progress progress;
    const Executor run = run_over(model, text);
    const BeamSettings one{.beams = 1, .new_tokens = count};
    CHECK(beam_search(*run.trace(), 0, one, progress).hypotheses().at(0).ids ==
          std::vector<int>(greedy.begin() + std::ptrdiff_t(text.size()), greedy.end()));
    CHECK(progress.fraction == 1);
    const BeamSettings four{.beams = 4, .new_tokens = 5};
    const auto a = beam_search(*run.trace(), 0, four, progress).hypotheses(),
               b = beam_search(model, text, four, progress).hypotheses();
    REQUIRE(a.size() == 4);
    REQUIRE(b.size() == 4);
    for (size_t i = 0; i < a.size(); ++i) {
      CHECK(a[i].ids == b[i].ids);
      CHECK(a[i].score == doctest::Approx(b[i].score).epsilon(1e-5));
    }
  }
}

TEST_CASE("an end finishes a hypothesis only among the best; the search ends when nothing can be better") {
  // Probabilities 0.5, 0.3, 0.2; two beams; token 0 is the end.
  const std::vector<float> logits = {std::log(0.5f), std::log(0.3f), std::log(0.2f)};
  BeamSearch search({.beams = 2, .new_tokens = 9, .ends = {0}}, std::vector<int>{1});
  search.step(std::vector<std::vector<float>>{logits});
  REQUIRE(search.nodes().size() == 3);
  CHECK(search.nodes()[0].fate == BeamNode::Fate::finished);
  CHECK(search.nodes()[1].fate == BeamNode::Fate::kept);
  CHECK(search.nodes()[2].fate == BeamNode::Fate::kept);
  CHECK(search.beams().size() == 2);
  CHECK_FALSE(search.done());
  // Totals: 1 0: 0.15, 2 0: 0.1, 1 1: 0.09, 1 2 and 2 1: 0.06, of which the four best are looked at.
  search.step(std::vector<std::vector<float>>{logits, logits});
  const std::vector<Hypothesis> found = search.hypotheses();
  CHECK(search.done());  // two are finished, and no longer one can have a better mean than -log 2
  REQUIRE(found.size() == 2);
  CHECK(found[0].ids == std::vector<int>{0});
  CHECK(found[0].score == doctest::Approx(std::log(0.5)));
  CHECK(found[1].ids == std::vector<int>{1, 0});
  CHECK(found[1].score == doctest::Approx(std::log(0.15) / 2));
  CHECK(found[1].finished);
}

TEST_CASE("repetition filters act on the log-probabilities of each beam") {
  const auto model = load_reference("gpt2");
  BeamSettings settings{.beams = 3, .new_tokens = 6};
  settings.repetition.no_repeat_ngram = 1;
  Progress progress;
  for (const Hypothesis& hypothesis :
       beam_search(model, std::vector<int>{1, 2, 3}, settings, progress).hypotheses()) {
    std::vector<int> ids = hypothesis.ids;
    ids.insert(ids.end(), {1, 2, 3});
    std::ranges::sort(ids);
    CHECK(std::ranges::adjacent_find(ids) == ids.end());
  }
}

TEST_CASE("a search stops at the context's end, when it is cancelled, and where nothing can follow") {
  const auto model = load_reference("gpt2");
  const int capacity = model->graph().capacity();
  const std::vector<int> text(size_t(capacity - 2), 1);
  Progress progress;
  CHECK(beam_search(model, text, {.new_tokens = 50}, progress).hypotheses().at(0).ids.size() == 3);
  CHECK_THROWS_AS(beam_search(model, std::vector<int>(size_t(capacity + 1), 1), {}, progress), Error);
  progress.cancelled = true;
  CHECK_THROWS_AS(beam_search(model, text, {}, progress), Cancelled);
  BeamSearch search({}, std::vector<int>{1});
  CHECK_THROWS_AS(search.step(std::vector<std::vector<float>>{{NAN, -INFINITY}}), Error);
}

TEST_CASE("of several ends the best is taken, and a beam still finds how to go on") {
  // Probabilities 0.4, 0.35, 0.25; one beam; 0 and 1 are ends. Reference section 13.3: (1 + 2) * 1
  // candidates.
  const std::vector<float> logits = {std::log(0.4f), std::log(0.35f), std::log(0.25f)};
  BeamSearch search({.beams = 1, .new_tokens = 9, .ends = {0, 1}}, std::vector<int>{1});
  search.step(std::vector<std::vector<float>>{logits});
  REQUIRE(search.beams().size() == 1);
  CHECK(search.beams()[0].ids == std::vector<int>{2});
  REQUIRE(search.nodes().size() == 3);
  CHECK(search.nodes()[0].fate == BeamNode::Fate::finished);
  CHECK(search.nodes()[1].fate == BeamNode::Fate::dropped);
  CHECK(search.nodes()[2].fate == BeamNode::Fate::kept);
}
