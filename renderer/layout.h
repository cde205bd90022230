#pragma once
#include <glm/glm.hpp>
#include <vector>

#include "model/graph.h"
#include "renderer/camera.h"

namespace orrery {

/// A slab of cells in space: the rows [first_row, first_row + rows) and columns [first_col, first_col + cols)
/// of a tensor. A long tensor is folded: several blocks, each a window on it. Cells run right (+x: columns)
/// and down (-y: rows); the face looks at +z. World units: one unit is about one cell of a small model.
struct Block {
  const Tensor* tensor = nullptr;
  int first_row = 0, rows = 0, first_col = 0, cols = 0;
  glm::vec3 corner{0};   ///< left, top, front
  glm::vec2 cell{1, 1};  ///< width and height of a cell
  float depth = 1;       ///< from the front face backwards (-z)
  glm::vec2 size() const { return {float(cols) * cell.x, float(rows) * cell.y}; }
  glm::vec3 centre() const { return corner + glm::vec3(size().x, -size().y, -depth) * 0.5f; }
};

enum class LabelRank { model, layer, part, tensor, token };

/// Text in space: written along `right`, its baseline at `anchor`, `height` world units tall.
struct Label {
  Message text;  ///< goes through the translation table, except LabelRank::token
  LabelRank rank = LabelRank::tensor;
  glm::vec3 anchor{0};
  float height = 1;
  float align = 0;                 ///< 0 starts at the anchor, 0.5 is centred on it, 1 ends there
  float max_width = 0;             ///< world units; 0 = any
  const Tensor* tensor = nullptr;  ///< what it names, if a tensor
  int group = -1;                  ///< what it names, if a group
  int row = -1;                    ///< token labels: which row
};

/// A strand along which numbers go from one tensor to another: a cubic Bezier.
struct Strand {
  const Tensor* from = nullptr;
  const Tensor* to = nullptr;
  glm::vec3 points[4];
  float width = 0.3f;
  bool ribbon = false;  ///< the residual stream itself: a broad visible band
  bool around = false;  ///< a piece of a way around what stands between
  bool behind = false;  ///< leads to or from a head or expert that stands behind the first
};

/// An outlined area behind a group (a layer, attention, MLP), for far views and for framing.
struct Plate {
  int group = -1;
  glm::vec3 corner{0};  ///< left, top; z = behind the blocks
  glm::vec2 size{0};
};

/// Where everything stands: a pure function of graph and options.
struct Layout {
  std::vector<Block> blocks;
  std::vector<Label> labels;
  std::vector<Strand> strands;
  std::vector<Plate> plates;
  /// The next tokens that are thought probable stand in this many lines right of the logits' first block.
  static constexpr int prediction_lines = 5;
  float prediction_height = 1;              ///< of their letters; a line takes 1.35 of it
  glm::vec3 arc_edge{0};                    ///< how far arcs between tokens reach, left of the input's rows
  glm::vec3 prediction_foot{0};             ///< right, bottom of these lines
  glm::vec3 low{0}, high{0};                ///< bounds of all
  std::vector<std::vector<int>> blocks_of;  ///< by Tensor::index: its blocks
};

/// What stands left of a state of the stream, in heights of its rows: the texts of its tokens, and left of
/// them the ghost column of the logit lens.
constexpr float stream_texts = 3.4f, ghost_column = 4.6f;
/// What stands right of the input, in heights of its rows: the texts of the tokens, and a number each.
constexpr float input_texts = 2.2f, input_numbers = 1.2f;

struct LayoutOptions {
  int token_rows = 16;      ///< rows of token blocks (grows with the text in steps, see token_rows_for)
  float aspect = 16.f / 9;  ///< of the window: decides how many layers stand beside each other
};

Layout make_layout(const Graph& graph, const LayoutOptions& options);

/// The camera that looks in the same direction and shows the whole model as large as it fits.
Camera frame_whole(const Layout& layout, const Camera& direction, float aspect, float margin = 0.025f);

/// A box in space; empty while low > high.
struct Bounds {
  glm::vec3 low{1e30f}, high{-1e30f};
  bool empty() const { return low.x > high.x; }
  void add(glm::vec3 point) {
    low = glm::min(low, point);
    high = glm::max(high, point);
  }
  void add(const Block& block);
};
/// What the blocks of one tensor, or of all tensors of a group and the groups in it, take up; empty if it has
/// no place in the layout.
Bounds bounds_of(const Layout& layout, const Tensor& tensor);
Bounds bounds_of(const Layout& layout, const Graph& graph, int group);

/// The number of rows to lay out for `tokens` tokens in a context of `capacity`: the whole context where it
/// is small.
int token_rows_for(int tokens, int capacity);

}  // namespace orrery
