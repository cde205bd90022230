#pragma once
#include <string_view>
#include <vector>

#include "renderer/glyph_atlas.h"
#include "renderer/label_placement.h"
#include "renderer/passes.h"

namespace orrery {

/// Texts in the planes of the faces, all in one draw; those that would be too small or overlap are left out.
class TextPass {
 public:
  TextPass();
  /// `frame` is the picture at the size in which texts are seen. Returns the bytes uploaded.
  size_t prepare(const Scene& scene, const Frame& frame);
  void draw(const Frame& frame);
  int count() const { return int(instances_.size()); }
  void reload() { program_.reload(); }

 private:
  struct Instance {
    glm::vec4 anchor;
    glm::vec4 box;
    glm::vec4 atlas;
    std::uint32_t ink;
  };
  struct Placed {
    const SceneText* text;
    float em, alpha, width;  ///< world units an em; ems
  };
  bool place(const SceneText& text, const Frame& frame, int index);
  void add(std::string_view text, glm::vec3 anchor, float em, float align, float width, std::uint32_t ink);

  Program program_{"text"};
  VertexArray array_ = VertexArray::make();
  Buffer buffer_;
  GlyphAtlas atlas_;
  std::vector<Instance> instances_;
  std::vector<Placed> placed_;
  std::vector<ScreenLabel> labels_;
};

}  // namespace orrery
