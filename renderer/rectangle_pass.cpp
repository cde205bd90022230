#include <algorithm>

#include "renderer/passes.h"

namespace orrery {

RectanglePass::RectanglePass() { bind_instances(array_, buffer_, sizeof(Instance), {}); }

void RectanglePass::add_shadow(const Block& block, Emphasis emphasis, const Palette& palette, Theme theme) {
  if (emphasis == Emphasis::ghost) return;
  bool dark = theme == Theme::dark, lit = emphasis == Emphasis::operand || emphasis == Emphasis::result;
  glm::vec2 size = block.size();
  float soft = std::clamp(0.25f * std::min(size.x, size.y) + 0.6f, 0.8f, 4.f);
  glm::vec3 corner = block.corner - glm::vec3(0, 0, block.depth);
  Instance shadow{};
  shadow.corner = corner + glm::vec3(0.25f * soft, -0.35f * soft, 0);
  shadow.size = size;
  if (lit) {
    // What is at work throws light instead.
    shadow.corner = corner;
    float strength = emphasis == Emphasis::result ? 0.85f : 0.45f;
    shadow.fill = packed(palette.frame(block.tensor->kind), dark ? strength * 0.7f : strength * 0.6f);
    shadow.glow.y = dark ? 1.f : 0.f;
    soft *= 1.3f;
  } else {
    shadow.fill = packed(dark ? glm::vec3(0) : glm::vec3(0.18f, 0.22f, 0.34f),
                         (dark ? 0.55f : 0.30f) * (emphasis == Emphasis::dimmed ? 0.5f : 1.f));
  }
  shadow.shape = {soft, soft, 0, 0};
  instances_.push_back(shadow);
}

void RectanglePass::add_mark(const Mark& mark, const Scene& scene) {
  const Region& region = mark.region;
  const Layout& layout = *scene.layout;
  if (!region.tensor || size_t(region.tensor->index) >= layout.blocks_of.size()) return;
  for (int index : layout.blocks_of[size_t(region.tensor->index)]) {
    const Block& block = layout.blocks[size_t(index)];
    int left = std::max(region.col, block.first_col), top = std::max(region.row, block.first_row);
    int right = std::min(region.col + region.cols, block.first_col + block.cols);
    int bottom = std::min(region.row + region.rows, block.first_row + block.rows);
    if (left >= right || top >= bottom) continue;
    float cell = std::min(block.cell.x, block.cell.y);
    Instance outline{};
    outline.corner = block.corner + glm::vec3(float(left - block.first_col) * block.cell.x,
                                              -float(top - block.first_row) * block.cell.y, 0.04f * cell);
    outline.size = {float(right - left) * block.cell.x, float(bottom - top) * block.cell.y};
    // From far away still some pixels in size.
    const glm::vec2 grow = glm::max(glm::vec2(4 * world_pixel(scene)) - outline.size, 0.f);
    outline.corner += glm::vec3(-grow.x, grow.y, 0) * 0.5f;
    outline.size += grow;
    cell = std::max(cell, 6 * world_pixel(scene));
    outline.fill = packed(mark.colour, mark.colour.a * 0.10f);
    outline.line = packed(mark.colour, mark.colour.a);
    outline.shape = {0.14f * cell, 0, 0.4f * cell, 2.0f};
    outline.glow = {0.55f * mark.colour.a, 0};
    instances_.push_back(outline);
  }
}

size_t RectanglePass::prepare(const Scene& scene, const Palette& palette) {
  instances_.clear();
  bool dark = scene.theme == Theme::dark;
  for (const Plate& plate : scene.layout->plates) {
    Instance instance{};
    instance.corner = plate.corner;
    instance.size = plate.size;
    instance.fill = dark ? packed({0.55f, 0.65f, 1.f}, 0.045f) : packed({1, 1, 1}, 0.55f);
    instance.line = packed(palette.faint_text, dark ? 0.22f : 0.25f);
    instance.shape = {std::min(2.f, 0.1f * std::min(plate.size.x, plate.size.y)), 0, 0, 1};
    instances_.push_back(instance);
  }
  plates_ = int(instances_.size());
  for (size_t i = 0; i < scene.layout->blocks.size(); ++i)
    add_shadow(scene.layout->blocks[i], i < scene.blocks.size() ? scene.blocks[i].emphasis : Emphasis::normal,
               palette, scene.theme);
  for (const Sheet& sheet : scene.sheets) {
    Instance instance{};
    instance.corner = sheet.corner;
    instance.size = sheet.size;
    instance.fill = packed(sheet.fill, sheet.fill.a);
    instance.line = packed(sheet.line, sheet.line.a);
    instance.shape = {0.06f * std::min(sheet.size.x, sheet.size.y), 0, 0, 1.4f};
    instances_.push_back(instance);
  }
  shadows_ = int(instances_.size()) - plates_;
  for (const Mark& mark : scene.marks) add_mark(mark, scene);
  marks_ = int(instances_.size()) - plates_ - shadows_;
  return buffer_.set(instances_.data(), instances_.size() * sizeof(Instance));
}

void RectanglePass::draw(const Frame& frame, int first, int count) {
  if (count == 0) return;
  begin(program_, frame);
  // OpenGL 3.3 has no first instance: the attributes start there instead.
  size_t start = size_t(first) * sizeof(Instance);
  bind_instances(array_, buffer_, sizeof(Instance),
                 {{0, 3, GL_FLOAT, false, start + offsetof(Instance, corner)},
                  {1, 2, GL_FLOAT, false, start + offsetof(Instance, size)},
                  {2, 4, GL_UNSIGNED_BYTE, false, start + offsetof(Instance, fill)},
                  {3, 4, GL_UNSIGNED_BYTE, false, start + offsetof(Instance, line)},
                  {4, 4, GL_FLOAT, false, start + offsetof(Instance, shape)},
                  {5, 2, GL_FLOAT, false, start + offsetof(Instance, glow)}});
  glDrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, count);
}

}  // namespace orrery
