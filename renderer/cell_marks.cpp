#include "renderer/cell_marks.h"

#include <algorithm>
#include <cmath>

#include "renderer/cell_place.h"
#include "renderer/palette.h"

namespace orrery {
namespace {

class Marker {
 public:
  Marker(Scene& scene, const Trace* trace, const SceneOptions& options)
      : scene_(scene), trace_(trace), colours_(palette(options.theme, options.colour_blind)) {}

  void mark(const Region& region, glm::vec4 colour) { scene_.marks.push_back({region, colour}); }
  void mark(const Cell& cell, glm::vec4 colour) {
    mark(Region{cell.tensor, cell.row, cell.col, 1, 1}, colour);
  }

  /// What a cell was computed from: lit, with an arrow each.
  void operands(const Cell& cell) {
    const Tensor& tensor = *cell.tensor;
    if (!trace_ || !tensor.op || cell.row >= trace_->rows_known(tensor, scene_.steps)) return;
    const std::vector<Region> reads = tensor.op->reads(tensor, cell, *trace_);
    clear_view(scene_, cell, reads);
    for (const Region& region : reads) mark(region, glm::vec4(colours_.frame(region.tensor->kind), 0.7f));
    for (const Region& region : regions_for_arrows(reads))
      arrow(region, {&tensor, cell.row, cell.col, 1, 1},
            glm::vec4(colours_.frame(region.tensor->kind), 0.85f));
  }

  /// What a number is made of: the larger the part, the more solid its arrow; in the colours of its sign.
  void sources(const SourceParts& sources) {
    const glm::vec3 ink = colours_.text;
    mark(sources.to, glm::vec4(ink, 1));
    for (const SourceParts::Part& part : sources.parts) {
      const glm::vec3 colour = part.share < 0 ? colours_.negative[1] : colours_.positive[1];
      const glm::vec4 solid(colour, 0.25f + 0.75f * std::abs(part.share));
      mark(part.from, solid);
      arrow(part.from, sources.to, solid);
    }
  }

  void arrow(const Region& from, const Region& to, glm::vec4 colour) {
    const auto start = place_of(*scene_.layout, from), end = place_of(*scene_.layout, to);
    if (!start || !end) return;
    scene_.strands.push_back(arrow_between(
        *start, *end, colour, std::max(0.3f * std::max(end->cell.x, end->cell.y), 2 * world_pixel(scene_))));
  }

 private:
  Scene& scene_;
  const Trace* trace_;
  const Palette& colours_;
};

}  // namespace

void add_cell_marks(Scene& scene, const Trace* trace, const SceneOptions& options) {
  const Palette& colours = palette(options.theme, options.colour_blind);
  Marker marker(scene, trace, options);
  for (const PinnedCell& pinned : options.pinned) marker.mark(pinned.cell, glm::vec4(pinned.colour, 1));
  if (options.sources) marker.sources(*options.sources);
  if (options.selected) {
    marker.mark(*options.selected, glm::vec4(colours.text, 1));
    if (!options.hovered && !options.pointed) marker.operands(*options.selected);
  }
  if (options.hovered) {
    marker.mark(*options.hovered, glm::vec4(colours.text, 1));
    marker.operands(*options.hovered);
  }
  if (options.pointed) {
    marker.mark(options.pointed->from, glm::vec4(colours.text, 1));
    marker.arrow(options.pointed->from, options.pointed->to, glm::vec4(colours.text, 0.9f));
  }
}

}  // namespace orrery
