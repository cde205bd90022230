// The draw of a token in the scene: probabilities, the order of ids, the random number.
#include <algorithm>

#include "renderer/cell_place.h"
#include "renderer/easing.h"
#include "renderer/op_animation.h"
#include "renderer/palette.h"

namespace orrery {
namespace {

SceneStrand straight(glm::vec3 from, glm::vec3 to, float width, glm::vec4 colour) {
  SceneStrand strand;
  strand.strand = -1;
  for (int i = 0; i < 4; ++i) strand.points[i] = glm::mix(from, to, float(i) / 3);
  strand.width = width;
  strand.colour = colour;
  return strand;
}

SceneText words_at(glm::vec3 at, std::string text, glm::vec4 colour, float pixels, glm::vec2 shift) {
  SceneText words;
  words.text = std::move(text);
  words.anchor = at;
  words.pixels = pixels;
  words.shift = shift;
  words.align = 0.5f;
  words.rank = LabelRank::model;
  words.colour = colour;
  words.priority = 40;
  return words;
}

}  // namespace

void add_draw_animation(Scene& scene, const Trace& trace, int pass, double progress,
                        const AnimationStyle& style) {
  const Tensor& logits = trace.graph().logits();
  const int row = trace.pass(pass).rows.end - 1;
  const auto whole = place_of(*scene.layout, Region{&logits, row, 0, 1, logits.cols.size});
  if (!whole) return;
  const Palette& colours = palette(style.theme, style.colour_blind);
  const Sample sample = trace.sample_of(pass);
  const std::vector<float>& shares =
      sample.stages.empty() ? sample.probabilities : sample.stages.back().probabilities;
  scene.marks.push_back({{&logits, row, 0, 1, logits.cols.size}, glm::vec4(colours.text, 0.9f)});

  // A band below the logits: each id's share of the probability, in the order of ids.
  const float unit = whole->cell.y, width = std::max(whole->size.x, 16 * unit), high = 1.6f * unit;
  const glm::vec3 corner = whole->corner + glm::vec3(0, -whole->size.y - 2.2f * unit, 0.4f * unit);
  const float grown = style.reduced_motion ? 1 : eased(0, 0.35f, progress);
  double before = 0;
  for (size_t id = 0; id < shares.size(); ++id) {
    const float share = shares[id], left = float(before) * width;
    before += share;
    const bool chosen = int(id) == trace.pass(pass).chosen;
    if (share < 0.002f) continue;  // too narrow to be seen; its room stays empty
    const bool done = chosen && progress > 0.75;
    Sheet part;
    part.corner = corner + glm::vec3(left, 0, 0);
    part.size = {std::max(0.02f * unit, share * width - 0.06f * unit), high};
    part.fill = glm::vec4(attention_colour(colours, 0.35f + 0.6f * share), (done ? 1.f : 0.75f) * grown);
    part.line = glm::vec4(done ? colours.text : colours.faint_text, (done ? 1.f : 0.4f) * grown);
    scene.sheets.push_back(part);
    if (const auto cell = place_of(*scene.layout, Cell{&logits, row, int(id)}))
      scene.strands.push_back(
          straight(cell->corner + glm::vec3(cell->size.x * 0.5f, -cell->size.y, 0.2f * unit),
                   part.corner + glm::vec3(part.size.x * 0.5f, 0, 0), 0.12f * unit,
                   glm::vec4(colours.faint_text, 0.6f * grown)));
    if (share > 0.04f)
      scene.texts.push_back(words_at(part.corner + glm::vec3(part.size.x * 0.5f, -0.5f * high, 0.1f * unit),
                                     trace.model().token_text(int(id)), glm::vec4(colours.text, 1), 14,
                                     {0, -0.36f}));
  }
  if (sample.greedy || trace.pass(pass).forced) return;
  // The random number comes along and stays where it falls.
  const float goal = float(sample.drawn),
              at = goal * (style.reduced_motion ? 1 : eased(0.35f, 0.75f, progress));
  const glm::vec3 foot = corner + glm::vec3(at * width, -1.25f * high, 0.2f * unit);
  const glm::vec4 ink(colours.text, progress > 0.3 ? 1.f : 0.f);
  if (ink.a == 0) return;
  scene.strands.push_back(straight(foot, foot + glm::vec3(0, 1.5f * high, 0), 0.2f * unit, ink));
  scene.texts.push_back(words_at(foot, number_text(at), ink, 14, {0, -1.05f}));
}

}  // namespace orrery
