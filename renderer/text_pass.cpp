#include "renderer/text_pass.h"

#include <algorithm>

#include "renderer/cell_numbers.h"

namespace orrery {
namespace {

constexpr size_t most_places = 65536;  // texts and glyphs that an instance can name

std::int16_t parts(float ems) { return std::int16_t(std::clamp(ems, -63.f, 63.f) * 512); }

}  // namespace

TextPass::TextPass() : glyph_boxes_(2) { bind_instances(array_, buffer_, sizeof(Instance), {}); }

/// Finds out how large the text is on the screen and where; false if it is not to be seen.
bool TextPass::place(const SceneText& text, const Frame& frame, int index) {
  float distance = glm::length(text.anchor - frame.eye);
  const bool fixed = text.pixels > 0;
  // As a person sees it: up to one and a half times as many pixels show more detail at the same size of
  // letters; beyond that, pixels are smaller and letters have to grow with them.
  const float enlarged = std::max(1.f, frame.text_scale / 1.5f);
  const float seen = frame.pixels_a_unit / std::max(distance, 1e-3f) / enlarged;
  TextSize size;
  if (!fixed) size = text_size(text.height * seen, text.rank);
  if (size.alpha <= 0 || text.text.empty()) return false;
  float em =
      fixed ? text.pixels * frame.text_scale * distance / frame.pixels_a_unit : text.height * size.factor;
  // A first look with a bound on its width, so that nothing is rasterised that is not in view.
  glm::vec4 clip = frame.view_projection * glm::vec4(text.anchor, 1);
  if (clip.w <= 0) return false;
  float widest = float(text.text.size()) * em * 2 * frame.pixels_a_unit / distance / frame.resolution.x * 2;
  if (std::abs(clip.x / clip.w) > 1 + widest || std::abs(clip.y / clip.w) > 1.1f) return false;
  float width = atlas_.width(text.text);
  if (text.max_width > 0 && width * em > text.max_width) {
    float fit = text.max_width / (width * em);
    size.alpha = std::min(size.alpha, text_size(text.height * seen * size.factor * fit, text.rank).alpha);
    if (size.alpha <= 0) return false;
    em *= fit;
  }
  ScreenLabel label;
  glm::vec3 anchor = text.anchor + glm::vec3(text.shift * em, 0);
  if (!find_rectangle(anchor, em, width, text.align, frame, label)) return false;
  if (fixed) {
    // Lines below each other slant alike: they need no more room than level ones.
    const float middle = 0.5f * (label.low.y + label.high.y), half = 0.49f * text.pixels * frame.text_scale;
    label.low.y = middle - half;
    label.high.y = middle + half;
    // What is as large as this on purpose is kept inside of the picture.
    const glm::vec2 low(6), high = frame.resolution - 6.f;
    const glm::vec2 move = glm::max(low - label.low, 0.f) - glm::max(label.high - high, 0.f);
    if (move != glm::vec2(0)) {
      anchor += glm::vec3(move * (em / (text.pixels * frame.text_scale)), 0);
      label.low += move;
      label.high += move;
    }
  }
  label.priority = text.priority * 10 - float(text.rank);
  label.index = index;
  labels_.push_back(label);
  placed_.push_back({&text, anchor, em, size.alpha, width});
  return true;
}

/// Keeps texts of the scene off a sheet that carries a drawing.
void TextPass::cover(const Sheet& sheet, const Frame& frame) {
  if (!sheet.covers) return;
  ScreenLabel label;
  const glm::vec3 foot = sheet.corner - glm::vec3(0, sheet.size.y, 0);
  for (int corner = 0; corner < 4; ++corner) {
    const glm::vec3 point = foot + glm::vec3(corner & 1 ? sheet.size.x : 0, corner & 2 ? sheet.size.y : 0, 0);
    const glm::vec4 at = frame.view_projection * glm::vec4(point, 1);
    if (at.w <= 0) return;
    const glm::vec2 pixel = (glm::vec2(at) / at.w * 0.5f + 0.5f) * frame.resolution;
    label.low = corner == 0 ? pixel : glm::min(label.low, pixel);
    label.high = corner == 0 ? pixel : glm::max(label.high, pixel);
  }
  label.priority = 300;  // below what is written as large as this on purpose
  label.index = -1;
  labels_.push_back(label);
}

/// Where on the screen a text stands; false if a part of it lies behind the eye.
bool TextPass::find_rectangle(glm::vec3 anchor, float em, float width, float align, const Frame& frame,
                              ScreenLabel& label) {
  label.low = glm::vec2(1e9f);
  label.high = glm::vec2(-1e9f);
  for (int corner = 0; corner < 4; ++corner) {
    glm::vec3 point =
        anchor + glm::vec3((float(corner & 1) - align) * width * em, (corner & 2 ? 0.82f : -0.16f) * em, 0);
    glm::vec4 at = frame.view_projection * glm::vec4(point, 1);
    if (at.w <= 0) return false;
    glm::vec2 pixel = (glm::vec2(at) / at.w * 0.5f + 0.5f) * frame.resolution;
    label.low = glm::min(label.low, pixel);
    label.high = glm::max(label.high, pixel);
  }
  return true;
}

/// A patch behind a text of that width: the inside of a full block, stretched.
void TextPass::add_backing(glm::vec3 anchor, float em, float align, float width, std::uint32_t ink) {
  const Glyph& block = atlas_.glyph(U'\u2588');
  const float pad = 0.3f, left = -align * width - pad;
  glyph_boxes_[0] = glm::vec4(parts(0.98f), parts(1.3f), 0, 0);
  glyph_boxes_[1] = glm::vec4(std::uint16_t(block.atlas_x + block.atlas_width * 0.5f),
                              std::uint16_t(block.atlas_y + block.atlas_height * 0.5f), 1, 1);
  if (const int place = new_text(anchor, em); place >= 0)
    instances_.push_back({parts(left), parts(width + 2 * pad), 0, std::uint16_t(place), ink});
}

int TextPass::new_text(glm::vec3 anchor, float em) {
  if (texts_.size() >= most_places) return -1;
  texts_.emplace_back(anchor, em);
  return int(texts_.size()) - 1;
}

std::uint16_t TextPass::box_of(const Glyph& glyph) {
  const size_t place = std::min(size_t(glyph.index) + 1, most_places - 1);
  if (glyph_boxes_.size() < 2 * (place + 1)) glyph_boxes_.resize(2 * (place + 1));
  glyph_boxes_[2 * place] = glm::vec4(parts(glyph.top), parts(glyph.height), 0, 0);
  glyph_boxes_[2 * place + 1] =
      glm::vec4(glyph.atlas_x, glyph.atlas_y, glyph.atlas_width, glyph.atlas_height);
  return std::uint16_t(place);
}

void TextPass::add(std::string_view text, glm::vec3 anchor, float em, float align, float width,
                   std::uint32_t ink) {
  const int place = new_text(anchor, em);
  if (place < 0) return;
  float pen = -align * width;
  while (!text.empty()) {
    const Glyph& glyph = atlas_.glyph(next_character(text));
    if (glyph.width > 0)
      instances_.push_back(
          {parts(pen + glyph.left), parts(glyph.width), box_of(glyph), std::uint16_t(place), ink});
    pen += glyph.advance;
  }
}

void TextPass::add_numbers(const Scene& scene, const Frame& frame, const ValuePool& pool) {
  instances_.clear();
  texts_.clear();
  for_each_number(scene, frame, pool, [&](const CellNumber& number) {
    float width = atlas_.width(number.text), em = std::min(number.em, 0.88f * number.width / width);
    add(number.text, number.centre - glm::vec3(0, 0.36f * em, 0), em, 0.5f, width, packed(number.ink, 1));
  });
  numbers_ = int(instances_.size());
  number_texts_ = int(texts_.size());
  numbers_steps_ = scene.steps;
  numbers_age_ = 0;
}

size_t TextPass::prepare(const Scene& scene, const Frame& frame, const ValuePool& pool, bool still) {
  bool moved = !(scene.camera == numbers_camera_);
  numbers_camera_ = scene.camera;
  if (still || !moved || scene.steps != numbers_steps_ || ++numbers_age_ > 15)
    add_numbers(scene, frame, pool);
  instances_.resize(size_t(numbers_));
  texts_.resize(size_t(number_texts_));
  placed_.clear();
  labels_.clear();
  for (const SceneText& text : scene.texts) place(text, frame, int(placed_.size()));
  for (const Sheet& sheet : scene.sheets) cover(sheet, frame);
  keep_clear_labels(labels_);
  for (const ScreenLabel& label : labels_) {
    if (label.index < 0) continue;
    const Placed& placed = placed_[size_t(label.index)];
    glm::vec4 colour = placed.text->colour;
    if (const glm::vec4 back = placed.text->backing; back.a > 0)
      add_backing(placed.anchor, placed.em, placed.text->align, placed.width, packed(back, back.a));
    add(placed.text->text, placed.anchor, placed.em, placed.text->align, placed.width,
        packed(colour, colour.a * placed.alpha));
  }
  return buffer_.set(instances_.data(), instances_.size() * sizeof(Instance)) + text_list_.set(texts_) +
         glyph_list_.set(glyph_boxes_) + atlas_.upload();
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
  text_list_.bind(1);
  glyph_list_.bind(2);
  glUniform1i(program_.at("texts"), 1);
  glUniform1i(program_.at("glyph_boxes"), 2);
  size_t start = size_t(first) * sizeof(Instance);
  bind_instances(array_, buffer_, sizeof(Instance),
                 {{0, 2, GL_SHORT, false, start + offsetof(Instance, left)},
                  {1, 2, GL_UNSIGNED_SHORT, true, start + offsetof(Instance, glyph)},
                  {2, 4, GL_UNSIGNED_BYTE, false, start + offsetof(Instance, ink)}});
  glDrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 4, count);
}

}  // namespace orrery
