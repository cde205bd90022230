#include "renderer/camera.h"

#include <doctest/doctest.h>

#include <vector>

using namespace orrery;

namespace {

constexpr float aspect = 16 / 9.f;

/// Where a point stands in the picture: x and y in 0..1 from the top left.
glm::vec2 place_in_picture(const Camera& camera, glm::vec3 point) {
  const glm::vec4 clip = camera.projection(aspect) * camera.view() * glm::vec4(point, 1);
  return {clip.x / clip.w * 0.5f + 0.5f, 0.5f - clip.y / clip.w * 0.5f};
}

Camera oblique() {
  Camera camera;
  camera.target = {30, -20, 4};
  camera.yaw = 0.4f;
  camera.pitch = -0.3f;
  camera.distance = 250;
  return camera;
}

}  // namespace

TEST_CASE("the target stands in the middle of the picture, and rays agree with the projection") {
  const Camera camera = oblique();
  CHECK(place_in_picture(camera, camera.target).x == doctest::Approx(0.5));
  CHECK(place_in_picture(camera, camera.target).y == doctest::Approx(0.5));
  for (glm::vec2 at : {glm::vec2(0.1f, 0.2f), glm::vec2(0.9f, 0.3f), glm::vec2(0.5f, 1.f)}) {
    const Ray ray = camera.ray(at.x, at.y, aspect);
    CHECK(glm::length(ray.direction) == doctest::Approx(1));
    const glm::vec2 back = place_in_picture(camera, ray.origin + ray.direction * 180.f);
    CHECK(back.x == doctest::Approx(at.x).epsilon(1e-3));
    CHECK(back.y == doctest::Approx(at.y).epsilon(1e-3));
  }
}

TEST_CASE("yaw 0 and pitch 0 look along -z with x to the right and y up") {
  Camera camera;
  camera.yaw = camera.pitch = 0;
  CHECK(camera.eye().z == doctest::Approx(camera.distance));
  CHECK(place_in_picture(camera, {1, 0, 0}).x > 0.5f);
  CHECK(place_in_picture(camera, {0, 1, 0}).y < 0.5f);
}

TEST_CASE("zooming keeps the point under the cursor") {
  Camera camera = oblique();
  const float x = 0.8f, y = 0.25f;
  const Ray ray = camera.ray(x, y, aspect);
  const glm::vec3 back = glm::normalize(camera.eye() - camera.target);
  const float reach = glm::dot(camera.target - ray.origin, back) / glm::dot(ray.direction, back);
  const glm::vec3 point = ray.origin + ray.direction * reach;
  camera.zoom(0.4f, x, y, aspect);
  CHECK(camera.distance == doctest::Approx(100));
  CHECK(place_in_picture(camera, point).x == doctest::Approx(x).epsilon(1e-3));
  CHECK(place_in_picture(camera, point).y == doctest::Approx(y).epsilon(1e-3));
}

TEST_CASE("orbiting stays in front of the faces") {
  Camera camera;
  camera.orbit(100, 100);
  CHECK(camera.eye().z > camera.target.z);
  CHECK(camera.pitch < 1.5708f);
  camera.orbit(-200, -200);
  CHECK(camera.eye().z > camera.target.z);
  CHECK(camera.pitch > -1.5708f);
}

TEST_CASE("panning by half a picture moves the target to its rim") {
  const Camera before = oblique();
  Camera camera = before;
  camera.pan(0, 0.5f);
  CHECK(place_in_picture(before, camera.target).x == doctest::Approx(0.5));
  CHECK(place_in_picture(before, camera.target).y == doctest::Approx(0).epsilon(1e-3));
}

TEST_CASE("framing shows all of a box, and no more than needed") {
  const glm::vec3 low{-40, -300, -60}, high{500, 10, 0};
  for (float margin : {0.f, 0.1f}) {
    const Camera camera = oblique().framing(low, high, aspect, margin);
    glm::vec2 least(9), most(-9);
    for (int corner = 0; corner < 8; ++corner) {
      const glm::vec2 p = place_in_picture(
          camera, {corner & 1 ? high.x : low.x, corner & 2 ? high.y : low.y, corner & 4 ? high.z : low.z});
      least = glm::min(least, p);
      most = glm::max(most, p);
    }
    CHECK(least.x >= margin - 1e-3f);
    CHECK(least.y >= margin - 1e-3f);
    CHECK(most.x <= 1 - margin + 1e-3f);
    CHECK(most.y <= 1 - margin + 1e-3f);
    // One pair of opposite sides touches its margins.
    CHECK(std::max(most.x - least.x, most.y - least.y) == doctest::Approx(1 - 2 * margin).epsilon(2e-3));
    CHECK(camera.yaw == oblique().yaw);
  }
}

TEST_CASE("between two cameras: the ends exactly, the middle at the geometric mean of the distances") {
  Camera from = oblique(), to;
  to.distance = from.distance / 4;
  CHECK(between(from, to, 1) == to);
  CHECK(between(from, to, 0).target == from.target);
  CHECK(between(from, to, 0.5f).distance == doctest::Approx(from.distance / 2));
}
