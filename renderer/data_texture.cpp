#include "renderer/data_texture.h"

#include <algorithm>
#include <bit>

namespace orrery {

size_t DataTexture::set(std::span<const glm::vec4> data) {
  const int rows = (int(data.size()) + width - 1) / width;
  if (rows > rows_) {
    rows_ = int(std::bit_ceil(unsigned(rows)));
    held_.clear();
    texture_ = Texture::make();
    glBindTexture(GL_TEXTURE_2D, texture_.name());
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA32F, width, rows_, 0, GL_RGBA, GL_FLOAT, nullptr);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  }
  size_t bytes = 0;
  glBindTexture(GL_TEXTURE_2D, texture_.name());
  for (int row = 0; row < rows; ++row) {
    const size_t begin = size_t(row) * width, count = std::min<size_t>(width, data.size() - begin);
    const auto now = data.subspan(begin, count);
    if (held_.size() >= begin + count && std::ranges::equal(now, std::span(held_).subspan(begin, count)))
      continue;
    glTexSubImage2D(GL_TEXTURE_2D, 0, 0, row, int(count), 1, GL_RGBA, GL_FLOAT, now.data());
    bytes += now.size_bytes();
  }
  if (bytes > 0) held_.assign(data.begin(), data.end());
  return bytes;
}

void DataTexture::bind(int unit) const {
  glActiveTexture(GLenum(GL_TEXTURE0 + unit));
  glBindTexture(GL_TEXTURE_2D, texture_.name());
  glActiveTexture(GL_TEXTURE0);
}

}  // namespace orrery
