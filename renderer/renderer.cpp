#include "renderer/renderer.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "renderer/scene_hash.h"
#include "renderer/text_pass.h"

namespace orrery {
namespace {

constexpr double slow_frame = 15,
                 fast_frame = 6;  // milliseconds: when the resolution goes down, and up again
constexpr float low_scale = 0.6f;
constexpr int frames_to_change = 3;

double now_ms() {
  using namespace std::chrono;
  return duration<double, std::milli>(steady_clock::now().time_since_epoch()).count();
}

void copy(const Canvas& from, unsigned framebuffer, int x, int y, int width, int height) {
  glBindFramebuffer(GL_READ_FRAMEBUFFER, from.framebuffer.name());
  glBindFramebuffer(GL_DRAW_FRAMEBUFFER, framebuffer);
  bool same = from.width == width && from.height == height;
  glBlitFramebuffer(0, 0, from.width, from.height, x, y, x + width, y + height, GL_COLOR_BUFFER_BIT,
                    same ? GL_NEAREST : GL_LINEAR);
}

}  // namespace

struct Renderer::State {
  ValuePool pool;
  BoxPass boxes;
  RectanglePass rectangles;
  StrandPass strands;
  TextPass texts;
  BackdropPass backdrop;
  Canvas scene_canvas;  // what is drawn, in the resolution that is drawn
  Canvas picture;       // the whole picture in the target's resolution, kept
  bool software = false;

  const Layout* layout = nullptr;
  std::uint64_t layout_version = 0;
  std::uint64_t trace = 0;  // Trace::id(); 0: none
  std::shared_ptr<const Model> model;
  size_t budget = size_t(8) << 20;
  size_t memory = size_t(512) << 20;  // GPT-2 124M whole, with its means

  std::uint64_t last_hash = 0;
  int last_width = 0, last_height = 0;
  Quality last_quality = Quality::moving;
  bool drawn = false;

  bool reduced = false;  // draws moving frames at low_scale
  int streak = 0;        // frames that ask for the other resolution
  double cost_full = 0;  // of the last frames, scaled to the full resolution

  /// Plans the pool when the layout or the model changed and forgets rows of another recording.
  void follow(const Scene& scene) {
    const std::uint64_t new_trace = scene.trace ? scene.trace->id() : 0;
    const auto new_model = scene.trace ? scene.trace->shared_model() : nullptr;
    if (scene.layout != layout || scene.layout_version != layout_version || new_model != model) {
      if (scene.trace) pool.plan(scene.trace->graph(), *scene.layout, memory);
      layout = scene.layout;
      layout_version = scene.layout_version;
      model = new_model;
    } else if (new_trace != trace) {
      pool.forget_activations();
    }
    trace = new_trace;
  }

  int draw_scene(const Frame& frame) {
    scene_canvas.bind();
    glDepthMask(GL_TRUE);
    glClear(GL_DEPTH_BUFFER_BIT);
    copy(backdrop.canvas(), scene_canvas.framebuffer.name(), 0, 0, scene_canvas.width, scene_canvas.height);
    scene_canvas.bind();
    glEnable(GL_BLEND);
    glBlendFunc(GL_ONE, GL_ONE_MINUS_SRC_ALPHA);
    glDisable(GL_DEPTH_TEST);
    rectangles.draw_plates(frame);
    glDisable(GL_BLEND);
    glEnable(GL_DEPTH_TEST);
    glDepthFunc(GL_LEQUAL);
    glEnable(GL_CULL_FACE);
    boxes.draw(frame, pool);
    glDisable(GL_CULL_FACE);
    glEnable(GL_BLEND);
    glDepthMask(GL_FALSE);
    texts.draw_numbers(frame);
    rectangles.draw_shadows(frame);
    if (strands.count()) strands.draw(frame);
    rectangles.draw_marks(frame);
    glDepthMask(GL_TRUE);
    glDisable(GL_DEPTH_TEST);
    return 1 + (rectangles.plates() > 0) + (rectangles.shadows() > 0) + (rectangles.marks() > 0) +
           (strands.count() > 0) + texts.has_numbers();
  }

  /// The resolution of moving frames: straight down where they are slow, up again once they would be fast.
  void adapt(double milliseconds, float scale) {
    cost_full = milliseconds / double(scale * scale);
    bool other = reduced ? cost_full < slow_frame * 0.8 : milliseconds > slow_frame;
    streak = other ? streak + 1 : 0;
    if (streak >= frames_to_change) {
      reduced = !reduced;
      streak = 0;
    }
  }
};

Renderer::Renderer() : state_(std::make_unique<State>()) {
  auto name = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
  state_->software = name && (std::strstr(name, "llvmpipe") || std::strstr(name, "softpipe"));
}
Renderer::~Renderer() = default;

bool Renderer::needs_redraw(const Scene& scene, int width, int height, Quality quality) const {
  const State& s = *state_;
  return !s.drawn || s.pool.waiting() || width != s.last_width || height != s.last_height ||
         (quality == Quality::still && s.last_quality != Quality::still) ||
         content_hash(scene) != s.last_hash;
}

FrameStats Renderer::draw(const Scene& scene, const DrawTarget& target, Quality quality) {
  State& s = *state_;
  FrameStats stats;
  int width = std::max(1, target.width), height = std::max(1, target.height);
  glDisable(GL_SCISSOR_TEST);
  if (!scene.layout || !needs_redraw(scene, width, height, quality)) {
    if (s.drawn) copy(s.picture, target.framebuffer, target.x, target.y, width, height);
    return stats;
  }
  double start = now_ms();
  s.follow(scene);
  if (scene.trace) stats.bytes_uploaded += s.pool.update(*scene.trace, scene.steps, s.budget);

  float scale = quality == Quality::still ? 2.f : s.reduced ? low_scale : 1.f;
  int drawn_width = std::max(1, int(float(width) * scale)),
      drawn_height = std::max(1, int(float(height) * scale));
  Frame frame = make_frame(scene, drawn_width, drawn_height), native = make_frame(scene, width, height);
  if (scene.trace) {
    s.pool.refine(scene, frame, s.budget);
    stats.bytes_uploaded += s.boxes.prepare(scene, s.pool);
  }
  stats.bytes_uploaded += s.rectangles.prepare(scene, *frame.palette) + s.strands.prepare(scene) +
                          s.texts.prepare(scene, native, s.pool, quality == Quality::still);
  s.scene_canvas.resize(drawn_width, drawn_height, true);
  s.picture.resize(width, height, false);
  glDisable(GL_BLEND);
  glDisable(GL_DEPTH_TEST);
  if (s.backdrop.prepare(native)) ++stats.draw_calls;  // smooth: copied to any resolution
  stats.draw_calls += s.draw_scene(frame);

  copy(s.scene_canvas, s.picture.framebuffer.name(), 0, 0, width, height);
  s.picture.bind();
  glEnable(GL_BLEND);
  s.texts.draw_labels(native);
  if (s.texts.has_labels()) ++stats.draw_calls;
  glDisable(GL_BLEND);
  glBindVertexArray(0);
  copy(s.picture, target.framebuffer, target.x, target.y, width, height);
  glBindFramebuffer(GL_FRAMEBUFFER, target.framebuffer);
  if (s.software) glFinish();  // the CPU draws: this waits for no other

  stats.milliseconds = now_ms() - start;
  stats.scale = scale;
  stats.drawn = true;
  if (quality == Quality::moving && stats.bytes_uploaded < (size_t(1) << 20))
    s.adapt(stats.milliseconds, scale);
  s.last_hash = content_hash(scene);
  s.last_width = width;
  s.last_height = height;
  s.last_quality = quality;
  s.drawn = true;
  return stats;
}

Range Renderer::range_of(const Tensor& tensor, int row, RangeRule rule) const {
  return state_->pool.range_of(tensor, row, rule);
}
bool Renderer::loading() const { return state_->pool.waiting(); }
void Renderer::set_upload_budget(size_t bytes) { state_->budget = bytes; }
void Renderer::set_memory(size_t bytes) { state_->memory = bytes; }
void Renderer::reload_shaders() {
  state_->boxes.reload();
  state_->rectangles.reload();
  state_->strands.reload();
  state_->texts.reload();
  state_->backdrop.reload();
  state_->drawn = false;
}

}  // namespace orrery
