#pragma once
#include <glm/glm.hpp>
#include <span>
#include <vector>

#include "renderer/gl.h"

namespace orrery {

/// A list of vectors that a shader reads by their numbers: texel i is (i % width, i / width), four floats.
class DataTexture {
 public:
  static constexpr int width = 256;  ///< texels a row; the shaders know it
  /// Makes it hold `data`; uploads the rows that differ from what it holds. Returns the bytes uploaded.
  size_t set(std::span<const glm::vec4> data);
  /// Makes it the texture of that unit. The unit in use is 0 afterwards.
  void bind(int unit) const;

 private:
  Texture texture_;
  int rows_ = 0;
  std::vector<glm::vec4> held_;
};

}  // namespace orrery
