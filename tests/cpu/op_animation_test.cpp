#include "renderer/op_animation.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "model/executor.h"
#include "renderer/cell_place.h"
#include "renderer/scene_builder.h"
#include "tests/support/fixture.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// The tiny GPT-2 of the fixtures after five tokens and two more, laid out.
struct AnimatedRun {
  std::shared_ptr<const Trace> trace;
  Layout layout;
  Scene scene;

  AnimatedRun() {
    Progress progress;
    SamplingSettings sampling;
    Executor run = Executor::start(Model::load(reference("gpt2"), progress), {3, 1, 4, 1, 5}, 2, sampling);
    while (run.run_pass()) {
    }
    trace = run.trace();
    layout = make_layout(trace->graph(), {16, 16.f / 9});
    scene.layout = &layout;
  }

  const Tensor& at(const char* name) const { return trace->graph().at(name); }
  Derivation play(const Cell& cell, double progress, Closeness closeness = Closeness::terms) {
    scene = Scene{};
    scene.layout = &layout;
    Derivation derivation = derive(*trace, cell);
    add_cell_animation(scene, derivation, progress, closeness, {});
    return derivation;
  }
  bool marked(const Tensor& tensor, int row, int col) const {
    return std::ranges::any_of(scene.marks, [&](const Mark& mark) {
      return mark.region == Region{&tensor, row, col, 1, 1};
    });
  }
  bool says(const std::string& text) const {
    return std::ranges::any_of(
        scene.texts, [&](const SceneText& one) { return one.text.find(text) != std::string::npos; });
  }
  int arrows() const { return int(std::ranges::count_if(scene.strands, &SceneStrand::arrow)); }
};

std::string four_digits(double value) {
  char text[24];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace

TEST_CASE("a position between steps is a cell and how far its making has come, and the other way round") {
  const AnimatedRun stage;
  const Trace& trace = *stage.trace;
  const Tensor& q = stage.at("blocks.0.attn.hook_q.head1");
  for (int pass : {0, 1})
    for (int row = trace.pass(pass).rows.begin; row < trace.pass(pass).rows.end; ++row)
      for (int col = 0; col < q.cols.size; ++col)
        for (double progress : {0.25, 0.75}) {
          const double position = position_of(trace, pass, {{&q, row, col}, progress});
          CHECK(trace.place(std::uint64_t(position)) == StepPlace{pass, q.step});
          const auto moment = cell_moment(trace, position);
          REQUIRE(moment);
          CHECK(moment->cell == Cell{&q, row, col});
          CHECK(moment->progress == doctest::Approx(progress).epsilon(1e-6));
        }
  CHECK_FALSE(cell_moment(trace, 3));                                   // a whole step
  CHECK_FALSE(cell_moment(trace, double(trace.published()) + 0.5));     // not published
  CHECK_FALSE(cell_moment(trace, double(trace.steps_a_pass()) - 0.5));  // the draw of a token
  CHECK(cell_moment(trace, double(trace.steps_a_pass()) + 0.5));        // the next pass
}

TEST_CASE("the work of a step is its cells and the moments of the cell under way") {
  const AnimatedRun stage;
  const Trace& trace = *stage.trace;
  const Tensor& q = stage.at("blocks.0.attn.hook_q.head0");
  const double whole = double(trace.step_number({0, q.step}));
  const double ticks = q.inputs[1]->rows.size + 1 + 1;  // products, bias, what comes out
  for (double position : {whole, whole + 0.3}) {
    CHECK(step_work(trace, position, false).cells == 5 * q.cols.size);
    CHECK(step_work(trace, position, false).ticks == ticks);
  }
  CHECK(step_work(trace, whole + 1, true).cells == 5 * q.cols.size);
  CHECK(step_work(trace, double(trace.published()), false).cells == 1);
  CHECK(step_work(trace, double(trace.step_number({1, q.step})), false).cells == q.cols.size);
}

TEST_CASE("term by term through a step and back again passes every cell and every moment once") {
  const AnimatedRun stage;
  const Trace& trace = *stage.trace;
  const Tensor& scores = stage.at("blocks.0.attn.hook_attn_scores.head0");
  const double begin = double(trace.step_number({0, scores.step}));
  int expected = 0;
  for (int row = 0; row < 5; ++row)
    for (int col = 0; col < trace.view(scores).cols; ++col)
      expected += scores.op->masked(row, col) ? 1 : derive(trace, {&scores, row, col}).ticks();
  std::vector<double> way;
  double at = begin;
  for (int i = 0; i < 5000 && (at = tick_beside(trace, at, 1)) < begin + 1; ++i) way.push_back(at);
  CHECK(int(way.size()) == expected);
  CHECK(at == begin + 1);
  for (size_t i = way.size(); i-- > 0;) {
    at = tick_beside(trace, at, -1);
    REQUIRE(at == doctest::Approx(way[i]).epsilon(1e-12));
  }
  CHECK(tick_beside(trace, at, -1) == begin);
  CHECK(tick_beside(trace, 0, -1) == 0);
  CHECK(tick_beside(trace, double(trace.published()), 1) == double(trace.published()));
}

TEST_CASE("a matrix product: the row meets the column, pair by pair, and the sum grows") {
  AnimatedRun stage;
  const Tensor& q = stage.at("blocks.0.attn.hook_q.head1");
  const Tensor &x = *q.inputs[0], &weight = *q.inputs[1];
  const int ticks = x.cols.size + 2, term = 9;
  stage.play({&q, 3, 2}, (term + 0.9) / ticks);
  CHECK(stage.marked(q, 3, 2));
  CHECK(stage.marked(x, 3, term));
  CHECK(stage.marked(weight, term, 2));
  CHECK_FALSE(stage.marked(x, 3, term + 1));
  CHECK(stage.arrows() == 2);
  double sum = 0;
  for (int c = 0; c <= term; ++c) sum += double(stage.trace->view(x)(3, c)) * stage.trace->view(weight)(c, 2);
  const double a = stage.trace->view(x)(3, term), b = stage.trace->view(weight)(term, 2);
  CHECK(stage.says(four_digits(a) + " × " + four_digits(b) + " = " + four_digits(a * b)));
  CHECK(stage.says(four_digits(sum)));
  CHECK(stage.says(std::to_string(term + 1) + "/" + std::to_string(x.cols.size + 1)));
  // What comes out is the number that the model stored.
  stage.play({&q, 3, 2}, 1);
  CHECK(stage.says("= " + four_digits(stage.trace->view(q)(3, 2))));
}

TEST_CASE("the chart has one bar a term that is done, as long as its number") {
  AnimatedRun stage;
  const Tensor& q = stage.at("blocks.0.attn.hook_q.head0");
  const Derivation derivation = stage.play({&q, 2, 1}, (7 + 0.99) / (q.inputs[0]->cols.size + 2.0));
  const Act& act = derivation.why.acts[0];
  REQUIRE(stage.scene.sheets.size() == 1 + 8 + 8 + 1);  // the paper, bars, steps of the sum, the axis
  const float per_unit = stage.scene.sheets[1].size.y / std::abs(float(act.terms[0].value));
  for (size_t i = 0; i < 8; ++i)
    CHECK(stage.scene.sheets[1 + 2 * i].size.y ==
          doctest::Approx(per_unit * std::abs(act.terms[i].value)).epsilon(2e-3));
  const auto cell = place_of(stage.layout, act.terms[5].cells[0]);
  CHECK(stage.scene.sheets[1 + 2 * 5].corner.x >= cell->corner.x);
  CHECK(stage.scene.sheets[1 + 2 * 5].corner.x + stage.scene.sheets[11].size.x <=
        cell->corner.x + cell->size.x);
}

TEST_CASE("softmax: maximum, exponentials, division; masked cells say so") {
  AnimatedRun stage;
  const Tensor& pattern = stage.at("blocks.1.attn.hook_pattern.head0");
  const Tensor& scores = *pattern.inputs[0];
  const auto score = [&](int s) { return double(stage.trace->view(scores)(3, s)); };
  const double largest = std::max(std::max(score(0), score(1)), std::max(score(2), score(3)));
  const double ticks = 5 + 5 + 2;
  stage.play({&pattern, 3, 1}, 4.5 / ticks);
  CHECK(stage.says("max = " + four_digits(largest)));
  stage.play({&pattern, 3, 1}, (5 + 2 + 0.5) / ticks);
  CHECK(stage.marked(scores, 3, 2));
  CHECK(stage.says("exp(" + four_digits(score(2)) + " − " + four_digits(largest) +
                   ") = " + four_digits(std::exp(score(2) - largest))));
  stage.play({&pattern, 3, 1}, 1);
  CHECK(stage.says("= " + four_digits(stage.trace->view(pattern)(3, 1))));
  stage.play({&pattern, 1, 3}, 0.5);
  CHECK(stage.says("masked"));
  CHECK(stage.arrows() == 0);
}

TEST_CASE("layer norm: mean, variance, root") {
  AnimatedRun stage;
  const Tensor& scale = stage.at("blocks.0.ln1.hook_scale");
  const double count = scale.inputs[0]->cols.size, ticks = 2 * (count + 1) + 2;
  const Derivation derivation = stage.play({&scale, 1, 0}, (count + 0.5) / ticks);
  CHECK(stage.says("mean = " + four_digits(derivation.why.acts[0].value)));
  stage.play({&scale, 1, 0}, (count + 1 + count + 0.5) / ticks);
  CHECK(stage.says("variance = " + four_digits(derivation.why.acts[1].value)));
  stage.play({&scale, 1, 0}, 1);
  CHECK(stage.says("√("));
}

TEST_CASE("an embedding's row is lifted out of the table and comes to rest in its place") {
  AnimatedRun stage;
  const Tensor& out = stage.at("hook_embed");
  const Tensor& table = *out.inputs[1];
  const auto from = place_of(stage.layout, Region{&table, 4, 0, 1, table.cols.size});
  const auto to = place_of(stage.layout, Region{&out, 2, 0, 1, table.cols.size});
  REQUIRE(from);
  REQUIRE(to);
  stage.play({&out, 2, 0}, 0);
  REQUIRE(stage.scene.sheets.size() == 1);
  CHECK(glm::length(glm::vec2(stage.scene.sheets[0].corner - from->corner)) < 1e-3);
  stage.play({&out, 2, table.cols.size - 1}, 1);
  CHECK(glm::length(glm::vec2(stage.scene.sheets[0].corner - to->corner)) < 1e-3);
  CHECK(stage.scene.sheets[0].size == to->size);
}

TEST_CASE("an activation function's point stands on its curve") {
  AnimatedRun stage;
  const Tensor& post = stage.at("blocks.0.mlp.hook_post");
  const Derivation derivation = stage.play({&post, 1, 7}, 0.4);
  REQUIRE(stage.scene.sheets.size() == 1);
  const Sheet& window = stage.scene.sheets[0];
  const auto dot = std::ranges::find(stage.scene.texts, "●", &SceneText::text);
  REQUIRE(dot != stage.scene.texts.end());
  // One unit across is the window's width over 8 (the curve is shown from -4 to 4).
  const double x = stage.trace->view(*post.inputs[0])(1, 7);
  CHECK(dot->anchor.x == doctest::Approx(window.corner.x + (x + 4) / 8 * window.size.x));
  float nearest = 1e9f;
  for (const SceneStrand& strand : stage.scene.strands)
    for (int i = 0; i <= 20; ++i)
      nearest = std::min(nearest, glm::length(point_on(strand, float(i) / 20) - dot->anchor));
  CHECK(nearest < 0.02f * window.size.y);
}

TEST_CASE("closer and closer: nothing, the cell with its operands, the numbers") {
  AnimatedRun stage;
  const Cell cell{&stage.at("blocks.0.hook_resid_mid"), 2, 5};
  stage.play(cell, 0.5, Closeness::tensors);
  CHECK(stage.scene.marks.empty());
  CHECK(stage.scene.strands.empty());
  stage.play(cell, 0.5, Closeness::cells);
  CHECK(stage.marked(*cell.tensor->inputs[0], 2, 5));
  CHECK(stage.marked(*cell.tensor->inputs[1], 2, 5));
  CHECK(stage.arrows() == 2);
  CHECK(stage.scene.texts.empty());
  stage.play(cell, 0.5, Closeness::terms);
  CHECK_FALSE(stage.scene.texts.empty());
}

TEST_CASE(
    "the draw: every id has room as wide as its probability, and the random number stands where it falls") {
  AnimatedRun stage;
  const int pass = 0;
  add_draw_animation(stage.scene, *stage.trace, pass, 1, {});
  const Sample sample = stage.trace->sample_of(pass);
  REQUIRE_FALSE(sample.greedy);
  const std::vector<float>& shares = sample.stages.back().probabilities;
  std::vector<const Sheet*> parts;
  for (const Sheet& sheet : stage.scene.sheets) parts.push_back(&sheet);
  size_t shown = 0;
  double before = 0, left = 0, right = 0;
  for (size_t id = 0; id < shares.size(); ++id) {
    if (int(id) == stage.trace->pass(pass).chosen) left = before, right = before + shares[id];
    before += shares[id];
    shown += shares[id] >= 0.002f;
  }
  CHECK(parts.size() == shown);
  CHECK(sample.drawn >= left);
  CHECK(sample.drawn <= right);
  CHECK(stage.says(number_text(float(sample.drawn))));
}

TEST_CASE("what happens now, in a sentence") {
  const AnimatedRun stage;
  const Tensor& mid = stage.at("blocks.0.hook_resid_mid");
  const Derivation derivation = derive(*stage.trace, {&mid, 1, 4});
  const double a = stage.trace->view(*mid.inputs[0])(1, 4), b = stage.trace->view(*mid.inputs[1])(1, 4);
  const std::string sentence = moment_caption(*stage.trace, derivation, 0.5, 5, nullptr).english();
  CHECK(sentence == "layer 0, token 1 '" + stage.trace->model().token_text(1) +
                        "', channel 4: term 2 of 2: " + number_text(b) + " = " + number_text(b) +
                        "; the sum is now " + number_text(a + b));
}

TEST_CASE("what stands before the work becomes a ghost") {
  AnimatedRun stage;
  SceneBuilder builder;
  SceneOptions options;
  const Tensor& front = stage.at("blocks.0.attn.hook_pattern.head0");
  const Tensor& back = stage.at("blocks.0.attn.hook_pattern.head2");
  auto emphasis = [&](const Tensor& tensor) {
    return stage.scene.blocks[size_t(stage.layout.blocks_of[size_t(tensor.index)].front())].emphasis;
  };
  options.replay = CellMoment{{&back, 2, 1}, 0.5};
  builder.build(stage.scene, stage.layout, stage.trace.get(), double(stage.trace->published()), options);
  CHECK(emphasis(front) == Emphasis::ghost);
  CHECK(emphasis(back) == Emphasis::result);
  CHECK(emphasis(*back.inputs[0]) == Emphasis::operand);
  options.replay = CellMoment{{&front, 2, 1}, 0.5};
  builder.build(stage.scene, stage.layout, stage.trace.get(), double(stage.trace->published()), options);
  CHECK(emphasis(front) == Emphasis::result);
  CHECK(emphasis(back) == Emphasis::dimmed);
}

TEST_CASE("while cells are made one by one, the rows below are not there yet") {
  AnimatedRun stage;
  SceneBuilder builder;
  SceneOptions options;
  options.closeness = Closeness::cells;
  const Tensor& q = stage.at("blocks.0.attn.hook_q.head0");
  const double position = position_of(*stage.trace, 0, {{&q, 2, 3}, 0.5});
  builder.build(stage.scene, stage.layout, stage.trace.get(), position, options);
  const BlockState& state = stage.scene.blocks[size_t(stage.layout.blocks_of[size_t(q.index)].front())];
  CHECK(state.known_rows == 3);
  CHECK(state.fresh_row == 2);
  CHECK(state.progress == doctest::Approx(3.5 / q.cols.size));
}

TEST_CASE("arrows end at the rim of the cell that they point at; the camera sees all of the work") {
  const AnimatedRun stage;
  const Cell cell{&stage.at("blocks.0.hook_mlp_out"), 3, 20};
  const std::vector<Region> reads = cell.tensor->op->reads(*cell.tensor, cell, *stage.trace);
  const auto goal = place_of(stage.layout, cell);
  REQUIRE(goal);
  const Camera camera = frame_work(stage.layout, Camera{}, cell, reads, 1.5f);
  const glm::mat4 matrix = camera.projection(1.5f) * camera.view();
  for (const Region& region : reads) {
    const auto place = place_of(stage.layout, region);
    REQUIRE(place);
    const SceneStrand arrow = arrow_between(*place, *goal, glm::vec4(1), 0.3f);
    CHECK(arrow.arrow);
    const float reach = 0.5f * std::min(goal->size.x, goal->size.y);
    CHECK(glm::length(glm::vec2(point_on(arrow, 1) - goal->centre())) <= reach * 1.01f);
    const glm::vec2 start(point_on(arrow, 0));
    CHECK(start.x >= place->corner.x);
    CHECK(start.x <= place->corner.x + place->size.x);
    for (const glm::vec3& corner :
         {place->corner, place->corner + glm::vec3(place->size.x, -place->size.y, 0)}) {
      const glm::vec4 at = matrix * glm::vec4(corner, 1);
      CHECK(std::abs(at.x / at.w) < 1);
      CHECK(std::abs(at.y / at.w) < 1);
    }
  }
}
