// The small drawing beside a cell in the making, and the place for it.
#include <algorithm>
#include <cmath>

#include "renderer/animation_stage.h"
#include "renderer/figure_drawing.h"

namespace orrery {
namespace {

constexpr float drawing_pixels = 165;  // height

/// How much of a place a sheet hides, 0..1.
float hidden_part(glm::vec2 corner, glm::vec2 size, const CellPlace& place) {
  const glm::vec2 low =
      glm::max(glm::vec2(place.corner) - glm::vec2(0, place.size.y), corner - glm::vec2(0, size.y));
  const glm::vec2 high =
      glm::min(glm::vec2(place.corner) + glm::vec2(place.size.x, 0), corner + glm::vec2(size.x, 0));
  const glm::vec2 both = glm::max(high - low, 0.f);
  return both.x * both.y / std::max(place.size.x * place.size.y, 1e-12f);
}

}  // namespace

/// The small drawing of the derivation's curve or figure, on a sheet where it hides nothing of the work.
void AnimationStage::drawing(const Derivation& derivation, double progress) {
  const Drawing drawn =
      draw_figure(derivation, style_.reduced_motion ? 1 : progress, colours_, style_.translate);
  const float pixels = std::max(drawing_pixels * scene_.text_scale, 0.19f * scene_.height);
  const float pixel =
      2 * scene_.camera.distance * std::tan(scene_.camera.field_of_view * 0.5f) / scene_.height;
  const float high = pixels * pixel, type = 13 * pixels / (drawing_pixels * scene_.text_scale);
  Sheet paper_sheet;
  paper_sheet.size = {Drawing::aspect * high, high};
  paper_sheet.corner = free_corner(derivation, paper_sheet.size, pixel * scene_.text_scale);
  paper_sheet.fill = paper(0.95f);
  paper_sheet.line = glm::vec4(colours_.faint_text, 0.8f);
  paper_sheet.covers = true;
  scene_.sheets.push_back(paper_sheet);
  const glm::vec3 foot = paper_sheet.corner - glm::vec3(0, high, 0);
  const auto at = [&](glm::vec2 place) { return foot + glm::vec3(place * high, 0.02f * high); };
  for (const Drawing::Box& box : drawn.boxes) {
    Sheet sheet;
    sheet.corner = at({box.low.x, box.high.y});
    sheet.size = (box.high - box.low) * high;
    sheet.fill = box.fill;
    sheet.line = box.line;
    scene_.sheets.push_back(sheet);
  }
  for (const Drawing::Line& one : drawn.lines) line(at(one.from), at(one.to), one.width * high, one.colour);
  for (const glm::vec2& point : drawn.points)
    word(at(point), "●", 0.5f, glm::vec4(value_colour(colours_, 0.8f), 1), 50, type);
  for (const Drawing::Word& one : drawn.words) word(at(one.at), one.text, one.align, one.colour, 45, type);
}

/// The place for a sheet that lies within the view, stands near the cell, and hides as little as can be of
/// it, of its notes, of what it reads and of the arrows between.
glm::vec3 AnimationStage::free_corner(const Derivation& derivation, glm::vec2 size, float pixel) const {
  const glm::vec2 notes = glm::vec2(280, 64) * pixel;
  const glm::vec3 below(result_.size.x / 2 - notes.x / 2, below_ ? -result_.size.y : notes.y, 0);
  std::vector<CellPlace> kept = {result_, {result_.corner + below, notes, notes}};
  float front = result_.corner.z;
  for (const Region& region : regions_for_arrows(derivation.reads))
    if (const auto place = place_of(*scene_.layout, region)) {
      kept.push_back(*place);
      front = std::max(front, place->corner.z);
      for (float t : {0.25f, 0.5f, 0.75f})
        kept.push_back({glm::mix(place->centre(), result_.centre(), t), glm::vec2(pixel), glm::vec2(pixel)});
    }
  const Camera& camera = scene_.camera;
  const float half = camera.distance * std::tan(camera.field_of_view * 0.5f);
  // The window's caption and legend stand at its foot.
  const glm::vec2 low(camera.target.x - 1.45f * half, camera.target.y - 0.85f * half + size.y),
      high(camera.target.x + 1.45f * half - size.x, camera.target.y + 0.88f * half);
  constexpr int steps = 16;
  glm::vec2 best(0);
  float least = INFINITY;
  for (int i = 0; i <= steps; ++i)
    for (int j = 0; j <= steps; ++j) {
      const glm::vec2 corner = glm::mix(low, high, glm::vec2(float(i), float(j)) / float(steps));
      const glm::vec2 away = corner + glm::vec2(size.x, -size.y) / 2.f - glm::vec2(result_.centre());
      float cost = glm::length(away) / half;
      for (const CellPlace& place : kept) cost += hidden_part(corner, size, place);
      if (cost < least) least = cost, best = corner;
    }
  return {best, front + 0.4f * unit_};
}

void AnimationStage::line(glm::vec3 from, glm::vec3 to, float width, glm::vec4 colour) {
  SceneStrand strand;
  strand.strand = -1;
  for (int i = 0; i < 4; ++i) strand.points[i] = glm::mix(from, to, float(i) / 3);
  strand.width = width;
  strand.colour = colour;
  scene_.strands.push_back(strand);
}

void AnimationStage::word(glm::vec3 at, std::string text, float align, glm::vec4 colour, float priority,
                          float pixels) {
  SceneText words;
  words.text = std::move(text);
  words.anchor = at;
  words.shift = {0, -0.37f};
  words.pixels = pixels;
  words.align = align;
  words.rank = LabelRank::model;
  words.colour = colour;
  words.priority = priority;
  scene_.texts.push_back(std::move(words));
}

}  // namespace orrery
