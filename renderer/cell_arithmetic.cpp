#include "renderer/cell_arithmetic.h"

#include <algorithm>
#include <cmath>

#include "renderer/cell_place.h"
#include "renderer/number_words.h"
#include "renderer/palette.h"

namespace orrery {
namespace {

constexpr float least_pixels = 96;  // of a cell in which lines can be read
constexpr int most_cells = 60;
constexpr size_t most_kept = 400;
constexpr int digits = 3;  // what a line of a cell has room for

}  // namespace

const CellArithmetic::Lines& CellArithmetic::lines_of(const Trace& trace, const Cell& cell) {
  if (trace_ != trace.id() || known_.size() > most_kept) known_.clear();
  trace_ = trace.id();
  const auto [found, fresh] = known_.try_emplace({cell.tensor->index, cell.row, cell.col});
  if (!fresh) return found->second;
  const Derivation derivation = derive(trace, cell);
  const Act& act = derivation.why.acts.back();
  Lines lines;
  lines.formula = derivation.why.formula;
  // The largest two terms of the last act, and what the others add.
  std::vector<size_t> order(act.terms.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const size_t shown = std::min<size_t>(order.size(), 2);
  std::partial_sort(
      order.begin(), order.begin() + std::ptrdiff_t(shown), order.end(),
      [&](size_t a, size_t b) { return std::abs(act.terms[a].value) > std::abs(act.terms[b].value); });
  double rest = act.value;
  for (size_t i = 0; i < shown; ++i) {
    const Term& term = act.terms[order[i]];
    lines.terms += (i ? " + " : "= ") + short_term(term, digits, "×");
    rest -= term.value;
  }
  if (order.size() > shown)
    lines.rest = "+ " + short_number(rest, digits) + " (" + std::to_string(order.size() - shown) + ")";
  return found->second = std::move(lines);
}

void CellArithmetic::add(Scene& scene, int width, int height,
                         const std::function<std::string(const Message&)>& translate) {
  if (!scene.trace || !scene.layout) return;
  const Camera& camera = scene.camera;
  const glm::vec3 eye = camera.eye();
  const float pixels_a_unit = float(height) * 0.5f / std::tan(camera.field_of_view * 0.5f);
  const glm::mat4 inverse =
      glm::inverse(camera.projection(float(width) / float(std::max(1, height))) * camera.view());
  const Palette& colours = palette(scene.theme, scene.colour_blind);
  int count = 0;
  for (size_t i = 0; i < scene.layout->blocks.size() && i < scene.blocks.size(); ++i) {
    const Block& block = scene.layout->blocks[i];
    const BlockState& state = scene.blocks[i];
    const float distance = eye.z - block.corner.z, side = std::min(block.cell.y, block.cell.x);
    if (!block.tensor->op || state.emphasis == Emphasis::ghost || distance <= 0 ||
        side * pixels_a_unit < least_pixels * scene.text_scale * distance)
      continue;
    int known = std::min(state.known_rows, scene.trace->rows_known(*block.tensor, scene.steps));
    if (state.fresh_row >= 0 && state.progress < 1) known = std::min(known, state.fresh_row);
    const CellWindow window = seen_cells(block, eye, inverse);
    const int cols = scene.trace->view(*block.tensor).cols;
    for (int row = window.top; row < std::min(window.bottom, known - block.first_row); ++row)
      for (int col = window.left; col < std::min(window.right, cols - block.first_col); ++col) {
        const Cell cell{block.tensor, block.first_row + row, block.first_col + col};
        if (block.tensor->op->masked(cell.row, cell.col)) continue;
        if (++count > most_cells) return;
        const Lines& lines = lines_of(*scene.trace, cell);
        const std::string formula = translate ? translate(lines.formula) : lines.formula.english();
        const std::string* texts[] = {&formula, &lines.terms, &lines.rest};
        const float places[] = {0.14f, 0.80f, 0.90f};  // of the cell's height, from its top
        for (int line = 0; line < 3; ++line) {
          if (texts[line]->empty()) continue;
          SceneText text;
          text.text = *texts[line];
          text.height = 0.075f * block.cell.y;
          text.anchor = block.corner + glm::vec3((float(col) + 0.5f) * block.cell.x,
                                                 -(float(row) + places[line]) * block.cell.y, 0.03f * side);
          text.align = 0.5f;
          text.max_width = 0.9f * block.cell.x;
          text.rank = LabelRank::token;
          text.colour = glm::vec4(colours.text, line == 0 ? 0.85f : 1.f);
          text.priority = 3;
          scene.texts.push_back(std::move(text));
        }
      }
  }
}

}  // namespace orrery
