#pragma once
#include <string>
#include <vector>

#include "renderer/gl.h"
#include "renderer/palette.h"
#include "renderer/scene.h"
#include "renderer/value_pool.h"

namespace orrery {

/// What all passes of a frame share.
struct Frame {
  glm::mat4 view_projection{1};
  glm::vec3 eye{0};
  glm::vec2 resolution{1};  ///< of the canvas drawn into
  float pixels_a_unit = 1;  ///< of the canvas: pixels of a world unit at distance 1
  float focus = 1;          ///< distance from the eye to the target
  float time = 0;
  float text_scale = 1;  ///< of texts whose size is given in pixels
  Theme theme = Theme::dark;
  const Palette* palette = nullptr;
};

Frame make_frame(const Scene& scene, int width, int height);
/// Uses the program and sets the uniforms of shaders/common.glsl.
void begin(const Program& program, const Frame& frame);

/// Colour as four bytes.
std::uint32_t packed(glm::vec3 colour, float alpha);

/// All blocks in one draw.
class BoxPass {
 public:
  BoxPass();
  /// Uploads what differs from the last time; returns the bytes.
  size_t prepare(const Scene& scene, const ValuePool& pool);
  void draw(const Frame& frame, const ValuePool& pool);
  void reload() { program_.reload(); }

 private:
  void bake_ramps(const Palette& palette);

  struct Fixed {
    glm::vec4 corner_depth;
    glm::vec2 cell;
    glm::ivec4 window;
    std::uint32_t table_index;
    std::uint8_t traits[4];
  };
  struct Changing {
    float inverse_range;
    int known_rows, fresh_row;
    std::uint16_t emphasis, progress;
    std::uint32_t window_line;
  };
  Program program_{"box"};
  VertexArray array_ = VertexArray::make();
  Buffer fixed_buffer_, changing_buffer_;
  std::vector<Fixed> fixed_;
  std::vector<Changing> changing_;
  Texture ramps_;
  const Palette* baked_ = nullptr;
};

/// Rectangles in the planes of the faces: plates behind groups, shadows, halos of what is lit, sheets, marks.
class RectanglePass {
 public:
  RectanglePass();
  size_t prepare(const Scene& scene, const Palette& palette);
  void draw_plates(const Frame& frame) { draw(frame, 0, plates_); }
  void draw_shadows(const Frame& frame) { draw(frame, plates_, shadows_); }
  void draw_marks(const Frame& frame) { draw(frame, plates_ + shadows_, marks_); }
  int plates() const { return plates_; }
  int shadows() const { return shadows_; }
  int marks() const { return marks_; }
  void reload() { program_.reload(); }

 private:
  struct Instance {
    glm::vec3 corner;
    glm::vec2 size;
    std::uint32_t fill, line;
    glm::vec4 shape;
    glm::vec2 glow;
  };
  void draw(const Frame& frame, int first, int count);
  void add_shadow(const Block& block, Emphasis emphasis, const Palette& palette, Theme theme);
  void add_mark(const Mark& mark, const Scene& scene);

  Program program_{"rectangle"};
  VertexArray array_ = VertexArray::make();
  Buffer buffer_;
  std::vector<Instance> instances_;
  int plates_ = 0, shadows_ = 0, marks_ = 0;
};

/// Strands as smooth curves, at most 2,000.
class StrandPass {
 public:
  StrandPass();
  size_t prepare(const Scene& scene);
  void draw(const Frame& frame);
  int count() const { return int(instances_.size()); }
  void reload() { program_.reload(); }

 private:
  struct Instance {
    glm::vec4 points[4];
    std::uint32_t colour;
  };
  Program program_{"strand"};
  VertexArray array_ = VertexArray::make();
  Buffer buffer_;
  std::vector<Instance> instances_;
};

/// The background, drawn once a size and theme.
class BackdropPass {
 public:
  /// Draws the background into a canvas of its own if size or theme changed. Returns whether it did.
  bool prepare(const Frame& frame);
  const Canvas& canvas() const { return canvas_; }
  void reload() {
    program_.reload();
    palette_ = nullptr;
  }

 private:
  Program program_{"backdrop"};
  VertexArray array_ = VertexArray::make();
  Canvas canvas_;
  const Palette* palette_ = nullptr;
};

}  // namespace orrery
