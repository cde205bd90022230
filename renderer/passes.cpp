#include "renderer/passes.h"

#include <glm/gtc/type_ptr.hpp>

#include <cmath>

namespace orrery {

Frame make_frame(const Scene& scene, int width, int height) {
  Frame frame;
  const Camera& camera = scene.camera;
  frame.view_projection = camera.projection(float(width) / float(height)) * camera.view();
  frame.eye = camera.eye();
  frame.resolution = {float(width), float(height)};
  frame.pixels_a_unit = float(height) * 0.5f / std::tan(camera.field_of_view * 0.5f);
  frame.focus = camera.distance;
  frame.time = scene.time;
  frame.text_scale = scene.text_scale;
  frame.theme = scene.theme;
  frame.palette = &palette(scene.theme, scene.colour_blind);
  return frame;
}

void begin(const Program& program, const Frame& frame) {
  program.use();
  const Palette& colours = *frame.palette;
  glUniformMatrix4fv(program.at("view_projection"), 1, GL_FALSE, glm::value_ptr(frame.view_projection));
  glUniform3fv(program.at("eye"), 1, glm::value_ptr(frame.eye));
  glUniform2fv(program.at("resolution"), 1, glm::value_ptr(frame.resolution));
  glUniform3fv(program.at("background_top"), 1, glm::value_ptr(colours.background_top));
  glUniform3fv(program.at("background_bottom"), 1, glm::value_ptr(colours.background_bottom));
  glUniform1f(program.at("dark"), frame.theme == Theme::dark ? 1.f : 0.f);
  glUniform1f(program.at("focus"), frame.focus);
}

std::uint32_t packed(glm::vec3 colour, float alpha) {
  auto byte = [](float value) { return std::uint32_t(std::lround(glm::clamp(value, 0.f, 1.f) * 255)); };
  return byte(colour.r) | byte(colour.g) << 8 | byte(colour.b) << 16 | byte(alpha) << 24;
}

StrandPass::StrandPass() {
  const GLenum real = GL_FLOAT;
  bind_instances(array_, buffer_, sizeof(Instance),
                 {{0, 4, real, false, 0},
                  {1, 4, real, false, 16},
                  {2, 4, real, false, 32},
                  {3, 4, real, false, 48},
                  {4, 4, GL_UNSIGNED_BYTE, false, offsetof(Instance, colour)}});
}

size_t StrandPass::prepare(const Scene& scene) {
  instances_.clear();
  for (const SceneStrand& strand : scene.strands) {
    if (instances_.size() == most_strands) break;
    const Strand* placed =
        scene.layout && strand.strand >= 0 ? &scene.layout->strands[size_t(strand.strand)] : nullptr;
    const glm::vec3* points = placed ? placed->points : strand.points;
    instances_.push_back({{glm::vec4(points[0], strand.width), glm::vec4(points[1], strand.flow),
                           glm::vec4(points[2], strand.phase),
                           glm::vec4(points[3], strand.arrow               ? 2.f
                                                : placed && placed->ribbon ? 1.f
                                                                           : 0.f)},
                          packed(strand.colour, strand.colour.a)});
  }
  return buffer_.set(instances_.data(), instances_.size() * sizeof(Instance));
}

void StrandPass::draw(const Frame& frame) {
  begin(program_, frame);
  glUniform1f(program_.at("time"), frame.time);
  glUniform1f(program_.at("pixels_a_unit"), frame.pixels_a_unit);
  glBindVertexArray(array_.name());
  glDrawArraysInstanced(GL_TRIANGLE_STRIP, 0, 42, GLsizei(instances_.size()));
}

bool BackdropPass::prepare(const Frame& frame) {
  if (palette_ == frame.palette && canvas_.width == int(frame.resolution.x) &&
      canvas_.height == int(frame.resolution.y))
    return false;
  palette_ = frame.palette;
  canvas_.resize(int(frame.resolution.x), int(frame.resolution.y), false);
  canvas_.bind();
  begin(program_, frame);
  glBindVertexArray(array_.name());
  glDrawArrays(GL_TRIANGLES, 0, 3);
  return true;
}

}  // namespace orrery
