#include "app/heat_texture.h"

#include "renderer/gl.h"

namespace orrery {

void HeatTexture::show(std::shared_ptr<const void> of, int look, int width, int height,
                       const std::function<void(std::vector<ImU32>&)>& paint) {
  if (texture_ && of == of_ && look == look_) return;
  std::vector<ImU32> pixels(size_t(width) * size_t(height));
  paint(pixels);
  if (!texture_) glGenTextures(1, &texture_);
  glBindTexture(GL_TEXTURE_2D, texture_);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
  glBindTexture(GL_TEXTURE_2D, 0);
  of_ = std::move(of);
  look_ = look;
}

void HeatTexture::close() {
  if (texture_) glDeleteTextures(1, &texture_);
  texture_ = 0;
  of_.reset();
}

}  // namespace orrery
