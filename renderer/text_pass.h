#pragma once
#include <string_view>
#include <vector>

#include "renderer/data_texture.h"
#include "renderer/glyph_atlas.h"
#include "renderer/label_placement.h"
#include "renderer/passes.h"

namespace orrery {

/// Texts in the planes of the faces, all in one draw; those that would be too small or overlap are left out.
class TextPass {
 public:
  TextPass();
  /// `frame` is the picture at the size in which texts are seen. Returns the bytes uploaded. While the camera
  /// moves (but for still pictures), the numbers in cells are those found a few frames ago: they stand in
  /// space and need no new upload.
  size_t prepare(const Scene& scene, const Frame& frame, const ValuePool& pool, bool still);
  /// The numbers in cells: drawn with the boxes, hidden behind what stands before them.
  void draw_numbers(const Frame& frame) { draw(frame, 0, numbers_, 0); }
  void draw_labels(const Frame& frame) { draw(frame, numbers_, int(instances_.size()) - numbers_, 1); }
  bool has_numbers() const { return numbers_ > 0; }
  bool has_labels() const { return int(instances_.size()) > numbers_; }
  void reload() { program_.reload(); }

 private:
  struct Instance {
    std::int16_t left, width;    ///< in 1/512 em
    std::uint16_t glyph, place;  ///< in glyph_boxes_; in texts_
    std::uint32_t ink;
  };
  struct Placed {
    const SceneText* text;
    glm::vec3 anchor;
    float em, alpha, width;  ///< world units an em; ems
  };
  void add_numbers(const Scene& scene, const Frame& frame, const ValuePool& pool);
  void draw(const Frame& frame, int first, int count, float halo);
  bool place(const SceneText& text, const Frame& frame, int index);
  static bool find_rectangle(glm::vec3 anchor, float em, float width, float align, const Frame& frame,
                             ScreenLabel& label);
  void cover(const Sheet& sheet, const Frame& frame);
  void add_backing(glm::vec3 anchor, float em, float align, float width, std::uint32_t ink);
  void add(std::string_view text, glm::vec3 anchor, float em, float align, float width, std::uint32_t ink);
  /// The number of a new text; -1 if there are as many as can be told apart.
  int new_text(glm::vec3 anchor, float em);
  std::uint16_t box_of(const Glyph& glyph);

  Program program_{"text"};
  VertexArray array_ = VertexArray::make();
  Buffer buffer_;
  DataTexture text_list_, glyph_list_;
  GlyphAtlas atlas_;
  std::vector<Instance> instances_;
  std::vector<glm::vec4> texts_;        // where each begins; the numbers' come first
  std::vector<glm::vec4> glyph_boxes_;  // two a glyph, by Glyph::index + 1; the first is the patch's
  int numbers_ = 0, number_texts_ = 0;  // instances and texts before the labels
  Camera numbers_camera_;
  std::uint64_t numbers_steps_ = 0;
  int numbers_age_ = 1000;  // frames
  std::vector<Placed> placed_;
  std::vector<ScreenLabel> labels_;
};

}  // namespace orrery
