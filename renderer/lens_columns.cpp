#include "renderer/lens_columns.h"

#include <algorithm>
#include <cstdio>

#include "model/analysis/anatomy.h"
#include "renderer/palette.h"

namespace orrery {
namespace {

class Columns {
 public:
  Columns(Scene& scene, const LensTable& lens)
      : scene_(scene), lens_(lens), colours_(palette(scene.theme, scene.colour_blind)) {
    const Trace& trace = *scene.trace;
    rows_ = std::min(lens.rows, trace.rows_known(trace.graph().logits(), scene.steps));
    for (const Label& label : scene.layout->labels)
      if (label.tensor == &trace.graph().tokens()) letters_ = label.height;
  }

  void add(size_t state, const LensTitles& titles) {
    const Tensor& tensor = *lens_.states[state];
    const auto place = ghost_place(*scene_.layout, tensor);
    if (!place) return;
    const bool last = state + 1 == lens_.states.size();
    sheet(*place, place->corner, place->size, glm::vec4(0), 0.35f);
    const int shown = std::min(rows_, int(std::lround(place->size.y / place->cell.y)));
    const bool near = place->cell.y > 10 * world_pixel(scene_);
    for (int row = 0; row < shown; ++row) {
      const LensCell& cell = lens_.at(int(state), row);
      const float chance = cell.probabilities[0];
      const glm::vec3 corner = place->corner - glm::vec3(0, float(row) * place->cell.y, 0);
      sheet(*place, corner, {place->size.x, 0.92f * place->cell.y},
            glm::vec4(colours_.frame(Kind::attention), 0.06f + 0.50f * chance), 0);
      if (near) word(*place, cell, row, corner);
    }
    title(*place, last ? titles.last : titles.column);
    if (shown > 0 && !near) newest(*place, lens_.at(int(state), shown - 1), shown - 1);
  }

 private:
  /// The most probable token and its probability.
  std::string said(const LensCell& cell) const {
    char percent[16];
    std::snprintf(percent, sizeof percent, " %.0f%%", double(cell.probabilities[0]) * 100);
    return scene_.trace->model().token_text(cell.top[0]) + percent;
  }

  glm::vec4 ink(const LensCell& cell, int row) const {
    const bool wins = cell.top[0] == lens_.final_ids[size_t(row)];
    return {wins ? winner_colour(scene_.theme) : colours_.text, 1};
  }

  void sheet(const CellPlace& place, glm::vec3 corner, glm::vec2 size, glm::vec4 fill, float line) {
    Sheet sheet;
    sheet.corner = corner + glm::vec3(0, 0, 0.02f * place.cell.y);
    sheet.size = size;
    sheet.fill = fill;
    sheet.line = glm::vec4(colours_.frame(Kind::attention), line);
    scene_.sheets.push_back(sheet);
  }

  void word(const CellPlace& place, const LensCell& cell, int row, glm::vec3 corner) {
    SceneText text;
    text.text = said(cell);
    text.height = 0.8f * place.cell.y;
    text.anchor = corner + glm::vec3(0.5f * place.size.x, -0.76f * place.cell.y, 0);
    text.align = 0.5f;
    text.max_width = 0.94f * place.size.x;
    text.rank = LabelRank::token;
    text.colour = ink(cell, row);
    text.priority = 3;
    scene_.texts.push_back(std::move(text));
  }

  void title(const CellPlace& place, const std::string& words) {
    SceneText text;
    text.text = words;
    text.height = 0.8f * letters_;
    text.anchor = place.corner + glm::vec3(place.size.x, 0.3f * text.height, 0);
    text.align = 1;
    text.colour = glm::vec4(colours_.frame(Kind::attention), 1);
    text.priority = 2.5f;
    scene_.texts.push_back(std::move(text));
  }

  /// What the newest row says, as large as the names of tensors.
  void newest(const CellPlace& place, const LensCell& cell, int row) {
    SceneText text;
    text.text = said(cell);
    text.height = 0.85f * letters_;
    text.anchor =
        place.corner + glm::vec3(-0.5f * text.height, -0.5f * place.size.y - 0.36f * text.height, 0);
    text.align = 1;
    text.rank = LabelRank::part;
    text.colour = ink(cell, row);
    text.priority = 5;
    scene_.texts.push_back(std::move(text));
  }

  Scene& scene_;
  const LensTable& lens_;
  const Palette& colours_;
  int rows_ = 0;
  float letters_ = 1;  // height of the names of tensors where there is room
};

}  // namespace

std::optional<CellPlace> ghost_place(const Layout& layout, const Tensor& state) {
  const auto& blocks = layout.blocks_of[size_t(state.index)];
  if (blocks.empty()) return std::nullopt;
  const Block& block = layout.blocks[size_t(blocks.front())];
  CellPlace place;
  place.cell = {ghost_column * block.cell.y, block.cell.y};
  place.size = {place.cell.x, block.size().y};
  place.corner = block.corner - glm::vec3((stream_texts + ghost_column) * block.cell.y, 0, 0);
  return place;
}

void add_lens_columns(Scene& scene, const LensTable& lens, const LensTitles& titles) {
  if (!scene.trace || !scene.layout) return;
  Columns columns(scene, lens);
  for (size_t state = 0; state < lens.states.size(); ++state)
    if (!between_parts(*lens.states[state])) columns.add(state, titles);
}

}  // namespace orrery
