#include "renderer/text_pass.h"

#include <algorithm>

#include "renderer/cell_numbers.h"

namespace orrery {
namespace {

std::int16_t parts(float ems) { return std::int16_t(std::clamp(ems, -63.f, 63.f) * 512); }

}  // namespace

TextPass::TextPass() { bind_instances(array_, buffer_, sizeof(Instance), {}); }

/// Finds out how large the text is on the screen and where; false if it is not to be seen.
bool TextPass::place(const SceneText& text, const Frame& frame, int index) {
  float distance = glm::length(text.anchor - frame.eye);
  TextSize size = text_size(text.height * frame.pixels_a_unit / std::max(distance, 1e-3f), text.rank);
  if (size.alpha <= 0 || text.text.empty()) return false;
  float em = text.height * size.factor;
  // A first look with a bound on its width, so that nothing is rasterised that is not in view.
  glm::vec4 clip = frame.view_projection * glm::vec4(text.anchor, 1);
  if (clip.w <= 0) return false;
  float widest = float(text.text.size()) * em * 2 * frame.pixels_a_unit / distance / frame.resolution.x * 2;
  if (std::abs(clip.x / clip.w) > 1 + widest || std::abs(clip.y / clip.w) > 1.1f) return false;
  float width = atlas_.width(text.text);
  if (text.max_width > 0 && width * em > text.max_width) {
    float fit = text.max_width / (width * em);
    float smaller = text.height * frame.pixels_a_unit / std::max(distance, 1e-3f) * size.factor * fit;
    size.alpha = std::min(size.alpha, text_size(smaller, text.rank).alpha);
    if (size.alpha <= 0) return false;
    em *= fit;
  }
  ScreenLabel label;
  label.low = glm::vec2(1e9f);
  label.high = glm::vec2(-1e9f);
  for (int corner = 0; corner < 4; ++corner) {
    glm::vec3 point = text.anchor + glm::vec3((float(corner & 1) - text.align) * width * em,
                                              (corner & 2 ? 0.82f : -0.16f) * em, 0);
    glm::vec4 at = frame.view_projection * glm::vec4(point, 1);
    if (at.w <= 0) return false;
    glm::vec2 pixel = (glm::vec2(at) / at.w * 0.5f + 0.5f) * frame.resolution;
    label.low = glm::min(label.low, pixel);
    label.high = glm::max(label.high, pixel);
  }
  label.priority = text.priority * 10 - float(text.rank);
  label.index = index;
  labels_.push_back(label);
  placed_.push_back({&text, em, size.alpha, width});
  return true;
}

void TextPass::add(std::string_view text, glm::vec3 anchor, float em, float align, float width,
                   std::uint32_t ink) {
  float pen = -align * width;
  while (!text.empty()) {
    const Glyph& glyph = atlas_.glyph(next_character(text));
    if (glyph.width > 0)
      instances_.push_back(
          {glm::vec4(anchor, em),
           {parts(pen + glyph.left), parts(glyph.top), parts(glyph.width), parts(glyph.height)},
           {std::uint16_t(glyph.atlas_x), std::uint16_t(glyph.atlas_y), std::uint16_t(glyph.atlas_width),
            std::uint16_t(glyph.atlas_height)},
           ink});
    pen += glyph.advance;
  }
}

void TextPass::add_numbers(const Scene& scene, const Frame& frame, const ValuePool& pool) {
  instances_.clear();
  for_each_number(scene, frame, pool, [&](const CellNumber& number) {
    float width = atlas_.width(number.text), em = std::min(number.em, 0.88f * number.width / width);
    add(number.text, number.centre - glm::vec3(0, 0.36f * em, 0), em, 0.5f, width, packed(number.ink, 1));
  });
  numbers_ = int(instances_.size());
  numbers_steps_ = scene.steps;
  numbers_age_ = 0;
}

size_t TextPass::prepare(const Scene& scene, const Frame& frame, const ValuePool& pool, bool still) {
  bool moved = !(scene.camera == numbers_camera_);
  numbers_camera_ = scene.camera;
  if (still || !moved || scene.steps != numbers_steps_ || ++numbers_age_ > 15)
    add_numbers(scene, frame, pool);
  instances_.resize(size_t(numbers_));
  placed_.clear();
  labels_.clear();
  for (const SceneText& text : scene.texts) place(text, frame, int(placed_.size()));
  keep_clear_labels(labels_);
  for (const ScreenLabel& label : labels_) {
    const Placed& placed = placed_[size_t(label.index)];
    glm::vec4 colour = placed.text->colour;
    add(placed.text->text, placed.text->anchor, placed.em, placed.text->align, placed.width,
        packed(colour, colour.a * placed.alpha));
  }
  return buffer_.set(instances_.data(), instances_.size() * sizeof(Instance)) + atlas_.upload();
}

void TextPass::draw(const Frame& frame, int first, int count, float halo) {
  if (count == 0) return;
  begin(program_, frame);
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, atlas_.texture().name());
  glUniform1i(program_.at("glyphs"), 0);
  glUniform2f(program_.at("atlas_size"), float(atlas_.size()), float(atlas_.size()));
  glUniform1f(program_.at("spread"), float(GlyphAtlas::spread));
  glUniform1f(program_.at("halo"), halo);
  size_t start = size_t(first) * sizeof(Instance);
  bind_instances(array_, buffer_, sizeof(Instance),
                 {{0, 4, GL_FLOAT, false, start + offsetof(Instance, anchor)},
                  {1, 4, GL_SHORT, false, start + offsetof(Instance, box)},
                  {2, 4, GL_UNSIGNED_SHORT, false, start + offsetof(Instance, atlas)},
                  {3, 4, GL_UNSIGNED_BYTE, false, start + offsetof(Instance, ink)}});
  glDrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, count);
}

}  // namespace orrery
