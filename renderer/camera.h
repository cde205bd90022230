#pragma once
#include <glm/glm.hpp>
#include <glm/gtc/quaternion.hpp>
#include <span>

namespace orrery {

struct Ray {
  glm::vec3 origin{0}, direction{0, 0, -1};
};

/// Where the eye stands: looks from `distance` away at `target`, turned by yaw (about y) and pitch (about x),
/// in radians.
struct Camera {
  glm::vec3 target{0};
  float yaw = -0.16f, pitch = 0.1f;
  float distance = 100;
  float field_of_view = 0.5f;  ///< vertical, radians

  glm::vec3 eye() const;
  glm::mat4 view() const;
  glm::mat4 projection(float aspect) const;
  /// The ray through a point of the picture; x and y in 0..1 from the top left.
  Ray ray(float x, float y, float aspect) const;

  void orbit(float dx, float dy);  ///< radians
  void pan(float dx, float dy);    ///< in heights of the picture at the target
  /// Comes closer (factor < 1) to the point under the cursor.
  void zoom(float factor, float x, float y, float aspect);
  void fly(glm::vec3 right_up_forward);  ///< world units
  /// The camera with the same direction that shows the box [low, high] whole, with `margin` (part of the
  /// picture) free.
  Camera framing(glm::vec3 low, glm::vec3 high, float aspect, float margin = 0.04f) const;
  /// The same for a set of points (not empty).
  Camera framing(std::span<const glm::vec3> points, float aspect, float margin = 0.04f) const;
  bool operator==(const Camera&) const = default;
};

/// The camera `t` (0..1, eased) of the way from one to another.
Camera between(const Camera& from, const Camera& to, float t);

}  // namespace orrery
