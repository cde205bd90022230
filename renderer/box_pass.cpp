#include <glm/gtc/type_ptr.hpp>

#include <cmath>

#include "renderer/passes.h"

namespace orrery {

BoxPass::BoxPass() {
  bind_instances(array_, fixed_buffer_, sizeof(Fixed),
                 {{0, 4, GL_FLOAT, false, offsetof(Fixed, corner_depth)},
                  {1, 2, GL_FLOAT, false, offsetof(Fixed, cell)},
                  {2, 4, GL_INT, true, offsetof(Fixed, window)},
                  {3, 1, GL_UNSIGNED_INT, true, offsetof(Fixed, table_index)},
                  {4, 4, GL_UNSIGNED_BYTE, true, offsetof(Fixed, traits)}});
  bind_instances(array_, changing_buffer_, sizeof(Changing),
                 {{5, 1, GL_FLOAT, false, offsetof(Changing, inverse_range)},
                  {6, 2, GL_INT, true, offsetof(Changing, known_rows)},
                  {7, 2, GL_UNSIGNED_SHORT, false, offsetof(Changing, emphasis)},
                  {8, 1, GL_UNSIGNED_INT, true, offsetof(Changing, window_line)}});
}

size_t BoxPass::prepare(const Scene& scene, const ValuePool& pool) {
  fixed_.clear();
  changing_.clear();
  for (size_t i = 0; i < scene.layout->blocks.size(); ++i) {
    const Block& block = scene.layout->blocks[i];
    const PooledTensor& pooled = pool.of(*block.tensor);
    const bool by_row = scene.range == RangeRule::row && !pooled.range.attention;
    auto flags = std::uint8_t((pooled.causal ? 1 : 0) | (pooled.range.attention ? 2 : 0) | (by_row ? 4 : 0));
    fixed_.push_back({glm::vec4(block.corner, block.depth),
                      block.cell,
                      {block.first_col, block.first_row, block.cols, block.rows},
                      std::uint32_t(block.tensor->index),
                      {std::uint8_t(block.tensor->kind), flags, std::uint8_t(pooled.first_level),
                       std::uint8_t(pooled.levels)}});
    BlockState state = i < scene.blocks.size() ? scene.blocks[i] : BlockState{};
    // Rows that are known but not uploaded yet have nothing to show.
    int known = std::min(state.known_rows, pooled.uploaded);
    changing_.push_back({1 / pool.range_of(*block.tensor, -1, scene.range).limit, known, state.fresh_row,
                         std::uint16_t(state.emphasis),
                         std::uint16_t(std::lround(glm::clamp(state.progress, 0.f, 1.f) * 4096)),
                         pool.window_line(int(i))});
  }
  return fixed_buffer_.set(fixed_.data(), fixed_.size() * sizeof(Fixed)) +
         changing_buffer_.set(changing_.data(), changing_.size() * sizeof(Changing));
}

void BoxPass::bake_ramps(const Palette& palette) {
  std::vector<std::uint32_t> texels(512 * 2);
  for (int i = 0; i < 512; ++i) {
    float part = float(i) / 511;
    texels[size_t(i)] = packed(value_colour(palette, part * 2 - 1), 1);
    texels[size_t(512 + i)] = packed(attention_colour(palette, part), 1);
  }
  if (!ramps_) ramps_ = Texture::make();
  glBindTexture(GL_TEXTURE_2D, ramps_.name());
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, 512, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, texels.data());
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  baked_ = &palette;
}

void BoxPass::draw(const Frame& frame, const ValuePool& pool) {
  const Palette& colours = *frame.palette;
  if (baked_ != &colours) bake_ramps(colours);
  begin(program_, frame);
  pool.bind(0, 1);
  glActiveTexture(GL_TEXTURE2);
  glBindTexture(GL_TEXTURE_2D, ramps_.name());
  glActiveTexture(GL_TEXTURE0);
  glUniform1i(program_.at("values"), 0);
  glUniform1i(program_.at("value_table"), 1);
  glUniform1i(program_.at("ramps"), 2);
  bool dark = frame.theme == Theme::dark;
  glm::vec3 middle = glm::mix(colours.background_bottom, colours.background_top, 0.5f);
  glm::vec3 gap = dark ? middle * 0.45f : glm::mix(colours.neutral, colours.faint_text, 0.25f);
  glm::vec3 empty = dark ? middle * 0.85f : glm::mix(colours.background_bottom, glm::vec3(1), 0.5f);
  glm::vec3 hatch = glm::mix(empty, colours.faint_text, dark ? 0.28f : 0.35f);
  glUniform3fv(program_.at("gap_colour"), 1, glm::value_ptr(gap));
  glUniform3fv(program_.at("empty_colour"), 1, glm::value_ptr(empty));
  glUniform3fv(program_.at("hatch_colour"), 1, glm::value_ptr(hatch));
  glUniform3fv(program_.at("frames"), 5, glm::value_ptr(colours.frames[0]));
  glBindVertexArray(array_.name());
  glDrawArraysInstanced(GL_TRIANGLES, 0, 30, GLsizei(fixed_.size()));
}

}  // namespace orrery
