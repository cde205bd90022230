#include "renderer/cell_place.h"

#include <algorithm>

namespace orrery {

std::optional<CellPlace> place_of(const Layout& layout, const Region& region) {
  if (!region.tensor || size_t(region.tensor->index) >= layout.blocks_of.size()) return std::nullopt;
  for (int index : layout.blocks_of[size_t(region.tensor->index)]) {
    const Block& block = layout.blocks[size_t(index)];
    const int left = std::max(region.col, block.first_col), top = std::max(region.row, block.first_row);
    const int right = std::min(region.col + region.cols, block.first_col + block.cols);
    const int bottom = std::min(region.row + region.rows, block.first_row + block.rows);
    if (left >= right || top >= bottom) continue;
    CellPlace place;
    place.corner = block.corner + glm::vec3(float(left - block.first_col) * block.cell.x,
                                            -float(top - block.first_row) * block.cell.y, 0);
    place.size = glm::vec2(float(right - left), float(bottom - top)) * block.cell;
    place.cell = block.cell;
    return place;
  }
  return std::nullopt;
}

CellWindow seen_cells(const Block& block, glm::vec3 eye, const glm::mat4& inverse) {
  glm::vec2 low(1e9f), high(-1e9f);
  bool open = false;
  for (int corner = 0; corner < 4; ++corner) {
    glm::vec4 far = inverse * glm::vec4(corner & 1 ? 1.f : -1.f, corner & 2 ? 1.f : -1.f, 1, 1);
    glm::vec3 direction = glm::vec3(far) / far.w - eye;
    float along = direction.z == 0 ? -1 : (block.corner.z - eye.z) / direction.z;
    if (along <= 0) {
      open = true;  // this corner looks past the plane
      continue;
    }
    glm::vec3 at = eye + direction * along - block.corner;
    glm::vec2 cell{at.x / block.cell.x, -at.y / block.cell.y};
    low = glm::min(low, cell);
    high = glm::max(high, cell);
  }
  if (open) return {0, 0, block.cols, block.rows};
  auto clamp = [](float value, int size) { return int(std::clamp(std::floor(value), 0.f, float(size))); };
  return {clamp(low.x, block.cols), clamp(low.y, block.rows), clamp(high.x + 1, block.cols),
          clamp(high.y + 1, block.rows)};
}

void clear_view(Scene& scene, const Cell& cell, std::span<const Region> reads) {
  const Layout& layout = *scene.layout;
  std::vector<const Tensor*> seen = {cell.tensor};
  for (const Region& region : reads) seen.push_back(region.tensor);
  for (const Tensor* tensor : seen)
    for (int index : layout.blocks_of[size_t(tensor->index)]) {
      const Block& block = layout.blocks[size_t(index)];
      for (size_t i = 0; i < layout.blocks.size() && i < scene.blocks.size(); ++i) {
        const Block& other = layout.blocks[i];
        // The eye looks a little from the side: what stands near before it is in the way too.
        const glm::vec2 reach = glm::vec2(0.3f * (other.corner.z - block.corner.z));
        const glm::vec2 low = glm::vec2(block.corner) - reach - glm::vec2(0, block.size().y),
                        high = glm::vec2(block.corner) + reach + glm::vec2(block.size().x, 0);
        if (other.corner.z <= block.corner.z || std::ranges::find(seen, other.tensor) != seen.end()) continue;
        if (other.corner.x < high.x && other.corner.x + other.size().x > low.x && other.corner.y > low.y &&
            other.corner.y - other.size().y < high.y)
          scene.blocks[i].emphasis = Emphasis::ghost;
      }
    }
}

Camera frame_work(const Layout& layout, const Camera& direction, const Cell& cell,
                  std::span<const Region> reads, float aspect) {
  std::vector<glm::vec3> points;
  auto add = [&](const Region& region) {
    if (const auto place = place_of(layout, region)) {
      points.push_back(place->corner);
      points.push_back(place->corner + glm::vec3(place->size.x, -place->size.y, 0));
    }
  };
  const Tensor& tensor = *cell.tensor;
  add({&tensor, cell.row, 0, 1, tensor.cols.size});
  add({&tensor, cell.row, cell.col, 1, 1});
  for (const Region& region : reads) add(region);
  if (points.empty()) return direction;
  // Room for the numbers above the cells, and some surroundings where everything stands close together.
  const float unit = place_of(layout, cell) ? place_of(layout, cell)->cell.y : 1;
  for (const glm::vec3& point : std::vector<glm::vec3>(points))
    points.push_back(point + glm::vec3(0, (point.y > points[0].y ? 1.f : -1.f) * 3 * unit, 0));
  return direction.framing(points, aspect, 0.12f);
}

std::vector<Region> regions_for_arrows(std::span<const Region> reads) {
  constexpr std::ptrdiff_t most = 4;
  std::vector<Region> found;
  for (const Region& region : reads) {
    const auto same = [&](const Region& other) { return other.tensor == region.tensor; };
    const auto around = std::ranges::find_if(found, same);
    if (around == found.end() || std::ranges::count_if(reads, same) <= most) {
      found.push_back(region);
      continue;
    }
    const int bottom = std::max(around->row + around->rows, region.row + region.rows),
              right = std::max(around->col + around->cols, region.col + region.cols);
    around->row = std::min(around->row, region.row);
    around->col = std::min(around->col, region.col);
    around->rows = bottom - around->row;
    around->cols = right - around->col;
  }
  return found;
}

SceneStrand arrow_between(const CellPlace& from, const CellPlace& to, glm::vec4 colour, float width) {
  const glm::vec3 goal = to.centre();
  // The nearest point of the first rectangle, half a cell inside of its rim.
  const glm::vec2 inset = glm::min(from.cell, from.size) * 0.5f;
  const glm::vec3 low = from.corner + glm::vec3(inset.x, -from.size.y + inset.y, 0);
  const glm::vec3 high = from.corner + glm::vec3(from.size.x - inset.x, -inset.y, 0);
  const glm::vec3 start = glm::clamp(goal, low, high);
  const glm::vec3 way = goal - start;
  const float length = glm::length(way), reach = std::min(to.size.x, to.size.y) * 0.5f;
  const glm::vec3 end = length > 2 * reach ? goal - way * (reach / length) : goal;
  // Towards the eye, and a little to the side, so that arrows along a row can be told from it.
  const glm::vec3 side =
      length > 0 ? glm::vec3(-way.y, way.x, 0) / length * (way.x < 0 ? -1.f : 1.f) : glm::vec3(0);
  const glm::vec3 bend = side * (0.12f * length) + glm::vec3(0, 0, 0.1f * length + 0.1f * reach);
  SceneStrand arrow;
  arrow.strand = -1;
  arrow.points[0] = start + glm::vec3(0, 0, 0.05f * reach);
  arrow.points[1] = glm::mix(start, end, 0.33f) + bend;
  arrow.points[2] = glm::mix(start, end, 0.67f) + bend;
  arrow.points[3] = end + glm::vec3(0, 0, 0.05f * reach);
  arrow.width = width;
  arrow.colour = colour;
  arrow.arrow = true;
  return arrow;
}

glm::vec3 point_on(const SceneStrand& strand, float t) {
  const float s = 1 - t;
  const glm::vec3(&p)[4] = strand.points;
  return s * s * s * p[0] + 3 * s * s * t * p[1] + 3 * s * t * t * p[2] + t * t * t * p[3];
}

}  // namespace orrery
