#pragma once
#include <functional>
#include <glm/glm.hpp>
#include <string>
#include <vector>

#include "model/derivation.h"
#include "renderer/palette.h"

namespace orrery {

/// A small drawing beside a cell's arithmetic, made of plain shapes: the scene lays it on a sheet, a card on
/// its window. x runs from 0 to `aspect`, y from 0 (the foot) to 1.
struct Drawing {
  static constexpr float aspect = 2;
  struct Box {
    glm::vec2 low, high;
    glm::vec4 fill{0}, line{0};
  };
  struct Line {
    glm::vec2 from, to;
    float width = 0;  ///< as a part of the drawing's height
    glm::vec4 colour{1};
  };
  struct Word {
    glm::vec2 at;  ///< half its height up; `align` of its width from its left
    std::string text;
    float align = 0;
    glm::vec4 colour{1};
  };
  std::vector<Box> boxes;  ///< behind the lines
  std::vector<Line> lines;
  std::vector<glm::vec2> points;  ///< dots in front of all
  std::vector<Word> words;
};

/// Whether there is anything to draw: a curve or a figure.
bool has_drawing(const Derivation& derivation);

/// What the curve or the figure of a derivation looks like when `progress` (0..1) of it has come: the pair
/// turns, scores sink, what is carried fades. At 1 it shows the numbers of the run. `translate` may be null:
/// English. Pure.
Drawing draw_figure(const Derivation& derivation, double progress, const Palette& colours,
                    const std::function<std::string(const Message&)>& translate);

}  // namespace orrery
