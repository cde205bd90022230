// What the small drawings show are numbers of the recording.
#include "model/figure.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <map>
#include <numeric>

#include "renderer/cell_place.h"
#include "renderer/figure_drawing.h"
#include "renderer/op_animation.h"
#include "tests/support/every_architecture.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

double total(const std::vector<double>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0);
}

doctest::Approx close_to(double value) { return doctest::Approx(value).epsilon(2e-5).scale(1); }

/// Calls `check(trace, cell, figure)` for some cells of every tensor whose op shows figures of that kind.
template <class Kind, class Check>
int each_figure(const std::vector<std::string>& folders, Check check) {
  int found = 0;
  for (const std::string& folder : folders) {
    const auto trace = run_model(load_model(folder), 6, 3);
    for (const Tensor* tensor : trace->graph().steps())
      for (int row = 0; row < trace->rows_known(*tensor, trace->published()); row += 3)
        for (int col = 0; col < trace->view(*tensor).cols; col += 1 + trace->view(*tensor).cols / 7) {
          const Cell cell{tensor, row, col};
          const Figure figure = tensor->op->figure(*tensor, cell, *trace);
          if (!std::holds_alternative<Kind>(figure)) continue;
          INFO(folder, ": ", tensor->name, " [", row, ", ", col, "]");
          check(*trace, cell, std::get<Kind>(figure));
          ++found;
        }
  }
  return found;
}

Drawing drawing_of(const Derivation& derivation, double progress = 1) {
  return draw_figure(derivation, progress, palette(Theme::dark), nullptr);
}

bool says(const Drawing& drawing, const std::string& text) {
  return std::ranges::any_of(
      drawing.words, [&](const Drawing::Word& word) { return word.text.find(text) != std::string::npos; });
}

}  // namespace

TEST_CASE("a dial's pair, turned by position times frequency, is the pair that the model computed") {
  const std::vector<std::string> folders = {"llama",     "llama_rope_dynamic", "llama_rope_yarn",
                                            "mistral",   "gpt_neox_serial",    "mixtral",
                                            "ttt_linear"};
  CHECK(each_figure<Dial>(folders, [](const Trace& trace, const Cell& cell, const Dial& dial) {
          const std::complex<double> turned =
              std::complex<double>(dial.x, dial.y) * std::polar(dial.stretch, dial.angle());
          CHECK((dial.of_y ? turned.imag() : turned.real()) == close_to(trace.at(cell)));
          const Tensor& before = *cell.tensor->inputs[0];
          CHECK((dial.of_y ? dial.y : dial.x) == trace.at({&before, cell.row, cell.col}));
        }) > 200);
}

TEST_CASE("a slope takes its part of every score that the keys and queries make") {
  CHECK(each_figure<Slope>({"bloom", "mpt"}, [](const Trace& trace, const Cell& cell, const Slope& slope) {
          const Tensor &q = *cell.tensor->inputs[0], &k = *cell.tensor->inputs[1];
          REQUIRE(int(slope.after.size()) == cell.row + 1);
          CHECK(slope.here == cell.row - cell.col);
          for (int distance = 0; distance <= cell.row; ++distance) {
            double product = 0;
            for (int c = 0; c < q.cols.size; ++c)
              product += trace.at({&q, cell.row, c}) * trace.at({&k, cell.row - distance, c});
            CHECK(slope.before[size_t(distance)] == close_to(product / std::sqrt(double(q.cols.size))));
            CHECK(slope.after[size_t(distance)] == trace.at({cell.tensor, cell.row, cell.row - distance}));
            CHECK(slope.before[size_t(distance)] - slope.after[size_t(distance)] ==
                  close_to(slope.slope * distance));
          }
        }) > 20);
}

TEST_CASE("a choice lights the largest scores, and what they share is all that there is") {
  int shared = 0;
  CHECK(each_figure<Choice>({"mixtral"}, [&](const Trace& trace, const Cell& cell, const Choice& choice) {
          const Tensor& weights = *cell.tensor->inputs[0];
          for (size_t e = 0; e < choice.scores.size(); ++e) {
            CHECK(choice.scores[e] == trace.at({&weights, cell.row, int(e)}));
            const bool chosen = std::ranges::find(choice.chosen, int(e)) != choice.chosen.end();
            const auto above =
                std::ranges::count_if(choice.scores, [&](double s) { return s > choice.scores[e]; });
            CHECK(chosen == (above < std::ssize(choice.chosen)));
          }
          if (choice.shares.empty()) {
            CHECK(choice.here == int(trace.at(cell)));
            return;
          }
          ++shared;
          CHECK(total(choice.shares) == doctest::Approx(1));
          const auto rank = std::ranges::find(choice.chosen, cell.col) - choice.chosen.begin();
          CHECK((rank < std::ssize(choice.chosen) ? choice.shares[size_t(rank)] : 0) ==
                close_to(trace.at(cell)));
        }) > 20);
  CHECK(shared > 10);
}

TEST_CASE("a tally counts the tokens for which an expert really was computed") {
  CHECK(each_figure<Tally>({"mixtral"}, [](const Trace& trace, const Cell& cell, const Tally& tally) {
          REQUIRE(int(tally.chosen.size()) == cell.row + 1);
          const std::string block = "blocks." + std::to_string(cell.tensor->layer) + ".mlp.experts.";
          for (int e = 0; e < tally.kinds; ++e) {
            const Tensor& said = trace.graph().at(block + std::to_string(e) + ".hook_expert_out");
            int count = 0;
            for (int t = 0; t <= cell.row; ++t) {
              const bool computed = !std::isnan(trace.at({&said, t, 0}));
              const std::vector<int>& chosen = tally.chosen[size_t(t)];
              CHECK((std::ranges::find(chosen, e) != chosen.end()) == computed);
              count += computed;
            }
            CHECK(double(count) / (cell.row + 1) == close_to(trace.at({cell.tensor, cell.row, e})));
          }
          const Drawing drawing = drawing_of(derive(trace, cell));
          const auto lit = std::lround(trace.at(cell) * (cell.row + 1));
          CHECK(says(drawing, std::to_string(lit) + "/" + std::to_string(cell.row + 1)));
        }) > 5);
}

TEST_CASE("what is left of every token adds up to the state, and before it faded to the state before") {
  const std::vector<std::string> folders = {"mamba", "mamba_bias", "rwkv4", "rwkv4_rescale"};
  int means = 0;
  CHECK(each_figure<Carried>(folders, [&](const Trace& trace, const Cell& cell, const Carried& carried) {
          for (const Carried::Sum& sum : carried.sums) {
            CHECK(int(sum.left.size()) == cell.row + 1);
            CHECK(int(sum.before.size()) == cell.row);
          }
          if (carried.sums.size() == 2) {
            ++means;
            CHECK(total(carried.sums[0].left) / total(carried.sums[1].left) == close_to(trace.at(cell)));
            if (cell.row > 0)
              for (size_t i = 0; i < 2; ++i)
                CHECK(total(carried.sums[i].before) ==
                      close_to(trace.at({cell.tensor->inputs[i], cell.row - 1, cell.col})));
            return;
          }
          CHECK(total(carried.sums[0].left) == close_to(trace.at(cell)));
          if (cell.row > 0)
            CHECK(total(carried.sums[0].before) == close_to(trace.at({cell.tensor, cell.row - 1, cell.col})));
        }) > 100);
  CHECK(means > 10);
}

TEST_CASE("a matrix that changes: its parts add up to the row of the recording") {
  const std::vector<std::string> folders = {"ttt_linear", "ttt_linear_gate_conv", "rwkv7"};
  CHECK(each_figure<Update>(folders, [](const Trace& trace, const Cell& cell, const Update& update) {
          REQUIRE(update.rows * update.cols == trace.view(*cell.tensor).cols);
          CHECK(update.row * update.cols + update.col == cell.col);
          double apart = 0, differs = 0;
          for (int i = 0; i < update.rows * update.cols; ++i) {
            double sum = 0;
            for (size_t p = 0; p + 1 < update.parts.size(); ++p) sum += update.parts[p].numbers[size_t(i)];
            differs = std::max(differs, std::abs(sum - update.parts.back().numbers[size_t(i)]));
            apart = std::max(apart, std::abs(sum - trace.at({cell.tensor, cell.row, i})));
          }
          CHECK(differs < 1e-12);
          CHECK(apart < 2e-5);
        }) > 20);
}

TEST_CASE("the drawing of a dial: the hand comes to rest at the turned pair") {
  const auto trace = run_model(load_model("llama"), 6, 3);
  const Tensor& turned = trace->graph().at("blocks.1.attn.hook_rot_q.head1");
  const Derivation derivation = derive(*trace, {&turned, 5, 1});
  const Dial dial = std::get<Dial>(derivation.figure);
  const int other = 1 + turned.cols.size / 2;  // LLaMA's pairs lie half a head apart
  const double x = trace->at({&turned, 5, 1}), y = trace->at({&turned, 5, other}), length = std::hypot(x, y);
  const Drawing drawing = drawing_of(derivation);
  REQUIRE(drawing.points.size() == 1);
  CHECK(drawing.points[0].x == doctest::Approx(0.5 + 0.42 * x / length).epsilon(1e-4));
  CHECK(drawing.points[0].y == doctest::Approx(0.5 + 0.42 * y / length).epsilon(1e-4));
  // At first it stands where the pair stood.
  const glm::vec2 first = drawing_of(derivation, 0).points[0];
  CHECK(first.x == doctest::Approx(0.5 + 0.42 * dial.x / std::hypot(dial.x, dial.y)).epsilon(1e-4));
  CHECK(says(drawing, "turned by 5 × "));
}

TEST_CASE("of a large matrix the part around the cell is drawn, coloured by what is seen of it, and named") {
  Update update;
  update.rows = 64, update.cols = 32, update.row = 40, update.col = 3;
  update.parts = {{say("kept"), std::vector<double>(64 * 32, 0.5)}};
  std::vector<double>& numbers = update.parts[0].numbers;
  numbers[0] = 1000;                  // outside
  numbers[size_t(40 * 32 + 3)] = -2;  // the cell
  const auto trace = run_model(load_model("llama"), 1, 1);
  Derivation derivation = derive(*trace, {trace->graph().steps()[0], 0, 0});
  derivation.figure = update;
  const Drawing drawing = drawing_of(derivation);
  const Palette& colours = palette(Theme::dark);
  REQUIRE(drawing.boxes.size() == 1 + 16 * 16);
  int cells = 0, framed = 0;
  for (const Drawing::Box& box : drawing.boxes) {
    if (box.fill.a == 0) continue;  // the frame of all
    ++cells;
    framed += box.line.a > 0;
    const glm::vec3 expected = value_colour(colours, box.line.a > 0 ? -1.f : 0.25f);
    CHECK(glm::distance(glm::vec3(box.fill), expected) < 1e-5f);
  }
  CHECK(cells == 256);
  CHECK(framed == 1);
  CHECK(says(drawing, "±2"));
  CHECK(says(drawing, "rows 32 to 47, columns 0 to 15 of 64 × 32"));
}

TEST_CASE("bars are as long as their numbers") {
  const auto trace = run_model(load_model("mamba"), 6, 3);
  const Tensor& state = trace->graph().at("blocks.0.ssm.hook_h");
  const Derivation derivation = derive(*trace, {&state, 4, 5});
  const Carried::Sum& sum = std::get<Carried>(derivation.figure).sums[0];
  std::vector<float> bars;  // the filled ones
  for (const Drawing::Box& box : drawing_of(derivation).boxes)
    if (box.fill.a > 0) bars.push_back(box.high.y - box.low.y);
  REQUIRE(bars.size() == sum.left.size());
  for (size_t t = 1; t < bars.size(); ++t)
    CHECK(bars[t] * std::abs(sum.left[0]) == doctest::Approx(bars[0] * std::abs(sum.left[t])).epsilon(1e-3));
}

TEST_CASE("every drawing stays on its sheet, at every moment, in every architecture") {
  int drawn = 0;
  for (const std::string& folder : every_architecture()) {
    const auto trace = run_model(load_model(folder), 9, 6);
    std::map<std::string, int> seen;  // by op
    for (const Tensor* tensor : trace->graph().steps()) {
      if (tensor->layer > 1 || seen[tensor->op->name()]++ > 3) continue;
      for (const Cell& cell : {Cell{tensor, 0, 0}, Cell{tensor, 14, trace->view(*tensor).cols - 1}}) {
        if (cell.row >= trace->rows_known(*tensor, trace->published()) ||
            tensor->op->masked(cell.row, cell.col))
          continue;
        const Derivation derivation = derive(*trace, cell);
        if (!has_drawing(derivation)) continue;
        for (double progress : {0.0, 0.4, 1.0}) {
          const Drawing drawing = drawing_of(derivation, progress);
          ++drawn;
          INFO(folder, ": ", tensor->name, " [", cell.row, ", ", cell.col, "] at ", progress);
          const auto inside = [&](glm::vec2 at) {
            CHECK(at.x >= -0.001f);
            CHECK(at.x <= Drawing::aspect + 0.001f);
            CHECK(at.y >= -0.001f);
            CHECK(at.y <= 1.001f);
          };
          for (const Drawing::Box& box : drawing.boxes) inside(box.low), inside(box.high);
          for (const Drawing::Line& line : drawing.lines) inside(line.from), inside(line.to);
          for (const Drawing::Word& word : drawing.words) inside(word.at);
          for (const glm::vec2& point : drawing.points) inside(point);
        }
      }
    }
  }
  CHECK(drawn > 100);
}

TEST_CASE("in the scene the drawing lies on a sheet that hides neither the cell nor what it reads") {
  const struct {
    const char *folder, *tensor;
    int row, col;
  } cases[] = {{"llama", "blocks.0.attn.hook_rot_q.head1", 5, 1},
               {"bloom", "blocks.0.attn.hook_attn_scores.head1", 7, 3},
               {"mixtral", "blocks.0.mlp.hook_expert_shares", 6, 0},
               {"mamba", "blocks.0.ssm.hook_h", 7, 20},
               {"rwkv4", "blocks.0.att.hook_wkv", 6, 5},
               {"ttt_linear", "blocks.0.ttt.hook_W.head1", 7, 20}};
  for (const auto& one : cases) {
    CAPTURE(one.folder);
    const auto trace = run_model(load_model(one.folder), 6, 3);
    const Layout layout = make_layout(trace->graph(), {16, 16.f / 9});
    const Derivation derivation = derive(*trace, {&trace->graph().at(one.tensor), one.row, one.col});
    Scene scene;
    scene.layout = &layout;
    scene.camera = frame_work(layout, Camera{}, derivation.cell, derivation.reads, 16.f / 9);
    add_cell_animation(scene, derivation, 1, Closeness::terms, {});
    const auto paper = std::ranges::find_if(scene.sheets, [](const Sheet& sheet) {
      return sheet.covers && std::abs(sheet.size.x - Drawing::aspect * sheet.size.y) < 1e-3f * sheet.size.x;
    });
    REQUIRE(paper != scene.sheets.end());
    const auto hides = [&](const CellPlace& place) {
      const glm::vec2 middle(place.centre());
      return middle.x > paper->corner.x && middle.x < paper->corner.x + paper->size.x &&
             middle.y < paper->corner.y && middle.y > paper->corner.y - paper->size.y;
    };
    CHECK_FALSE(hides(*place_of(layout, derivation.cell)));
    for (const Region& region : derivation.reads)
      if (const auto place = place_of(layout, region)) CHECK_FALSE(hides(*place));
    for (const Drawing::Word& word : drawing_of(derivation).words)
      CHECK(std::ranges::any_of(scene.texts, [&](const SceneText& text) { return text.text == word.text; }));
  }
}
