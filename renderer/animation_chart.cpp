// The chart of the terms of a cell in the making.
#include <algorithm>
#include <cmath>

#include "renderer/animation_stage.h"
#include "renderer/easing.h"

namespace orrery {
namespace {

constexpr int most_bars = 600;

double next(const Act& act, double total, size_t term) {
  const double value = act.terms[term].value;
  return act.fold == Fold::sum ? total + value : term == 0 ? value : std::max(total, value);
}

}  // namespace

/// Where numbers stand in a chart above a row or left of a column.
struct AnimationStage::Axes {
  glm::vec3 origin;  ///< start of the axis, where `least` stands
  bool row;
  float length, height, cell;
  double least, scale;

  Axes(const Layout& layout, const Act& act, const CellPlace& first, bool is_row, float unit, double low,
       double high)
      : row(is_row), cell(is_row ? first.cell.x : first.cell.y), least(low), scale(1 / (high - low)) {
    float from = row ? first.corner.x : -first.corner.y, to = from;
    for (const Term* term : {&act.terms.back(), &act.terms[act.terms.size() - 2]})
      for (const Cell& last : term->cells)
        if (last.tensor == act.terms[0].cells[0].tensor)
          if (const auto place = place_of(layout, last))
            to = std::max(to, (row ? place->corner.x : -place->corner.y) + cell);
    length = std::max(cell, to - from);
    height = std::clamp(0.2f * length, 3.5f * unit, 11 * unit);
    origin = first.corner;
    const Block& block = block_of(layout, act.terms[0].cells[0]);
    if (row)
      origin.y = block.corner.y + 0.8f * unit;
    else
      origin.x = block.corner.x - 0.8f * unit;
    origin.z += 0.3f * unit;
  }
  static const Block& block_of(const Layout& layout, const Cell& shown) {
    const auto& blocks = layout.blocks_of[size_t(shown.tensor->index)];
    for (int index : blocks) {
      const Block& block = layout.blocks[size_t(index)];
      if (shown.row >= block.first_row && shown.row < block.first_row + block.rows &&
          shown.col >= block.first_col && shown.col < block.first_col + block.cols)
        return block;
    }
    return layout.blocks[size_t(blocks.front())];
  }
  float along(const CellPlace& place) const {
    return row ? place.corner.x - origin.x : origin.y - place.corner.y;
  }
  float across(double value) const { return float((value - least) * scale) * height; }
  void box(float from, float to, double low, double high, Sheet& sheet) const {
    const float a = across(low), b = across(high);
    sheet.corner = origin + (row ? glm::vec3(from, b, 0) : glm::vec3(-b, -from, 0));
    sheet.size = row ? glm::vec2(to - from, b - a) : glm::vec2(b - a, to - from);
  }
};

/// A chart beside the row (or column) that the terms are read from, each above its cell: the terms that are
/// done as bars, and as a line what they come to. Both have one scale.
void AnimationStage::chart(const Act& act, const Derivation::Moment& moment) {
  if (act.terms.size() < 2 || act.terms[0].cells.empty() || act.terms.back().cells.empty()) return;
  const auto first = place_of(*scene_.layout, act.terms[0].cells[0]),
             second = place_of(*scene_.layout,
                               act.terms[1].cells.empty() ? act.terms[0].cells[0] : act.terms[1].cells[0]);
  if (!first || !second) return;
  const bool row =
      std::abs(second->corner.x - first->corner.x) >= std::abs(second->corner.y - first->corner.y);
  double most = 0, least = 0, total = 0;
  for (size_t i = 0; i < act.terms.size(); ++i) {
    const double value = act.terms[i].value;
    total = next(act, total, i);
    for (double shown : {value, total})
      if (std::isfinite(shown)) most = std::max(most, shown), least = std::min(least, shown);
  }
  if (most <= least) return;
  const Axes axes(*scene_.layout, act, *first, row, unit_, least, most);
  Sheet sheet;
  axes.box(0, axes.length, least, most, sheet);
  sheet.fill = paper(0.94f);
  sheet.line = glm::vec4(colours_.faint_text, 0.55f);
  sheet.corner.z -= 0.05f * unit_;
  sheet.covers = true;
  scene_.sheets.push_back(sheet);
  total = 0;
  for (int i = 0; i <= moment.term && i < int(act.terms.size()); ++i) {
    const Term& term = act.terms[size_t(i)];
    const auto place = term.cells.empty() ? std::nullopt : place_of(*scene_.layout, term.cells[0]);
    total = next(act, total, size_t(i));
    if (!place || !std::isfinite(term.value) || i < moment.term - most_bars) continue;
    const double grown = i < moment.term ? 1 : double(eased(0.3f, 0.75f, moment.part));
    const float at = axes.along(*place), wide = axes.cell;
    add_box(axes, at + 0.12f * wide, at + 0.88f * wide, 0, term.value * grown,
            glm::vec4(value_colour(colours_, term.value < 0 ? -0.6f : 0.6f), 1));
    if (i < moment.term || moment.part > 0.75f)
      add_box(axes, at, at + wide, total - 0.012 * (most - least), total + 0.012 * (most - least),
              glm::vec4(colours_.text, 0.95f));
  }
  add_box(axes, 0, axes.length, -0.003 * (most - least), 0.003 * (most - least),
          glm::vec4(colours_.faint_text, 0.7f));
}

void AnimationStage::add_box(const Axes& axes, float from, float to, double low, double high,
                             glm::vec4 colour) {
  Sheet sheet;
  axes.box(from, to, std::min(low, high), std::max(low, high), sheet);
  sheet.fill = colour;
  scene_.sheets.push_back(sheet);
}

}  // namespace orrery
