#include <doctest/doctest.h>

#include <cstdlib>
#include <new>
#include <string>

#include "model/analysis/logit_lens.h"
#include "model/executor.h"
#include "renderer/headless.h"
#include "renderer/renderer.h"
#include "renderer/scene_builder.h"
#include "tests/support/fixture.h"

using namespace orrery;
using namespace orrery::test;

namespace {

// Counts what this thread asks the heap for while it is told to; the driver's own threads do not count.
thread_local bool counting = false;
thread_local long allocations = 0;

}  // namespace

void* operator new(std::size_t size) {
  if (counting) ++allocations;
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("a frame without new rows uploads under 50 KB in under 30 draw calls and allocates nothing") {
  SceneOptions options;
  SUBCASE("of the plain scene") {}
  SUBCASE("with arcs between the tokens and the logit lens beside the stream") {
    options.arcs = ArcChoice{1, -1};
  }
  Headless headless(640, 360);
  Progress progress;
  const auto model = Model::load(reference("gpt2"), progress);
  Executor executor = Executor::start(model, {1, 2, 3, 4, 5}, 1, {});
  executor.run_pass();
  const Trace& trace = *executor.trace();
  const Layout layout = make_layout(model->graph(), {});
  const auto lens = logit_lens(trace, 5, 1, false, progress);
  REQUIRE(lens);
  if (options.arcs) options.lens = &*lens;
  Renderer renderer;
  SceneBuilder builder;
  Scene scene;
  scene.layout_version = 1;
  scene.camera = frame_whole(layout, Camera{}, 16.f / 9);
  auto draw = [&](int frame) {
    scene.camera.yaw = -0.16f + 0.01f * float(frame % 8);  // the camera moves: every frame is drawn anew
    builder.build(scene, layout, &trace, double(trace.published()), options);
    return renderer.draw(scene, {headless.framebuffer(), 0, 0, 640, 360}, Quality::moving);
  };
  for (int frame = 0; frame < 64; ++frame) draw(frame);  // buffers grow to the size that they need
  for (int frame = 64; frame < 80; ++frame) {
    allocations = 0;
    counting = true;
    const FrameStats stats = draw(frame);
    counting = false;
    CHECK(stats.drawn);
    CHECK(stats.bytes_uploaded < 50'000);
    CHECK(stats.draw_calls < 30);
    CHECK(allocations == 0);
  }
}

TEST_CASE("a step of decoding allocates nothing") {
  Progress progress;
  for (const char* name : {"gpt2", "nanogpt", "llama", "gpt_neox", "bloom", "rwkv4"}) {
    CAPTURE(std::string(name));
    const auto model = Model::load(reference(name), progress);
    Executor executor = Executor::start(model, {1, 2, 3, 4, 5}, 3, {});
    executor.run_pass();
    for (int pass = 0; pass < 2; ++pass) {
      executor.step();  // begins the pass
      allocations = 0;
      counting = true;
      for (size_t i = 1; i < model->graph().steps().size(); ++i) executor.step();
      counting = false;
      CHECK(allocations == 0);
      executor.step();  // chooses the token
    }
  }
}
