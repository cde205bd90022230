#pragma once
#include <cmath>
#include <glm/glm.hpp>
#include <string>
#include <vector>

#include "model/trace.h"
#include "renderer/camera.h"
#include "renderer/layout.h"

namespace orrery {

enum class Theme { dark, light };

/// How strongly a block shows: the op at work is lit, its operands glow, the rest is dimmed.
/// A ghost is a frame alone: it stands before something that is to be seen.
enum class Emphasis { normal, dimmed, operand, result, ghost };

/// Over what the largest magnitude is taken that a colour's end stands for.
enum class RangeRule { tensor, row, global };

/// What this frame shows of one block.
struct BlockState {
  Emphasis emphasis = Emphasis::normal;
  int known_rows =
      0;  ///< rows of the tensor that hold values at the cursor: the rest is drawn as not computed
  int fresh_row = -1;  ///< rows [fresh_row, known_rows) are being computed now and light up
  float progress = 1;  ///< how much of the fresh rows is filled in, 0..1
};

/// A rectangle of cells to mark (hovered cell, operands, selection).
struct Mark {
  Region region;
  glm::vec4 colour{1};
};

/// A text to draw in space this frame.
struct SceneText {
  std::string text;  ///< already translated, UTF-8
  glm::vec3 anchor{0};
  float height = 1, align = 0, max_width = 0;
  glm::vec4 colour{1};
  LabelRank rank = LabelRank::tensor;
  float priority = 0;
  float pixels = 0;  ///< more than 0: as large as this on the screen, however far; `height` is not read then
  glm::vec2 shift{0};    ///< from the anchor, in its own heights: lines below each other
  glm::vec4 backing{0};  ///< a patch behind it, where its alpha is more than 0
};

/// A rectangle in the planes of the faces that is no tensor: what carries a small drawing, or a row on its
/// way.
struct Sheet {
  glm::vec3 corner{0};  ///< left, top
  glm::vec2 size{1, 1};
  glm::vec4 fill{0}, line{0};
  bool covers = false;  ///< texts behind it are left out
};

struct SceneStrand {
  int strand = 0;  ///< index into Layout::strands, or -1: `points` holds the curve
  glm::vec3 points[4];
  float width = 0.3f;
  glm::vec4 colour{1};
  float flow = 0;  ///< 0 still; else how fast the light runs along
  float phase = 0;
  bool arrow = false;  ///< ends in a point
};

/// More strands than these are not drawn; so many may be the layout's, the rest is left to arcs and arrows.
constexpr size_t most_strands = 2000, most_of_layout = 1300;

/// What one frame shows: plain data, made by the main thread from layout, trace and timeline; the renderer
/// draws just this.
struct Scene {
  const Layout* layout = nullptr;
  const Trace* trace = nullptr;
  std::uint64_t layout_version = 0;  ///< changes when `layout` does
  std::uint64_t steps = 0;           ///< the cursor: how many steps of the trace are shown
  std::vector<BlockState> blocks;    ///< one a block of the layout
  std::vector<Mark> marks;
  std::vector<Sheet> sheets;  ///< behind the strands, in front of the blocks
  std::vector<SceneStrand> strands;
  std::vector<SceneText> texts;
  Camera camera;
  Theme theme = Theme::dark;
  bool colour_blind = false;
  RangeRule range = RangeRule::tensor;
  float text_scale = 1;  ///< of texts whose size is given in pixels
  float height = 600;    ///< of the picture in pixels: for what is as large on every one
  float time = 0;        ///< seconds, for motion that repeats; still pictures keep it constant
};

/// About how many world units a pixel of a picture of usual height is, where the camera looks at.
inline float world_pixel(const Scene& scene) {
  return scene.camera.distance * std::tan(scene.camera.field_of_view * 0.5f) / 300 * scene.text_scale;
}

}  // namespace orrery
