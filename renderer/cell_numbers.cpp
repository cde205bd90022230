#include "renderer/cell_numbers.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>

#include "renderer/cell_place.h"

namespace orrery {
namespace {

constexpr int most_numbers = 1500;
constexpr float smallest = 7.5f;  // pixels of an em that can be read

/// The number with as many places as its tensor's range needs for two or three telling digits.
void write_number(char (&text)[16], float value, float limit) {
  int places = limit < 0.001f             ? -1
               : limit < 0.1f             ? 3
               : std::abs(value) < 9.995f ? 2
               : std::abs(value) < 99.95f ? 1
                                          : 0;
  if (places < 0)
    std::snprintf(text, sizeof text, "%.0e", double(value));
  else
    std::snprintf(text, sizeof text, "%.*f", places, double(value));
  // What rounds to nothing has no sign; "0" alone is exactly that.
  if (value == 0)
    std::snprintf(text, sizeof text, "0");
  else if (places > 0 && std::string_view(text).find_first_not_of("-0.") == std::string_view::npos)
    std::snprintf(text, sizeof text, "%.*f", places, 0.0);
}

/// Dark ink on light cells, light ink on dark ones.
glm::vec3 ink_for(const Palette& palette, const Range& range, float value) {
  glm::vec3 paint =
      range.attention ? attention_colour(palette, value) : value_colour(palette, value / range.limit);
  float light = glm::dot(paint, glm::vec3(0.3f, 0.59f, 0.11f));
  return light > 0.52f ? glm::vec3(0.05f, 0.06f, 0.1f) : glm::vec3(0.96f, 0.97f, 1);
}

}  // namespace

void for_each_number(const Scene& scene, const Frame& frame, const ValuePool& pool,
                     const std::function<void(const CellNumber&)>& use) {
  if (!scene.trace) return;
  glm::mat4 inverse = glm::inverse(frame.view_projection);
  int count = 0;
  for (size_t i = 0; i < scene.layout->blocks.size(); ++i) {
    const Block& block = scene.layout->blocks[i];
    if (i < scene.blocks.size() && scene.blocks[i].emphasis == Emphasis::ghost) continue;
    float distance = frame.eye.z - block.corner.z;
    float em = std::min(block.cell.y * 0.42f, block.cell.x * 0.36f);
    if (distance <= 0 || em * frame.pixels_a_unit < smallest * distance) continue;
    const PooledTensor& pooled = pool.of(*block.tensor);
    if (!pool.has_cells(scene, int(i))) continue;
    int known = std::min(pooled.uploaded, i < scene.blocks.size() ? scene.blocks[i].known_rows : 0);
    if (i < scene.blocks.size() && scene.blocks[i].fresh_row >= 0 && scene.blocks[i].progress < 1)
      known = std::min(known, scene.blocks[i].fresh_row);
    CellWindow window = seen_cells(block, frame.eye, inverse);
    MatrixView numbers = scene.trace->view(*block.tensor);
    for (int row = window.top; row < std::min(window.bottom, known - block.first_row); ++row)
      for (int col = window.left; col < window.right; ++col) {
        if (pooled.causal && block.tensor->op->masked(block.first_row + row, block.first_col + col)) continue;
        CellNumber number;
        number.centre = block.corner + glm::vec3((float(col) + 0.5f) * block.cell.x,
                                                 -(float(row) + 0.5f) * block.cell.y, 0.02f * em);
        float away = glm::length(number.centre - frame.eye);
        if (em * frame.pixels_a_unit < smallest * away) continue;
        if (++count > most_numbers) return;
        float value = numbers(block.first_row + row, block.first_col + col);
        if (std::isnan(value)) continue;  // was not computed
        const Range range = pool.range_of(*block.tensor, block.first_row + row, scene.range);
        write_number(number.text, value, pooled.range.limit);
        number.em = em;
        number.width = block.cell.x;
        number.ink = ink_for(*frame.palette, range, value);
        use(number);
      }
  }
}

}  // namespace orrery
