#pragma once
#include <optional>
#include <span>
#include <vector>

#include "renderer/scene.h"

namespace orrery {

/// Where cells stand on the front of their block: a rectangle that runs right and down from `corner`.
struct CellPlace {
  glm::vec3 corner{0};
  glm::vec2 size{1, 1}, cell{1, 1};
  glm::vec3 centre() const { return corner + glm::vec3(size.x, -size.y, 0) * 0.5f; }
};

/// The part of the region that the first block with any of it shows; none where it is not laid out.
std::optional<CellPlace> place_of(const Layout& layout, const Region& region);
inline std::optional<CellPlace> place_of(const Layout& layout, const Cell& cell) {
  return place_of(layout, Region{cell.tensor, cell.row, cell.col, 1, 1});
}

/// Rows [top, bottom) and columns [left, right) of a block, counted from its own first.
struct CellWindow {
  int left = 0, top = 0, right = 0, bottom = 0;
};
/// The cells that may be in the picture: where the rays of its corners meet the block's front.
/// `inverse`: of the camera's projection and view.
CellWindow seen_cells(const Block& block, glm::vec3 eye, const glm::mat4& inverse);

/// Turns blocks that stand before the blocks of a cell and of what it is read from into ghosts.
void clear_view(Scene& scene, const Cell& cell, std::span<const Region> reads);

/// The camera that looks in the same direction and shows a cell's block together with all that the cell is
/// read from.
Camera frame_work(const Layout& layout, const Camera& direction, const Cell& cell,
                  std::span<const Region> reads, float aspect);

/// From where arrows start: the regions themselves, but one around all those of a tensor that has many.
std::vector<Region> regions_for_arrows(std::span<const Region> reads);

/// An arrow from the point of one rectangle that lies nearest to another, bent towards the eye.
SceneStrand arrow_between(const CellPlace& from, const CellPlace& to, glm::vec4 colour, float width);

/// The point at `t` (0..1) of a strand's curve.
glm::vec3 point_on(const SceneStrand& strand, float t);

}  // namespace orrery
