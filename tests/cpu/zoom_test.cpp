#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "model/executor.h"
#include "renderer/aggregates.h"
#include "renderer/cell_arithmetic.h"
#include "renderer/cell_place.h"
#include "renderer/scene_builder.h"
#include "tests/support/fixture.h"

using namespace orrery;
using namespace orrery::test;

namespace {

struct ZoomedRun {
  std::shared_ptr<const Trace> trace;
  Layout layout;
  Scene scene;

  ZoomedRun() {
    Progress progress;
    Executor run = Executor::start(Model::load(reference("gpt2"), progress), {3, 1, 4, 1, 5}, 1, {});
    run.run_pass();
    trace = run.trace();
    layout = make_layout(trace->graph(), {16, 16.f / 9});
  }
};

std::string three_digits(double value) {
  char text[24];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

}  // namespace

TEST_CASE("from afar a layer is told by root mean squares, with their rule") {
  const ZoomedRun stage;
  const Trace& trace = *stage.trace;
  auto rms = [&](const char* name) {
    const MatrixView view = trace.view(trace.graph().at(name));
    double sum = 0;
    for (int col = 0; col < view.cols; ++col) sum += std::pow(double(view(4, col)), 2);
    return three_digits(std::sqrt(sum / view.cols));
  };
  const auto all = aggregates_of(stage.layout, trace, trace.published());
  auto told = [&](const std::string& words) {
    return std::ranges::any_of(all, [&](const Aggregate& one) { return one.words.english() == words; });
  };
  CHECK(told("adds " + rms("blocks.0.hook_attn_out") + " (RMS)"));
  CHECK(told("adds " + rms("blocks.1.hook_mlp_out") + " (RMS)"));
  CHECK(told("stream after it: " + rms("blocks.1.hook_resid_post") + " (RMS over 32 channels, token 4)"));
  // What is not computed yet is not told.
  const Tensor& mid = trace.graph().at("blocks.0.hook_attn_out");
  CHECK(aggregates_of(stage.layout, trace, trace.step_number({0, mid.step})).empty());
  CHECK(aggregates_of(stage.layout, trace, trace.step_number({0, mid.step + 1})).size() == 1);
}

TEST_CASE("aggregates are kept while nothing is computed and made again when something is") {
  ZoomedRun stage;
  SceneBuilder builder;
  const auto all = double(stage.trace->published());
  auto count = [&](double position) {
    builder.build(stage.scene, stage.layout, stage.trace.get(), position, {});
    return std::ranges::count_if(
        stage.scene.texts, [](const SceneText& text) { return text.text.find("RMS") != std::string::npos; });
  };
  const auto whole = count(all);
  CHECK(whole > 3);
  CHECK(count(all) == whole);
  CHECK(count(1) == 0);
  CHECK(count(all) == whole);
}

TEST_CASE("in very large cells the arithmetic is written: the formula, the largest terms, the rest") {
  ZoomedRun stage;
  SceneBuilder builder;
  const Tensor& q = stage.trace->graph().at("blocks.0.attn.hook_q.head0");
  builder.build(stage.scene, stage.layout, stage.trace.get(), double(stage.trace->published()), {});
  const size_t before = stage.scene.texts.size();
  const auto place = place_of(stage.layout, Cell{&q, 2, 1});
  REQUIRE(place);
  CellArithmetic arithmetic;
  stage.scene.camera = Camera{}.framing(stage.layout.low, stage.layout.high, 1.6f);
  arithmetic.add(stage.scene, 1280, 800);
  CHECK(stage.scene.texts.size() == before);  // all cells are small
  Camera near;
  near.yaw = near.pitch = 0;
  near.target = place->centre();
  near.distance = 3 * place->cell.y / std::tan(near.field_of_view / 2);  // a cell is a sixth of the height
  stage.scene.camera = near;
  arithmetic.add(stage.scene, 1280, 800);
  REQUIRE(stage.scene.texts.size() > before);
  const Derivation derivation = derive(*stage.trace, {&q, 2, 1});
  const Act& act = derivation.why.acts[0];
  std::vector<double> values;
  for (const Term& term : act.terms) values.push_back(term.value);
  std::ranges::sort(values, [](double a, double b) { return std::abs(a) > std::abs(b); });
  const std::string rest = "+ " + three_digits(derivation.why.value - values[0] - values[1]) + " (" +
                           std::to_string(values.size() - 2) + ")";
  int found = 0;
  for (size_t i = before; i < stage.scene.texts.size(); ++i) {
    const SceneText& text = stage.scene.texts[i];
    const glm::vec2 apart = glm::abs(glm::vec2(text.anchor - place->centre()));
    if (apart.x < place->cell.x / 2 && apart.y < place->cell.y / 2)
      found += text.text == rest || text.text == derivation.why.formula.english();
  }
  CHECK(found == 2);
}
