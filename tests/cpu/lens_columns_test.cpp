#include "renderer/lens_columns.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "model/analysis/anatomy.h"
#include "renderer/scene_builder.h"
#include "tests/support/picture.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("each ghost column says what the lens reads out of its state, at the end what the model says") {
  for (const char* name : {"sort-abc", "tang-poems", "llama"}) {
    CAPTURE(std::string(name));
    const auto trace = run_model(load_model(name));
    const Layout layout = make_layout(trace->graph(), {});
    const int rows = 9;
    Progress progress;
    const auto lens = logit_lens(*trace, rows, 3, true, progress);
    REQUIRE(lens);
    SceneBuilder builder;
    Scene scene;
    scene.camera = frame_whole(layout, Camera{}, 16 / 9.f);
    scene.camera.distance = 1;  // so near that all words show
    SceneOptions options;
    options.lens = &*lens;
    builder.build(scene, layout, trace.get(), double(trace->published()), options);
    const auto states = stream_states(trace->graph(), false);
    size_t words = 0;
    for (size_t state = 0; state < states.size(); ++state) {
      const auto place = ghost_place(layout, *states[state]);
      REQUIRE(place);
      const size_t in_table = size_t(std::ranges::find(lens->states, states[state]) - lens->states.begin());
      for (int row = 0; row < rows; ++row) {
        const float top = place->corner.y - float(row) * place->cell.y, middle = top - 0.5f * place->cell.y;
        const auto text = std::ranges::find_if(scene.texts, [&](const SceneText& candidate) {
          return candidate.align == 0.5f && candidate.anchor.x > place->corner.x &&
                 candidate.anchor.x < place->corner.x + place->size.x &&
                 std::abs(candidate.anchor.y - middle) < 0.5f * place->cell.y;
        });
        REQUIRE(text != scene.texts.end());
        CHECK(text->text.starts_with(trace->model().token_text(lens->at(int(in_table), row).top[0]) + ' '));
        ++words;
        const auto sheet = std::ranges::find_if(scene.sheets, [&](const Sheet& candidate) {
          return candidate.fill.a > 0 && candidate.corner.x == place->corner.x &&
                 std::abs(candidate.corner.y - top) < 0.01f * place->cell.y;
        });
        REQUIRE(sheet != scene.sheets.end());
        CHECK(sheet->fill.a ==
              doctest::Approx(0.06 + 0.50 * double(lens->at(int(in_table), row).probabilities[0])));
        if (state + 1 < states.size()) continue;
        const MatrixView logits = trace->view(trace->graph().logits());
        const int best =
            int(std::max_element(logits.row(row), logits.row(row) + logits.cols) - logits.row(row));
        CHECK(text->text.starts_with(trace->model().token_text(best) + ' '));
      }
    }
    CHECK(words == states.size() * size_t(rows));
    CHECK(scene.sheets.size() == states.size() * size_t(rows + 1));
    // Rewound, only rows that are complete there show.
    builder.build(scene, layout, trace.get(), double(trace->steps_a_pass()), options);
    CHECK(scene.sheets.size() == states.size() * 7);
    builder.build(scene, layout, trace.get(), 3, options);
    CHECK(scene.sheets.size() == states.size());
  }
}

TEST_CASE("nothing stands where a ghost column stands") {
  for (const Shape& shape : shapes()) {
    CAPTURE(std::string(shape.name));
    const Graph graph = shape.graph();
    LayoutOptions options;
    options.token_rows = token_rows_for(12, graph.capacity());
    const Layout layout = make_layout(graph, options);
    int with_blocks = 0, with_labels = 0;
    for (const Tensor* state : stream_states(graph, false)) {
      const auto place = ghost_place(layout, *state);
      REQUIRE(place);
      const float left = place->corner.x, right = left + place->size.x, top = place->corner.y,
                  bottom = top - place->size.y;
      const float e = 1e-3f;
      for (const Block& block : layout.blocks)
        if (block.corner.x < right - e && block.corner.x + block.size().x > left + e &&
            block.corner.y > bottom + e && block.corner.y - block.size().y < top - e && ++with_blocks == 1)
          MESSAGE("beside " << state->name << ": " << block.tensor->name);
      for (const Label& label : layout.labels) {
        const float wide = written_width(label), from = label.anchor.x - wide * label.align;
        if (from < right - e && from + wide > left + e &&
            label.anchor.y + 0.75f * label.height > bottom + e && label.anchor.y < top - e &&
            ++with_labels == 1)
          MESSAGE("beside " << state->name << ": " << label.text.english());
      }
    }
    CHECK(with_blocks == 0);
    CHECK(with_labels == 0);
  }
}
