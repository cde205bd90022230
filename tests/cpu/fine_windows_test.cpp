#include "renderer/fine_windows.h"

#include <doctest/doctest.h>

#include <cmath>

#include "renderer/passes.h"

using namespace orrery;

namespace {

/// A matrix of 1000 x 1000 cells of one unit each, seen front-on in a picture of 1280 x 720.
struct LargeMatrix {
  Tensor tensor;
  Layout layout;
  Scene scene;

  LargeMatrix() {
    tensor.rows = {Axis::channel, 1000};
    tensor.cols = {Axis::channel, 1000};
    tensor.role = Role::weight;
    layout.blocks = {Block{&tensor, 0, 1000, 0, 1000, {0, 0, 0}, {1, 1}, 1}};
    scene.layout = &layout;
    scene.camera.yaw = scene.camera.pitch = 0;
    scene.camera.target = {500, -500, 0};
  }
  /// A cell is that many pixels.
  Frame frame(float pixels) {
    scene.camera.distance = 360 / std::tan(scene.camera.field_of_view / 2) / pixels;
    return make_frame(scene, 1280, 720);
  }
};

}  // namespace

TEST_CASE("a window holds the cells in the picture and a margin, as fine as the pixels are") {
  LargeMatrix stage;
  // At 4 pixels a cell, 320 x 180 cells around the middle are seen.
  const auto wish = wish_for(stage.layout, 0, 3, stage.frame(4), size_t(4) << 20);
  REQUIRE(wish);
  CHECK(wish->level == 0);
  CHECK(wish->seen.col == doctest::Approx(340).epsilon(0.01));
  CHECK(wish->seen.cols == doctest::Approx(320).epsilon(0.01));
  CHECK(wish->seen.row == doctest::Approx(410).epsilon(0.01));
  CHECK(wish->seen.rows == doctest::Approx(180).epsilon(0.02));
  CHECK(wish->cells.col <= wish->seen.col - 100);
  CHECK(wish->cells.col + wish->cells.cols >= wish->seen.col + wish->seen.cols + 100);
  CHECK(wish->cells.row % 8 == 0);
  CHECK(wish->cells.col % 8 == 0);
  CHECK((wish->cells.row + wish->cells.rows) % 8 == 0);
  // Levels 0, 1 and 2 of it.
  const size_t rows = size_t(wish->cells.rows), cols = size_t(wish->cells.cols);
  CHECK(wish->texels() == rows * cols + rows * cols / 4 + rows * cols / 16);
  CHECK(wish->run_before(1) == rows * cols);
}

TEST_CASE("where the levels that are kept are fine enough, there is no window") {
  LargeMatrix stage;
  CHECK_FALSE(wish_for(stage.layout, 0, 0, stage.frame(4), size_t(4) << 20));
  CHECK_FALSE(wish_for(stage.layout, 0, 2, stage.frame(0.2f), size_t(4) << 20));  // 5 cells a pixel: level 2
  const auto wish = wish_for(stage.layout, 0, 3, stage.frame(0.2f), size_t(4) << 20);
  REQUIRE(wish);
  CHECK(wish->level == 2);
}

TEST_CASE("too large a wish is narrowed, then coarsened") {
  LargeMatrix stage;
  const Frame frame = stage.frame(1.5f);  // 853 x 480 cells
  const auto all = wish_for(stage.layout, 0, 4, frame, size_t(4) << 20);
  const auto narrow = wish_for(stage.layout, 0, 4, frame, 600'000);
  const auto coarse = wish_for(stage.layout, 0, 4, frame, 200'000);
  REQUIRE((all && narrow && coarse));
  CHECK(all->level == 0);
  CHECK(narrow->level == 0);
  CHECK(narrow->cells.cols < all->cells.cols);
  CHECK(coarse->level == 1);
  CHECK(coarse->texels() <= 200'000);
  CHECK_FALSE(wish_for(stage.layout, 0, 4, frame, 10));
}

TEST_CASE("windows stay while they serve, and open anew where the camera goes") {
  LargeMatrix stage;
  FineWindows windows;
  windows.plan(0, size_t(2) << 20);
  const auto kept = [](const Tensor&) { return 3; };
  CHECK(windows.follow(stage.scene, stage.frame(4), kept));
  REQUIRE(windows.windows().size() == 1);
  CHECK(windows.of_block(0) == 0);
  CHECK(windows.waiting());
  stage.scene.camera.target.x += 50;  // within the margin
  CHECK_FALSE(windows.follow(stage.scene, stage.frame(4), kept));
  stage.scene.camera.target.x += 200;
  CHECK(windows.follow(stage.scene, stage.frame(4), kept));
  REQUIRE(windows.windows().size() == 1);
  for (int i = 0; i < 50; ++i) {  // however often: never beyond the room there is
    stage.scene.camera.target = {100 + (i * 37) % 800, -100 - (i * 61) % 800, 0};
    windows.follow(stage.scene, stage.frame(4), kept);
    REQUIRE(windows.windows().size() == 1);
    const FineWindow& window = windows.windows()[0];
    CHECK(window.offset + window.texels() <= size_t(2) << 20);
    CHECK_FALSE(windows.follow(stage.scene, stage.frame(4), kept));
  }
  windows.plan(0, 0);
  CHECK_FALSE(windows.follow(stage.scene, stage.frame(4), kept));
}
