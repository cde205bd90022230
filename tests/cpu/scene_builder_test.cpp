#include "renderer/scene_builder.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "model/executor.h"
#include "tests/support/fixture.h"
#include "tests/support/shapes.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// A run of the tiny GPT-2 over three tokens and two drawn ones, laid out.
struct BuiltRun {
  std::shared_ptr<const Model> model;
  std::shared_ptr<Trace> trace;
  Layout layout;
  Scene scene;
  SceneBuilder builder;

  BuiltRun() {
    Progress progress;
    model = Model::load(reference("gpt2"), progress);
    Executor executor = Executor::start(model, {5, 6, 7}, 2, {});
    while (executor.run_pass()) {
    }
    trace = executor.trace();
    layout = make_layout(model->graph(), {});
  }
  const Scene& at(double position, const SceneOptions& options = {}) {
    builder.build(scene, layout, trace.get(), position, options);
    return scene;
  }
  const BlockState& state(const std::string& name) const {
    return scene.blocks[size_t(layout.blocks_of[size_t(model->graph().at(name).index)].front())];
  }
};

}  // namespace

TEST_CASE("before the first step weights are known and nothing else is") {
  BuiltRun stage;
  const Scene& scene = stage.at(0);
  for (size_t i = 0; i < scene.blocks.size(); ++i) {
    const Tensor& tensor = *stage.layout.blocks[i].tensor;
    CAPTURE(tensor.name);
    const int expected = tensor.role == Role::weight ? tensor.rows.size : 0;
    // The input of the pass under way is there before its first step.
    if (tensor.role != Role::input) CHECK(scene.blocks[i].known_rows == expected);
  }
}

TEST_CASE("the step under way is lit, what it reads glows, the rest is dimmed") {
  BuiltRun stage;
  const Tensor& mlp = stage.model->graph().at("blocks.0.mlp.hook_pre");
  const Scene& scene = stage.at(double(mlp.step) + 0.25);
  CHECK(stage.state("blocks.0.mlp.hook_pre").emphasis == Emphasis::result);
  CHECK(stage.state("blocks.0.mlp.hook_pre").fresh_row == 0);
  CHECK(stage.state("blocks.0.mlp.hook_pre").known_rows == 3);
  CHECK(stage.state("blocks.0.mlp.hook_pre").progress == doctest::Approx(0.25));
  for (const char* operand : {"blocks.0.ln2.out", "blocks.0.mlp.W_in", "blocks.0.mlp.b_in"})
    CHECK(stage.state(operand).emphasis == Emphasis::operand);
  CHECK(stage.state("blocks.0.mlp.hook_post").emphasis == Emphasis::dimmed);
  CHECK(stage.state("blocks.0.mlp.hook_post").known_rows == 0);
  CHECK(stage.state("blocks.0.ln2.out").known_rows == 3);
  int flowing = 0;
  for (const SceneStrand& strand : scene.strands) {
    if (strand.flow == 0) continue;
    ++flowing;
    CHECK(stage.layout.strands[size_t(strand.strand)].to == &mlp);
  }
  CHECK(flowing > 0);
  SceneOptions calm;
  calm.reduced_motion = true;
  for (const SceneStrand& strand : stage.at(double(mlp.step) + 0.25, calm).strands) CHECK(strand.flow == 0);
}

TEST_CASE("where strands would be too many, the same ones are left out in every layer") {
  std::vector<Shape> shown = {{"60 layers", 60, 2, 128, 512, 256, 1000}};
  std::ranges::copy_if(shapes(), std::back_inserter(shown), [](const Shape& shape) {
    return shape.name == std::string("sort-abc") || shape.name == std::string("24 layers");
  });
  REQUIRE(shown.size() == 3);
  for (const Shape& shape : shown) {
    const std::string name = shape.name;
    CAPTURE(name);
    const Graph graph = shape.graph();
    const Layout layout = make_layout(graph, {});
    const auto behind = size_t(std::ranges::count_if(layout.strands, &Strand::behind));
    CHECK(behind > 0);
    const bool all = name == "sort-abc", front = name == "24 layers";
    CHECK(all == (layout.strands.size() <= most_of_layout));
    CHECK((all || front) == (layout.strands.size() - behind <= most_of_layout));
    Scene scene;
    SceneBuilder().build(scene, layout, nullptr, 0, {});
    CHECK(scene.strands.size() <= most_of_layout);
    std::vector<bool> drawn(layout.strands.size(), false);
    for (const SceneStrand& strand : scene.strands) drawn[size_t(strand.strand)] = true;
    int differs = 0, in_second = 0;
    for (size_t i = 0; i < drawn.size(); ++i) {
      const Strand& strand = layout.strands[i];
      const bool stream = strand.from->spine || strand.to->spine || strand.to->layer < 0;
      differs += drawn[i] != (strand.ribbon || strand.around || all || (!strand.behind && (front || stream)));
      in_second += drawn[i] && !strand.ribbon && strand.to->layer == 1;
    }
    CHECK(differs == 0);
    CHECK(in_second >= 4);  // from the stream to both parts, and back
  }
}

TEST_CASE("in a later pass only its row is fresh") {
  BuiltRun stage;
  const Tensor& mlp = stage.model->graph().at("blocks.0.mlp.hook_pre");
  stage.at(double(stage.trace->step_number({1, mlp.step})) + 0.5);
  CHECK(stage.state("blocks.0.mlp.hook_pre").fresh_row == 3);
  CHECK(stage.state("blocks.0.mlp.hook_pre").known_rows == 4);
  CHECK(stage.state("blocks.0.mlp.hook_post").known_rows == 3);
}

TEST_CASE("the predictions are the softmax of the newest logits, and the chosen one falls") {
  BuiltRun stage;
  const int count = stage.trace->steps_a_pass();
  const std::vector<float> expected = softmax(stage.trace->logits_of(0));
  const int best = int(std::ranges::max_element(expected) - expected.begin());
  const std::string best_text = stage.model->token_text(best) + "  ";
  auto shown = [&] {
    return std::ranges::count_if(stage.scene.texts,
                                 [&](const SceneText& text) { return text.text.rfind(best_text, 0) == 0; });
  };
  stage.at(count - 1);
  CHECK(shown() == 1);
  const std::string chosen = stage.model->token_text(stage.trace->pass(0).chosen);
  auto falling = [&] {
    return std::ranges::count_if(stage.scene.texts, [&](const SceneText& text) {
      return text.text == chosen && text.rank == LabelRank::layer;
    });
  };
  stage.at(count - 1);
  CHECK(falling() == 0);
  stage.at(count - 0.5);
  CHECK(falling() == 1);
  stage.at(count);
  CHECK(falling() == 0);
}

TEST_CASE("the cell pointed at is marked with exactly what its explanation read") {
  BuiltRun stage;
  const Tensor& q = stage.model->graph().at("blocks.0.attn.hook_q.head1");
  SceneOptions options;
  options.hovered = Cell{&q, 1, 2};
  const Scene& scene = stage.at(double(stage.trace->published()), options);
  const auto reads = q.op->reads(q, *options.hovered, *stage.trace);
  for (const Region& region : reads)
    CHECK(std::ranges::count_if(scene.marks, [&](const Mark& mark) { return mark.region == region; }) == 1);
  CHECK(std::ranges::count_if(scene.marks, [&](const Mark& mark) {
          return mark.region == Region{&q, 1, 2, 1, 1};
        }) == 1);
}

TEST_CASE("a group's bounds hold its tensors' and lie within its parent's") {
  BuiltRun stage;
  const Graph& graph = stage.model->graph();
  for (const Group& group : graph.groups()) {
    const Bounds bounds = bounds_of(stage.layout, graph, group.index);
    if (bounds.empty()) continue;
    for (const Tensor* tensor : group.tensors) {
      const Bounds inner = bounds_of(stage.layout, *tensor);
      if (inner.empty()) continue;
      CHECK(glm::all(glm::greaterThanEqual(inner.low, bounds.low)));
      CHECK(glm::all(glm::lessThanEqual(inner.high, bounds.high)));
    }
    if (group.parent < 0) continue;
    const Bounds outer = bounds_of(stage.layout, graph, group.parent);
    CHECK(glm::all(glm::greaterThanEqual(bounds.low, outer.low)));
    CHECK(glm::all(glm::lessThanEqual(bounds.high, outer.high)));
  }
}

TEST_CASE(
    "what a number is made of is marked, with an arrow each: larger parts more solid, signs in two colours") {
  BuiltRun stage;
  const Graph& graph = stage.model->graph();
  const Region to{&graph.at("blocks.1.attn.hook_attn_scores.head0"), 2, 1, 1, 1};
  const Region embed{&graph.at("hook_embed"), 1, 0, 1, 32},
      head{&graph.at("blocks.0.attn.hook_z.head1"), 1, 0, 1, 8};
  const SourceParts sources{{{embed, 1}, {head, -0.5f}}, to};
  SceneOptions options;
  auto arrows = [&] {
    return std::ranges::count_if(stage.scene.strands, [](const SceneStrand& strand) { return strand.arrow; });
  };
  stage.at(double(stage.trace->published()), options);
  CHECK(arrows() == 0);
  options.sources = &sources;
  const Scene& scene = stage.at(double(stage.trace->published()), options);
  CHECK(arrows() == 2);
  auto marked = [&](const Region& region) {
    const auto mark = std::ranges::find_if(scene.marks, [&](const Mark& m) { return m.region == region; });
    REQUIRE(mark != scene.marks.end());
    return mark->colour;
  };
  CHECK(marked(to).a == 1);
  CHECK(marked(embed).a > marked(head).a);
  CHECK(glm::vec3(marked(embed)) != glm::vec3(marked(head)));
}
