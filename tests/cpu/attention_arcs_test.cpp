#include "renderer/attention_arcs.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "app/commands/picture.h"
#include "model/analysis/attention_views.h"
#include "renderer/scene_builder.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// Every pair of tokens whose weight in `pattern` is drawn, and no other, with that weight.
void check_equal(const AttentionArcs& arcs, const Matrix& pattern, int rows) {
  std::map<std::pair<int, int>, float> found;
  for (const AttentionArc& arc : arcs.arcs()) found[{arc.query, arc.key}] = arc.weight;
  CHECK(found.size() == arcs.arcs().size());
  size_t expected = 0;
  for (int query = 0; query < rows; ++query)
    for (int key = 0; key < rows; ++key) {
      const double weight = pattern(query, key);
      if (weight < double(AttentionArcs::least_weight)) continue;
      ++expected;
      REQUIRE(found.count({query, key}) == 1);
      CHECK(found[{query, key}] == doctest::Approx(weight).epsilon(1e-6));
      CHECK(key <= query);
    }
  CHECK(found.size() == expected);
}

glm::vec3 on_curve(const SceneStrand& strand, float t) {
  const auto& p = strand.points;
  const float s = 1 - t;
  return s * s * s * p[0] + 3 * s * s * t * p[1] + 3 * s * t * t * p[2] + t * t * t * p[3];
}

}  // namespace

TEST_CASE("arcs are the recording's attention: of a head, and the mean of a layer") {
  for (const std::string& name : transformers()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name));
    const Anatomy anatomy = anatomy_of(trace->graph());
    const int rows = 9;
    AttentionArcs arcs;
    for (const LayerParts& layer : anatomy.layers) {
      for (const HeadParts& head : layer.heads) {
        arcs.find(*trace, {head.layer, head.head}, trace->published());
        check_equal(arcs, attention_pattern(*trace, head, rows), rows);
      }
      arcs.find(*trace, {layer.layer, -1}, trace->published());
      check_equal(arcs, mean_pattern(*trace, layer, rows), rows);
      CHECK(arcs.threshold() == AttentionArcs::least_weight);
    }
  }
}

TEST_CASE(
    "arcs of what is written are the value-weighted attention, its largest the widest, at once or bit by "
    "bit") {
  const auto trace = run_model(load_model("sort-abc"));
  const Anatomy anatomy = anatomy_of(trace->graph());
  const int rows = 9;
  const auto check_written = [&](const AttentionArcs& arcs, const Matrix& written) {
    const double largest = *std::ranges::max_element(written.numbers);
    CHECK(double(arcs.largest()) == doctest::Approx(largest).epsilon(1e-6));
    CHECK(double(arcs.threshold()) == doctest::Approx(0.05 * largest).epsilon(1e-6));
    size_t expected = 0;
    for (const double number : written.numbers) expected += number >= 0.05 * largest;
    CHECK(arcs.arcs().size() == expected);
    for (const AttentionArc& arc : arcs.arcs()) {
      CHECK(double(arc.number) == doctest::Approx(written(arc.query, arc.key)).epsilon(1e-6));
      CHECK(double(arc.weight) == doctest::Approx(written(arc.query, arc.key) / largest).epsilon(1e-6));
    }
  };
  for (const LayerParts& layer : anatomy.layers) {
    Matrix mean(rows, rows);
    for (const HeadParts& head : layer.heads) {
      const Matrix written = *written_norms(*trace, head, rows);
      for (size_t i = 0; i < mean.numbers.size(); ++i)
        mean.numbers[i] += written.numbers[i] / double(layer.heads.size());
      AttentionArcs arcs;
      arcs.find(*trace, {head.layer, head.head, -1, true}, trace->published());
      CHECK(arcs.complete());
      check_written(arcs, written);
    }
    AttentionArcs arcs;
    const ArcChoice choice{layer.layer, -1, -1, true};
    arcs.find(*trace, choice, trace->published(), 0);  // one token of each head at least
    CHECK_FALSE(arcs.complete());
    int calls = 1;
    for (; !arcs.complete(); ++calls) {
      for (const AttentionArc& arc : arcs.arcs()) CHECK(arc.query < calls);
      arcs.find(*trace, choice, trace->published(), 0);
    }
    CHECK(calls == rows);
    check_written(arcs, mean);
  }
  AttentionArcs arcs;
  const HeadParts& head = anatomy.layers[0].heads[1];
  arcs.find(*trace, {0, 1, 4, true}, trace->published());
  const Matrix written = *written_norms(*trace, head, rows);
  CHECK(double(arcs.largest()) == doctest::Approx(*std::ranges::max_element(written.numbers)).epsilon(1e-6));
  REQUIRE_FALSE(arcs.arcs().empty());
  for (const AttentionArc& arc : arcs.arcs()) {
    CHECK(arc.query == 4);
    CHECK(double(arc.number) == doctest::Approx(written(4, arc.key)).epsilon(1e-6));
  }
}

TEST_CASE("one token's arcs are its own, and what is not computed at the cursor has none") {
  const auto trace = run_model(load_model("sort-abc"));
  const Tensor& pattern = trace->graph().at("blocks.1.attn.hook_pattern.head0");
  AttentionArcs arcs;
  arcs.find(*trace, {1, 0, 4}, trace->published());
  REQUIRE_FALSE(arcs.arcs().empty());
  for (const AttentionArc& arc : arcs.arcs()) CHECK(arc.query == 4);
  arcs.find(*trace, {1, 0, 99}, trace->published());
  CHECK(arcs.arcs().empty());
  // Before its step there is nothing; after it the prompt's rows; a pass later one more.
  arcs.find(*trace, {1, 0}, std::uint64_t(pattern.step));
  CHECK(arcs.arcs().empty());
  auto last_query = [&](std::uint64_t steps) {
    arcs.find(*trace, {1, 0}, steps);
    int last = -1;
    for (const AttentionArc& arc : arcs.arcs()) last = std::max(last, arc.query);
    return last;
  };
  CHECK(last_query(std::uint64_t(pattern.step) + 1) == 5);
  CHECK(last_query(trace->step_number({1, pattern.step})) == 5);
  CHECK(last_query(trace->step_number({1, pattern.step}) + 1) == 6);
  // A layer's mean waits for its last head.
  arcs.find(*trace, {1, -1}, std::uint64_t(pattern.step) + 1);
  CHECK(arcs.arcs().empty());
  arcs.find(*trace, {7, 0}, trace->published());
  CHECK(arcs.patterns().empty());
  CHECK(arcs.arcs().empty());
}

TEST_CASE("where there are too many arcs the smallest are left out, and the threshold says so") {
  const auto trace = run_model(load_model("shakespeare"), 100, 0);
  const Anatomy anatomy = anatomy_of(trace->graph());
  for (int layer = 0; layer < 6; ++layer) {
    const Matrix mean = mean_pattern(*trace, anatomy.layers[size_t(layer)], 100);
    AttentionArcs arcs;
    arcs.find(*trace, {layer, -1}, trace->published());
    REQUIRE(arcs.arcs().size() <= AttentionArcs::most);
    std::vector<double> weights;
    for (double weight : mean.numbers)
      if (weight >= double(AttentionArcs::least_weight)) weights.push_back(weight);
    std::ranges::sort(weights, std::greater());
    CHECK(arcs.arcs().size() == std::min(weights.size(), AttentionArcs::most));
    if (weights.size() > AttentionArcs::most)
      CHECK(double(arcs.threshold()) == doctest::Approx(weights[AttentionArcs::most - 1]).epsilon(1e-6));
  }
}

TEST_CASE("an arc runs from the query's row to the key's, further out the further they are apart") {
  for (const Shape& shape : shapes()) {
    CAPTURE(std::string(shape.name));
    const Graph graph = shape.graph();
    const Layout layout = make_layout(graph, {});
    const Block& input = layout.blocks[size_t(layout.blocks_of[size_t(graph.tokens().index)].front())];
    float before = 0;
    for (int key = input.rows - 2; key >= 0; --key) {
      const AttentionArc arc{input.rows - 1, key, 0.5f, 0.5f};
      const SceneStrand strand = arc_strand(layout, input, arc);
      auto row_at = [&](glm::vec3 point) { return (input.corner.y - point.y) / input.cell.y; };
      CHECK(int(row_at(strand.points[0])) == input.rows - 1);
      CHECK(int(row_at(strand.points[3])) == key);
      const float out = input.corner.x - on_curve(strand, 0.5f).x;
      CHECK(out > before);
      before = out;
      for (float t = 0; t <= 1; t += 0.125f) {
        CHECK(on_curve(strand, t).x < input.corner.x);
        CHECK(on_curve(strand, t).x > layout.arc_edge.x - 1e-3f);
      }
    }
    const AttentionArc thin{3, 1, 0.1f, 0.1f}, wide{3, 1, 0.9f, 0.9f};
    CHECK(arc_strand(layout, input, thin).width < arc_strand(layout, input, wide).width);
    // To itself: a small loop within its row.
    const SceneStrand loop = arc_strand(layout, input, {2, 2, 0.5f, 0.5f});
    for (float t = 0; t <= 1; t += 0.25f)
      CHECK(std::abs(input.corner.y - on_curve(loop, t).y - 2.5f * input.cell.y) < 0.5f * input.cell.y);
  }
}

TEST_CASE("nothing stands where arcs and texts of the input stand") {
  for (const Shape& shape : shapes()) {
    CAPTURE(std::string(shape.name));
    const Graph graph = shape.graph();
    const Layout layout = make_layout(graph, {});
    const Block& input = layout.blocks[size_t(layout.blocks_of[size_t(graph.tokens().index)].front())];
    const float right = input.corner.x + input.size().x + (input_texts + input_numbers) * input.cell.y;
    const float top = input.corner.y, bottom = top - input.size().y;
    for (const Block& block : layout.blocks) {
      if (&block == &input) continue;
      const bool beside = block.corner.y - block.size().y > top || block.corner.y < bottom;
      CHECK((beside || block.corner.x > right));
    }
    for (const Label& label : layout.labels)
      if (label.tensor != &graph.tokens() && label.anchor.y < top && label.anchor.y > bottom)
        CHECK(label.anchor.x > right);
  }
}

TEST_CASE(
    "the scene shows arcs with the weight as width and alpha, and a row that is computed now as it comes") {
  const auto trace = run_model(load_model("sort-abc"));
  const Layout layout = make_layout(trace->graph(), {});
  SceneBuilder builder;
  Scene scene;
  SceneOptions options;
  const Tensor& pattern = trace->graph().at("blocks.1.attn.hook_pattern.head0");
  auto arcs_at = [&](double position) {
    builder.build(scene, layout, trace.get(), position, options);
    std::vector<SceneStrand> strands;
    std::ranges::copy_if(scene.strands, std::back_inserter(strands),
                         [](const SceneStrand& strand) { return strand.strand < 0; });
    return strands;
  };
  CHECK(arcs_at(double(trace->published())).empty());
  options.arcs = ArcChoice{1, 0};
  const std::vector<SceneStrand> all = arcs_at(double(trace->published()));
  REQUIRE(all.size() == builder.arcs().arcs().size());
  for (size_t i = 0; i < all.size(); ++i)
    for (size_t j = 0; j < all.size(); ++j)
      if (builder.arcs().arcs()[i].weight < builder.arcs().arcs()[j].weight) {
        CHECK(all[i].width < all[j].width);
        CHECK(all[i].colour.a < all[j].colour.a);
      }
  const std::vector<SceneStrand> half = arcs_at(pattern.step + 0.5), whole = arcs_at(pattern.step + 1);
  REQUIRE(half.size() == whole.size());
  REQUIRE_FALSE(half.empty());
  CHECK(half[0].colour.a == doctest::Approx(0.5 * double(whole[0].colour.a)));
}

TEST_CASE("arcs are named as heads are") {
  const auto model = load_model("sort-abc");
  const Graph& graph = model->graph();
  CHECK(read_arcs(graph, "L0H1") == ArcChoice{0, 1, -1});
  CHECK(read_arcs(graph, "L2") == ArcChoice{2, -1, -1});
  CHECK(read_arcs(graph, "L2H0:5") == ArcChoice{2, 0, 5});
  CHECK(read_arcs(graph, "L1:3") == ArcChoice{1, -1, 3});
  CHECK(ArcChoice{0, 1, -1}.name() == "L0H1");
  for (const char* wrong : {"", "L", "H1", "L0H", "L0H1x", "L0H1:", "L-1", "L0H-1", "L3", "L0H3", "L0 H1",
                            "L0H1:-2", "L99999999999999999999", "L0H1:5:5"}) {
    CAPTURE(std::string(wrong));
    CHECK_THROWS_AS(read_arcs(graph, wrong), Error);
  }
  CHECK_THROWS_AS(read_arcs(load_model("mamba")->graph(), "L0"), Error);
}
