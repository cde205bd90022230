#include "renderer/camera.h"

#include <algorithm>
#include <cmath>
#include <glm/gtc/matrix_transform.hpp>

namespace orrery {
namespace {

constexpr float steepest = 1.45f, nearest = 0.5f, farthest = 1e5f;

/// Right, up and backwards (towards the eye) of a camera.
glm::mat3 axes(const Camera& camera) {
  const float cy = std::cos(camera.yaw), sy = std::sin(camera.yaw);
  const float cp = std::cos(camera.pitch), sp = std::sin(camera.pitch);
  return {{cy, 0, -sy}, {-sy * sp, cp, -cy * sp}, {sy * cp, sp, cy * cp}};
}

}  // namespace

glm::vec3 Camera::eye() const { return target + axes(*this)[2] * distance; }

glm::mat4 Camera::view() const {
  const glm::mat3 basis = axes(*this);
  const glm::vec3 from = eye();
  glm::mat4 view(glm::transpose(basis));
  view[3] = glm::vec4(-(glm::transpose(basis) * from), 1);
  return view;
}

glm::mat4 Camera::projection(float aspect) const {
  // The scene is some thousand units deep at most; the near plane follows the distance to keep precision.
  const float near = std::max(0.02f, distance * 0.01f);
  return glm::perspective(field_of_view, std::max(aspect, 1e-3f), near, distance * 4 + 4000);
}

Ray Camera::ray(float x, float y, float aspect) const {
  const float tangent = std::tan(field_of_view / 2);
  const glm::vec3 in_view{(2 * x - 1) * tangent * aspect, (1 - 2 * y) * tangent, -1};
  return {eye(), glm::normalize(axes(*this) * in_view)};
}

void Camera::orbit(float dx, float dy) {
  const float half_turn = 1.4f;  // faces look at +z: from behind there would be nothing to see
  yaw = std::clamp(yaw + dx, -half_turn, half_turn);
  pitch = std::clamp(pitch + dy, -steepest, steepest);
}

void Camera::pan(float dx, float dy) {
  const glm::mat3 basis = axes(*this);
  const float height = 2 * distance * std::tan(field_of_view / 2);
  target += (basis[0] * dx + basis[1] * dy) * height;
}

void Camera::zoom(float factor, float x, float y, float aspect) {
  const float wanted = std::clamp(distance * factor, nearest, farthest);
  const float ratio = wanted / distance;
  // Scaling the eye's offset around the point that the cursor's ray meets in the plane through the target
  // keeps that point where it is in the picture.
  const Ray through = ray(x, y, aspect);
  const glm::vec3 back = axes(*this)[2];
  const float along = glm::dot(through.direction, back);
  const float reach = glm::dot(target - through.origin, back) / along;
  const glm::vec3 point = through.origin + through.direction * reach;
  target = point + (target - point) * ratio;
  distance = wanted;
}

void Camera::fly(glm::vec3 right_up_forward) {
  const glm::mat3 basis = axes(*this);
  target += basis[0] * right_up_forward.x + basis[1] * right_up_forward.y - basis[2] * right_up_forward.z;
}

Camera Camera::framing(glm::vec3 low, glm::vec3 high, float aspect, float margin) const {
  glm::vec3 corners[8];
  for (int corner = 0; corner < 8; ++corner)
    corners[corner] = {corner & 1 ? high.x : low.x, corner & 2 ? high.y : low.y, corner & 4 ? high.z : low.z};
  return framing(corners, aspect, margin);
}

Camera Camera::framing(std::span<const glm::vec3> points, float aspect, float margin) const {
  // With the direction fixed, each point bounds the eye from its own side; the largest of those bounds, and
  // the offsets that balance opposite sides, give the closest camera that shows all (per axis exact).
  Camera camera = *this;
  const glm::mat3 basis = axes(camera);
  const glm::vec3 centre = points[0];
  const float room = std::max(0.05f, 1 - 2 * margin);
  const float tangent_y = std::tan(field_of_view / 2) * room, tangent_x = tangent_y * std::max(aspect, 1e-3f);
  float least[2] = {1e30f, 1e30f}, most[2] = {-1e30f, -1e30f}, front = -1e30f;
  for (const glm::vec3& point : points) {
    const glm::vec3 p = glm::transpose(basis) * (point - centre);
    const float tangent[2] = {tangent_x, tangent_y};
    for (int axis = 0; axis < 2; ++axis) {
      // Visible if |p[axis] - e[axis]| <= tangent * (e.z - p.z).
      most[axis] = std::max(most[axis], p[axis] + tangent[axis] * p.z);
      least[axis] = std::min(least[axis], p[axis] - tangent[axis] * p.z);
    }
    front = std::max(front, p.z);
  }
  const float need_x = (most[0] - least[0]) / (2 * tangent_x),
              need_y = (most[1] - least[1]) / (2 * tangent_y);
  const float back = std::max({need_x, need_y, front + nearest});
  const glm::vec3 offset{(most[0] + least[0]) / 2, (most[1] + least[1]) / 2, 0};
  camera.target = centre + basis * offset;
  camera.distance = std::clamp(back, nearest, farthest);
  return camera;
}

Camera between(const Camera& from, const Camera& to, float t) {
  t = std::clamp(t, 0.f, 1.f);
  if (t == 1) return to;
  const float s = t * t * (3 - 2 * t);
  Camera camera = to;
  camera.target = glm::mix(from.target, to.target, s);
  camera.yaw = glm::mix(from.yaw, to.yaw, s);
  camera.pitch = glm::mix(from.pitch, to.pitch, s);
  camera.field_of_view = glm::mix(from.field_of_view, to.field_of_view, s);
  // Distances are felt as ratios.
  camera.distance = from.distance * std::pow(to.distance / from.distance, s);
  return camera;
}

}  // namespace orrery
