#pragma once
#include <vector>

#include "renderer/layout.h"

namespace orrery {

/// A part of the layout that is already arranged: blocks and labels relative to its upper left corner. y
/// counts upwards as in the world, so everything lies at y <= 0.
struct Panel {
  std::vector<Block> blocks;
  std::vector<Label> labels;
  std::vector<Plate> plates;
  glm::vec2 size{0};  ///< width and height

  bool empty() const { return blocks.empty(); }
  /// Puts another panel in, its corner at `corner`, everything `scale` times as large.
  void add(const Panel& other, glm::vec3 corner, float scale = 1);
};

/// Arranges the tensors of a group and of the groups in it, from the graph alone: an op's weights stand above
/// its result with columns aligned, element-wise ops below what they read, parallel groups behind each other,
/// the rest in lines from left to right, no wider than `width` where that is possible.
class PanelBuilder {
 public:
  PanelBuilder(const Graph& graph, int token_rows, float width, float label_height, float row_height)
      : graph_(graph),
        token_rows_(token_rows),
        width_(width),
        label_height_(label_height),
        row_height_(row_height) {}

  Panel group(const Group& group) const;
  /// The state of the residual stream, or any other tensor, alone.
  Panel single(const Tensor& tensor) const;
  int rows_of(const Tensor& tensor) const;  ///< rows that are laid out
  int cols_of(const Tensor& tensor) const;
  /// Size of a cell. Rows of tokens are taller where a token has many channels and the tokens are few; the
  /// few numbers that people come for (token ids, the logits of a small vocabulary) are larger.
  glm::vec2 cell_size(const Tensor& tensor) const;

 private:
  struct Cluster {
    std::vector<const Tensor*> tensors;  ///< from top to bottom, all with the same columns
  };
  struct Entry;

  std::vector<Entry> entries(const Group& group) const;
  Panel cluster(const Cluster& cluster) const;
  Panel stack(const Cluster& cluster, int first_col, int cols) const;
  Panel folded(const Tensor& tensor) const;
  Panel parallel(const Group& group) const;
  void label(Panel& panel, const Tensor& tensor, float x, float y, float width) const;

  const Graph& graph_;
  int token_rows_;
  float width_, label_height_, row_height_;
};

}  // namespace orrery
