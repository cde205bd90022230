#pragma once
#include <algorithm>
#include <cmath>
#include <vector>

#include "renderer/camera.h"
#include "renderer/layout.h"
#include "renderer/layout_arrange.h"

namespace orrery::test {

/// Which 16x16 tiles of a picture show a block, a label or a strand; plates, backdrop and shadows do not
/// count. A tile counts if one of its 4x4-pixel squares' centres is hit.
class Tiles {
 public:
  Tiles(int width, int height) : width_(width / 4), height_(height / 4), hit_(size_t(width_ * height_)) {}

  bool outside = false;  ///< something stands wholly or partly outside of the picture

  void add(const Layout& layout, const Camera& camera, bool count_labels = true) {
    const float aspect = float(width_) / float(height_);
    matrix_ = camera.projection(aspect) * camera.view();
    for (const Block& block : layout.blocks) {
      const glm::vec3 a = block.corner, right{block.size().x, 0, 0}, down{0, -block.size().y, 0};
      const glm::vec3 back{0, 0, -block.depth};
      quad(a, right, down);
      quad(a + back, right, down);
      quad(a, back, down);
      quad(a + right, back, down);
      quad(a, back, right);
      quad(a + down, back, right);
    }
    for (const Label& label : layout.labels) {
      if (!count_labels) break;
      const float wide = written_width(label);
      quad(label.anchor - glm::vec3(wide * label.align, 0, 0), {wide, 0, 0}, {0, label.height * 0.7f, 0});
    }
    for (const Strand& strand : layout.strands) {
      for (int i = 0; i < 400; ++i) {
        const float t = float(i) / 399, s = 1 - t;
        const glm::vec3 p = s * s * s * strand.points[0] + 3 * s * s * t * strand.points[1] +
                            3 * s * t * t * strand.points[2] + t * t * t * strand.points[3];
        point(p);
      }
    }
  }

  double coverage() const {
    int shown = 0, all = 0;
    for (int y = 0; y + 4 <= height_; y += 4)
      for (int x = 0; x + 4 <= width_; x += 4, ++all) {
        bool any = false;
        for (int i = 0; i < 16; ++i) any |= hit_[size_t((y + i / 4) * width_ + x + i % 4)];
        shown += any;
      }
    return double(shown) / all;
  }

 private:
  glm::vec2 project(glm::vec3 world) {
    const glm::vec4 clip = matrix_ * glm::vec4(world, 1);
    const glm::vec2 p{(clip.x / clip.w * 0.5f + 0.5f) * float(width_),
                      (0.5f - clip.y / clip.w * 0.5f) * float(height_)};
    if (p.x < 0 || p.y < 0 || p.x > float(width_) || p.y > float(height_)) outside = true;
    return p;
  }
  void point(glm::vec3 world) {
    const glm::vec2 p = project(world);
    const int x = int(std::floor(p.x)), y = int(std::floor(p.y));
    if (x >= 0 && y >= 0 && x < width_ && y < height_) hit_[size_t(y * width_ + x)] = true;
  }
  void quad(glm::vec3 corner, glm::vec3 a, glm::vec3 b) {
    const glm::vec2 p = project(corner), u = project(corner + a) - p, v = project(corner + b) - p;
    const float det = u.x * v.y - u.y * v.x;
    if (std::abs(det) < 1e-6f) return;
    const glm::vec2 low = glm::min(glm::min(p, p + u), glm::min(p + v, p + u + v));
    const glm::vec2 high = glm::max(glm::max(p, p + u), glm::max(p + v, p + u + v));
    for (int y = std::max(0, int(low.y)); y <= std::min(height_ - 1, int(high.y)); ++y)
      for (int x = std::max(0, int(low.x)); x <= std::min(width_ - 1, int(high.x)); ++x) {
        const glm::vec2 d = glm::vec2(float(x) + 0.5f, float(y) + 0.5f) - p;
        const float s = (d.x * v.y - d.y * v.x) / det, t = (u.x * d.y - u.y * d.x) / det;
        if (s >= 0 && t >= 0 && s <= 1 && t <= 1) hit_[size_t(y * width_ + x)] = true;
      }
  }

  int width_, height_;
  std::vector<bool> hit_;
  glm::mat4 matrix_{1};
};

}  // namespace orrery::test
