#pragma once
#include "renderer/cell_place.h"
#include "renderer/op_animation.h"
#include "renderer/palette.h"

namespace orrery {

/// Draws one moment of a derivation into a scene: marks and arrows, notes beside the cell, a chart of the
/// terms, a small drawing.
class AnimationStage {
 public:
  AnimationStage(Scene& scene, const AnimationStyle& style)
      : scene_(scene), style_(style), colours_(palette(style.theme, style.colour_blind)) {}

  void play(const Derivation& derivation, double progress, Closeness closeness);

 private:
  struct Axes;

  // animation_stage.cpp
  std::string translated(const Message& message) const {
    return style_.translate ? style_.translate(message) : message.english();
  }
  void mark(const Region& region, glm::vec4 colour) { scene_.marks.push_back({region, colour}); }
  void arrows(const std::vector<Region>& regions, float alpha);
  void note(const std::string& text, int line, glm::vec3 colour);
  void play_term(const Derivation& derivation, const Derivation::Moment& moment, double progress);
  void operand(const Term& term, size_t index, float part);
  void lift_row(const Derivation& derivation, const Derivation::Moment& moment);
  glm::vec4 paper(float alpha) const;

  // animation_chart.cpp
  void chart(const Act& act, const Derivation::Moment& moment);
  void add_box(const Axes& axes, float from, float to, double low, double high, glm::vec4 colour);

  // animation_drawing.cpp
  void drawing(const Derivation& derivation, double progress);
  glm::vec3 free_corner(const Derivation& derivation, glm::vec2 size, float pixel) const;
  void line(glm::vec3 from, glm::vec3 to, float width, glm::vec4 colour);
  void word(glm::vec3 at, std::string text, float align, glm::vec4 colour, float priority, float pixels);

  Scene& scene_;
  const AnimationStyle& style_;
  const Palette& colours_;
  CellPlace result_;
  float unit_ = 1;
  bool below_ = true;
};

}  // namespace orrery
