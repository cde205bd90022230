#include "renderer/picker.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "tests/support/shapes.h"

using namespace orrery;

namespace {

/// Where a ray enters a box, by testing each of its six planes: slower and simpler than slabs.
float entry_distance(const Ray& ray, glm::vec3 low, glm::vec3 high) {
  float best = INFINITY;
  for (int axis = 0; axis < 3; ++axis)
    for (float plane : {low[axis], high[axis]}) {
      const float t = (plane - ray.origin[axis]) / ray.direction[axis];
      if (!(t > 0) || t >= best) continue;
      const glm::vec3 p = ray.origin + ray.direction * t;
      const int u = (axis + 1) % 3, v = (axis + 2) % 3;
      if (p[u] >= low[u] && p[u] <= high[u] && p[v] >= low[v] && p[v] <= high[v]) best = t;
    }
  return best;
}

}  // namespace

TEST_CASE("the nearest block is picked, as brute force over its planes finds it") {
  const Graph graph = test::shapes()[0].graph();
  const Layout layout = make_layout(graph, {11, 16 / 9.f});
  const Camera camera = frame_whole(layout, Camera{}, 16 / 9.f);
  std::mt19937 random(7);
  std::uniform_real_distribution<float> unit(0, 1);
  int hits = 0, differ = 0;
  for (int i = 0; i < 2000; ++i) {
    const Ray ray = camera.ray(unit(random), unit(random), 16 / 9.f);
    float nearest = INFINITY;
    for (const Block& block : layout.blocks)
      nearest =
          std::min(nearest, entry_distance(ray, block.corner - glm::vec3(0, block.size().y, block.depth),
                                           block.corner + glm::vec3(block.size().x, 0, 0)));
    const auto found = pick(ray, layout);
    hits += found.has_value();
    if (found.has_value() != std::isfinite(nearest) ||
        (found && std::abs(found->distance - nearest) > 1e-3f * nearest))
      ++differ;
  }
  CHECK(hits > 200);  // enough of both kinds for the comparison to mean something
  CHECK(hits < 1800);
  CHECK(differ <= 2);  // rays that graze an edge may fall either way
}

TEST_CASE("a ray at the middle of a cell picks that cell, folded tables too") {
  for (int shape : {0, 2}) {
    const Graph graph = test::shapes()[size_t(shape)].graph();
    const Layout layout = make_layout(graph, {11, 16 / 9.f});
    int wrong = 0;
    for (size_t i = 0; i < layout.blocks.size(); ++i) {
      const Block& block = layout.blocks[i];
      const int row = block.rows / 2, col = block.cols - 1;
      const glm::vec3 middle = block.corner + glm::vec3((float(col) + 0.5f) * block.cell.x,
                                                        -(float(row) + 0.5f) * block.cell.y, 0);
      // Starts just in front of the face, so that nothing stands between.
      const auto found = pick({middle + glm::vec3(0, 0, 0.05f), {0, 0, -1}}, layout);
      if (!found || found->block != int(i) ||
          !(found->cell == Cell{block.tensor, block.first_row + row, block.first_col + col}))
        ++wrong;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("a ray into the empty picks nothing") {
  const Graph graph = test::shapes()[0].graph();
  const Layout layout = make_layout(graph, {11, 16 / 9.f});
  CHECK_FALSE(pick({{layout.high.x + 50, 0, 100}, {0, 0, -1}}, layout));
  CHECK_FALSE(pick({{10, -10, 100}, {0, 0, 1}}, layout));
}
