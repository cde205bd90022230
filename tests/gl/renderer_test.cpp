#include "renderer/renderer.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <functional>

#include "model/executor.h"
#include "renderer/headless.h"
#include "renderer/palette.h"
#include "tests/support/fixture.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// One matrix of 3 x 3 drawn front-on at 300 x 300, so that a cell is 80 pixels; the numbers are a weight's.
struct Stage {
  Headless headless{300, 300};
  Renderer renderer;
  std::shared_ptr<const Model> model;
  std::shared_ptr<Trace> trace;
  Layout layout;
  Scene scene;

  Stage() {
    Progress progress;
    model = Model::load(reference("gpt2"), progress);
    Executor executor = Executor::start(model, {1, 2, 3, 4, 5}, 1, {});
    while (executor.step()) {
    }
    trace = executor.trace();
    scene.layout = &layout;
    scene.trace = trace.get();
    scene.steps = trace->published();
    scene.camera.yaw = scene.camera.pitch = 0;
  }

  const Tensor& find(const std::function<bool(const Tensor&)>& wanted) const {
    for (const Tensor* tensor : model->graph().tensors())
      if (wanted(*tensor)) return *tensor;
    throw std::runtime_error("no such tensor");
  }

  void show(const Tensor& tensor, int rows = 3, int cols = 3) {
    layout.blocks = {Block{&tensor, 0, rows, 0, cols, {-float(cols) / 2, float(rows) / 2, 0}, {1, 1}, 1}};
    layout.blocks_of.assign(model->graph().tensors().size(), {});
    layout.blocks_of[size_t(tensor.index)] = {0};
    ++scene.layout_version;
    scene.blocks = {BlockState{Emphasis::normal, 1 << 20, -1, 1}};
    scene.camera.target = {0, 0, 0};
    scene.camera.field_of_view = 0.02f;  // nearly parallel
    scene.camera.distance = float(rows) * 1.25f / 2 / std::tan(0.01f);
  }

  FrameStats draw(Quality quality = Quality::moving) {
    return renderer.draw(scene, {headless.framebuffer(), 0, 0, 300, 300}, quality);
  }

  glm::vec3 pixel(const Image& image, float row, float col, int rows = 3) const {
    float cell = 300 / 1.25f / float(rows);
    int x = int(150 + (col + 0.5f - float(rows) / 2) * cell),
        y = int(150 + (row + 0.5f - float(rows) / 2) * cell);
    const std::uint8_t* p = image.at(x, y);
    return glm::vec3(p[0], p[1], p[2]) / 255.f;
  }
};

float difference(glm::vec3 a, glm::vec3 b) {
  return std::max({std::abs(a.r - b.r), std::abs(a.g - b.g), std::abs(a.b - b.b)});
}

}  // namespace

TEST_CASE("the centre of a cell shows the colour of its number") {
  Stage stage;
  const Tensor& weight = stage.find(
      [](const Tensor& t) { return t.role == Role::weight && t.rows.size > 8 && t.cols.size > 8; });
  for (Theme theme : {Theme::dark, Theme::light}) {
    stage.scene.theme = theme;
    stage.show(weight);
    stage.draw(Quality::still);
    Image image = stage.headless.read();
    float limit = stage.renderer.range_of(weight, 0, RangeRule::tensor).limit;
    for (int row = 0; row < 3; ++row)
      for (int col = 0; col < 3; ++col) {
        float part = stage.trace->view(weight)(row, col) / limit;
        glm::vec3 shown = stage.pixel(image, float(row) - 0.27f, float(col));  // beside the number
        glm::vec3 ramp = value_colour(palette(theme), part);
        CAPTURE(part);
        // Light changes the lightness, not which side of the ramp it is.
        CHECK(difference(shown, ramp) < 0.25f);
        if (std::abs(part) > 0.3f) CHECK((part > 0) == (shown.r > shown.b));
      }
  }
}

TEST_CASE("not computed, masked and computed cells look different, and rewinding empties again") {
  Stage stage;
  const Tensor& pattern = stage.find([](const Tensor& t) { return t.kind == Kind::attention; });
  stage.show(pattern);
  stage.draw();
  Image image = stage.headless.read();
  glm::vec3 first = stage.pixel(image, 0, 0), empty_theme = palette(Theme::dark).background_top;
  CHECK(difference(first, attention_colour(palette(Theme::dark), 1)) < 0.3f);  // a token sees itself alone
  CHECK(difference(first, empty_theme) > 0.3f);
  // Masked: the hatch has two colours within the cell.
  float low = 1, high = 0;
  for (float at = -0.4f; at < 0.4f; at += 0.05f) {
    float light = stage.pixel(image, 0, 2 + at).g;
    low = std::min(low, light), high = std::max(high, light);
  }
  CHECK(high - low > 0.05f);

  stage.scene.blocks[0].known_rows = 0;
  FrameStats stats = stage.draw();
  CHECK(stats.drawn);
  CHECK(stats.bytes_uploaded < 200);  // the state of one block, no numbers
  Image rewound = stage.headless.read();
  glm::vec3 emptied = stage.pixel(rewound, 0, 0);
  CHECK(difference(emptied, first) > 0.3f);
  float spread = 0;
  for (float at = -0.25f; at < 0.25f; at += 0.05f)
    spread = std::max(spread, difference(stage.pixel(rewound, 0, at), emptied));
  CHECK(spread < 0.02f);  // nothing inside the empty cell

  stage.scene.blocks[0].known_rows = 1 << 20;
  CHECK(stage.draw().bytes_uploaded < 200);
  CHECK(stage.headless.read().pixels == image.pixels);
}

TEST_CASE("nothing is drawn or uploaded when nothing changed, and little when only the camera moves") {
  Stage stage;
  const Tensor& weight = stage.find(
      [](const Tensor& t) { return t.role == Role::weight && t.rows.size > 8 && t.cols.size > 8; });
  stage.show(weight);
  FrameStats first = stage.draw();
  CHECK(first.bytes_uploaded > 9 * 4);
  CHECK(first.draw_calls < 30);
  Image image = stage.headless.read();
  FrameStats second = stage.draw();
  CHECK_FALSE(second.drawn);
  CHECK(second.draw_calls == 0);
  CHECK(second.bytes_uploaded == 0);
  CHECK(stage.headless.read().pixels == image.pixels);
  stage.scene.camera.yaw = 0.3f;
  FrameStats moved = stage.draw();
  CHECK(moved.drawn);
  CHECK(moved.bytes_uploaded == 0);
  CHECK(stage.headless.read().pixels != image.pixels);
}

TEST_CASE("from far, a field of plus and minus keeps its energy") {
  Stage stage;
  const Tensor& weight = stage.find(
      [](const Tensor& t) { return t.role == Role::weight && t.rows.size > 8 && t.cols.size > 8; });
  stage.show(weight, weight.rows.size, weight.cols.size);
  stage.scene.camera.distance *= 40;  // the whole matrix is a few pixels
  stage.draw(Quality::still);
  Image image = stage.headless.read();
  glm::vec3 zero = value_colour(palette(Theme::dark), 0), shown = stage.pixel(image, 1, 1);
  const std::uint8_t* middle = image.at(150, 150);
  shown = glm::vec3(middle[0], middle[1], middle[2]) / 255.f;
  CHECK(shown.r > zero.r + 0.03f);
  CHECK(shown.b > zero.b + 0.03f);
}

TEST_CASE("text leaves ink inside its rectangle and none outside") {
  Stage stage;
  stage.layout.blocks.clear();
  stage.show(stage.find([](const Tensor& t) { return t.role == Role::weight; }), 3, 3);
  stage.layout.blocks.clear();
  stage.scene.blocks.clear();
  for (Theme theme : {Theme::dark, Theme::light}) {
    stage.scene.theme = theme;
    stage.scene.texts.clear();
    stage.draw();
    Image without = stage.headless.read();
    glm::vec4 ink(palette(theme).text, 1);
    stage.scene.texts = {{"層 Layer 1", {0, 0, 0}, 0.4f, 0.5f, 0, ink, LabelRank::layer, 0}};
    stage.draw();
    Image with = stage.headless.read();
    int inside = 0, outside = 0;
    for (int y = 0; y < 300; ++y)
      for (int x = 0; x < 300; ++x) {
        bool changed = std::abs(with.at(x, y)[1] - without.at(x, y)[1]) > 60;
        bool in = x > 60 && x < 240 && y > 105 && y < 165;
        (in ? inside : outside) += changed;
      }
    CHECK(inside > 150);
    CHECK(outside == 0);
  }
}

TEST_CASE("a picture of one pixel is drawn") {
  Stage stage;
  stage.show(stage.find([](const Tensor& t) { return t.role == Role::weight; }));
  stage.headless.resize(1, 1);
  CHECK(stage.renderer.draw(stage.scene, {stage.headless.framebuffer(), 0, 0, 1, 1}, Quality::moving).drawn);
  CHECK(stage.headless.read().pixels.size() == 4);
}

TEST_CASE("what the camera is near to is drawn cell by cell, however little memory there is") {
  Stage stage;
  const Tensor& table = stage.find([](const Tensor& tensor) {
    return tensor.role == Role::weight && tensor.kind == Kind::embedding && tensor.rows.size >= 32;
  });
  const int rows = table.rows.size, cols = table.cols.size;
  REQUIRE(rows >= 32);
  stage.show(table, rows, cols);
  stage.scene.camera.target = {-float(cols) / 2 + 9.3f, float(rows) / 2 - 17.4f, 0};
  stage.scene.camera.distance *= 6 / float(rows);  // about seven cells are in the picture
  stage.draw(Quality::still);
  const Image whole = stage.headless.read();

  stage.renderer.set_memory(2048);
  stage.renderer.set_upload_budget(size_t(1) << 20);
  ++stage.scene.layout_version;
  stage.draw(Quality::still);
  while (stage.renderer.loading()) stage.draw(Quality::still);
  const Image near = stage.headless.read();
  CHECK(near.pixels == whole.pixels);

  // Farther away and a little aside, it still is.
  stage.scene.camera.distance *= 3;
  stage.draw(Quality::still);
  while (stage.renderer.loading()) stage.draw(Quality::still);
  stage.scene.camera.target.x += 4;
  stage.draw(Quality::still);
  while (stage.renderer.loading()) stage.draw(Quality::still);
  const Image moved = stage.headless.read();
  stage.renderer.set_memory(size_t(512) << 20);
  ++stage.scene.layout_version;
  stage.draw(Quality::still);
  while (stage.renderer.loading()) stage.draw(Quality::still);
  CHECK(moved.pixels == stage.headless.read().pixels);
}
