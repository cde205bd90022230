#include "renderer/scene_builder.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "renderer/aggregates.h"
#include "renderer/cell_marks.h"
#include "renderer/cell_place.h"
#include "renderer/palette.h"

namespace orrery {

/// The step that the eye is on.
struct SceneBuilder::Step {
  std::uint64_t complete = 0;      ///< steps shown whole
  float fraction = 1;              ///< how far `tensor` has come
  double exact = 1;                ///< the same, where single cells count
  const Tensor* tensor = nullptr;  ///< what is being computed; null: nothing, or the choice of a token
  bool choosing = false;           ///< the pass's last step: a token is drawn
  Rows rows;                       ///< rows of the pass under way
  bool close = false;              ///< its cells are shown one by one
  int pass = -1;
};

namespace {

glm::vec4 with_alpha(glm::vec3 colour, float alpha) { return {colour, alpha}; }

bool reads(const Tensor& op_result, const Tensor& tensor) {
  return std::ranges::find(op_result.inputs, &tensor) != op_result.inputs.end();
}

glm::vec3 bezier(const glm::vec3 (&p)[4], float t) {
  const float s = 1 - t;
  return s * s * s * p[0] + 3 * s * s * t * p[1] + 3 * s * t * t * p[2] + t * t * t * p[3];
}

const Block* first_block(const Layout& layout, const Tensor& tensor) {
  const auto& blocks = layout.blocks_of[size_t(tensor.index)];
  return blocks.empty() ? nullptr : &layout.blocks[size_t(blocks.front())];
}

/// How much of a block's fresh rows is filled while the rows of its tensor are made cell by cell: a folded
/// tensor's blocks are filled in the order of its cells.
float filled_part(const Block& block, Rows rows, int cols, double fraction) {
  const double made = fraction * rows.count() * cols, row = std::floor(made / cols);
  const double in_row = std::clamp(made - row * cols - block.first_col, 0.0, double(block.cols));
  return float((row * block.cols + in_row) / (double(rows.count()) * block.cols));
}

/// Lights a cell's block and what it reads, as if its step were under way, and dims the rest.
void set_apart(Scene& scene, const Derivation& derivation) {
  for (size_t i = 0; i < scene.blocks.size(); ++i) {
    const Tensor* tensor = scene.layout->blocks[i].tensor;
    const bool operand =
        std::ranges::any_of(derivation.reads, [&](const Region& region) { return region.tensor == tensor; });
    scene.blocks[i].emphasis = tensor == derivation.cell.tensor ? Emphasis::result
                               : operand                        ? Emphasis::operand
                                                                : Emphasis::dimmed;
  }
  for (SceneStrand& strand : scene.strands)
    if (strand.strand >= 0 && !scene.layout->strands[size_t(strand.strand)].ribbon) strand.colour.a = 0.1f;
}

/// For which strands there is room: all, those of the heads and experts in front, or those that lead from or
/// to the stream or stand outside of layers. What is left out is left out in every layer.
enum class StrandsShown { all, front, stream };
StrandsShown strands_that_fit(const Layout& layout) {
  const auto behind = size_t(std::ranges::count_if(layout.strands, &Strand::behind));
  return layout.strands.size() <= most_of_layout            ? StrandsShown::all
         : layout.strands.size() - behind <= most_of_layout ? StrandsShown::front
                                                            : StrandsShown::stream;
}

bool is_shown(const Strand& strand, StrandsShown shown) {
  if (shown == StrandsShown::all || strand.ribbon || strand.around) return true;
  if (strand.behind) return false;
  return shown == StrandsShown::front || strand.from->spine || strand.to->spine || strand.to->layer < 0;
}

std::string percent(float probability) {
  char text[16];
  std::snprintf(text, sizeof text, probability >= 0.0995f ? "%.0f%%" : "%.1f%%", double(probability) * 100);
  return text;
}

}  // namespace

void SceneBuilder::build(Scene& scene, const Layout& layout, const Trace* trace, double position,
                         const SceneOptions& options) {
  Step step;
  scene.layout = &layout;
  scene.trace = trace;
  scene.theme = options.theme;
  scene.colour_blind = options.colour_blind;
  scene.range = options.range;
  scene.text_scale = options.text_scale;
  scene.time = options.time;
  scene.marks.clear();
  scene.sheets.clear();
  scene.strands.clear();
  if (trace) {
    position = std::min(position, double(trace->published()));
    step.complete = std::uint64_t(position);
    step.exact = position - double(step.complete);
    step.close = options.closeness != Closeness::tensors;
    step.fraction = float(step.exact);
    const bool under_way = step.fraction > 0;
    if (under_way || step.complete > 0) {
      const StepPlace place = trace->place(under_way ? step.complete : step.complete - 1);
      if (!under_way) step.fraction = 1, step.exact = 1;
      step.pass = place.pass;
      step.rows = trace->pass(place.pass).rows;
      step.choosing = place.step == int(trace->graph().steps().size());
      if (!step.choosing) step.tensor = trace->graph().steps()[size_t(place.step)];
    }
    // The step under way is drawn from finished numbers, so the renderer may read them.
    scene.steps = step.complete + (under_way ? 1 : 0);
  } else {
    scene.steps = 0;
  }
  add_blocks(scene, layout, trace, step);
  add_strands(scene, layout, step, options);
  add_labels(scene, layout, options);
  add_aggregates(scene, layout, trace, options);
  if (trace) {
    add_token_texts(scene, layout, *trace, step, options);
    add_predictions(scene, layout, *trace, step, options);
    add_looks_inside(scene, *trace, step, options);
    if (step.choosing) add_falling_token(scene, layout, *trace, step, options);
  }
  if (options.looked_at) clear_view(scene, {options.looked_at, 0, 0}, {});
  if (trace) add_animation(scene, *trace, position, step, options);
  if (!options.replay) add_cell_marks(scene, trace, options);
}

void SceneBuilder::add_blocks(Scene& scene, const Layout& layout, const Trace* trace,
                              const Step& step) const {
  scene.blocks.resize(layout.blocks.size());
  for (size_t i = 0; i < layout.blocks.size(); ++i) {
    const Tensor& tensor = *layout.blocks[i].tensor;
    BlockState state;
    state.known_rows = trace                         ? trace->rows_known(tensor, scene.steps)
                       : tensor.role == Role::weight ? tensor.rows.size
                                                     : 0;
    if (step.tensor) {
      state.emphasis = reads(*step.tensor, tensor) ? Emphasis::operand : Emphasis::dimmed;
      if (&tensor == step.tensor) {
        state.emphasis = Emphasis::result;
        Rows rows = step.rows;
        double part = step.exact;
        if (step.close && part < 1) {  // row by row, so that the cell in the making is the one at the front
          const double row = std::floor(part * rows.count());
          part = part * rows.count() - row;
          rows = {rows.begin + int(row), rows.begin + int(row) + 1};
          state.known_rows = std::min(state.known_rows, rows.end);
        }
        state.fresh_row = rows.begin;
        state.progress = filled_part(layout.blocks[i], rows, trace->view(tensor).cols, part);
      }
    }
    scene.blocks[i] = state;
  }
}

void SceneBuilder::add_strands(Scene& scene, const Layout& layout, const Step& step,
                               const SceneOptions& options) const {
  const Palette& colours = palette(options.theme, options.colour_blind);
  const StrandsShown shown = strands_that_fit(layout);
  // Of many strands few are drawn: broad enough to be seen from where the whole of a large network is.
  const float broad = shown == StrandsShown::all ? 1 : 2.2f;
  for (size_t i = 0; i < layout.strands.size(); ++i) {
    const Strand& strand = layout.strands[i];
    const bool active = step.tensor == strand.to;
    if (!active && !is_shown(strand, shown)) continue;
    SceneStrand drawn;
    drawn.strand = int(i);
    std::copy(std::begin(strand.points), std::end(strand.points), drawn.points);
    drawn.width = strand.width * (strand.ribbon ? 1 : active ? std::max(1.8f, broad) : broad);
    const float still = strand.ribbon ? 0.42f : strand.around ? 0.5f : step.tensor ? 0.1f : 0.3f;
    drawn.colour = with_alpha(colours.frame(strand.from->kind), active ? 0.95f : still);
    if (active && !options.reduced_motion) {
      drawn.flow = 1;
      drawn.phase = std::fmod(options.time * 0.8f, 1.f);
    }
    scene.strands.push_back(drawn);
  }
}

void SceneBuilder::add_labels(Scene& scene, const Layout& layout, const SceneOptions& options) {
  // They stand first and stay from frame to frame: their words need memory of their own.
  const LabelsOf now{&scene,          &layout, scene.layout_version, options.theme, options.colour_blind,
                     options.language};
  if (now == labels_of_ && scene.texts.size() >= layout.labels.size() + aggregates_)
    return scene.texts.resize(layout.labels.size() + aggregates_);
  labels_of_ = now;
  aggregates_ = 0;
  aggregates_of_ = {};
  scene.texts.clear();
  const Palette& colours = palette(options.theme, options.colour_blind);
  for (const Label& label : layout.labels) {
    SceneText text;
    text.text = options.translate ? options.translate(label.text) : label.text.english();
    text.anchor = label.anchor;
    text.height = label.height;
    text.align = label.align;
    text.max_width = label.max_width;
    text.rank = label.rank;
    const bool large = label.rank == LabelRank::model || label.rank == LabelRank::layer;
    glm::vec3 colour = large ? colours.text : colours.faint_text;
    if (label.rank == LabelRank::part) colour = glm::mix(colours.text, colours.faint_text, 0.35f);
    text.colour = with_alpha(colour, 1);
    text.priority = 10.f - 2.f * float(label.rank) + std::min(label.height, 100.f) * 0.01f;
    scene.texts.push_back(std::move(text));
  }
}

/// Behind the labels, and like them kept: what layers add to the stream, in numbers.
void SceneBuilder::add_aggregates(Scene& scene, const Layout& layout, const Trace* trace,
                                  const SceneOptions& options) {
  const AggregatesOf now{trace ? trace->id() : 0, scene.steps};
  if (now == aggregates_of_) return;
  aggregates_of_ = now;
  scene.texts.resize(layout.labels.size());
  const Palette& colours = palette(options.theme, options.colour_blind);
  if (trace)
    for (const Aggregate& aggregate : aggregates_of(layout, *trace, scene.steps)) {
      SceneText text;
      text.text = options.translate ? options.translate(aggregate.words) : aggregate.words.english();
      text.anchor = aggregate.anchor;
      text.height = aggregate.height;
      text.align = aggregate.align;
      text.max_width = aggregate.max_width;
      text.rank = LabelRank::part;
      text.colour = with_alpha(colours.faint_text, 0.9f);
      text.priority = 2;
      scene.texts.push_back(std::move(text));
    }
  aggregates_ = scene.texts.size() - layout.labels.size();
}

/// The token of every row beside the input, the states of the stream and the logits; the words of a small
/// vocabulary above the columns of the logits.
void SceneBuilder::add_token_texts(Scene& scene, const Layout& layout, const Trace& trace, const Step& step,
                                   const SceneOptions& options) const {
  const Palette& colours = palette(options.theme, options.colour_blind);
  const int tokens = trace.token_count(scene.steps);
  for (const Block& block : layout.blocks) {
    const Tensor& tensor = *block.tensor;
    const bool named = tensor.role == Role::input || tensor.spine || tensor.kind == Kind::attention ||
                       &tensor == &trace.graph().logits();
    if (!named || block.first_col != 0 || tensor.head > 0) continue;
    for (int row = block.first_row; row < std::min(block.first_row + block.rows, tokens); ++row) {
      SceneText text;
      text.text = trace.model().token_text(trace.token(row));
      text.height = block.cell.y * 0.86f;
      const bool input = tensor.role == Role::input;  // its texts stand on the right, where room is kept
      const float x = input ? block.size().x + block.cell.y * 0.4f : -block.cell.y * 0.35f;
      const float y = -(float(row - block.first_row) + 0.8f) * block.cell.y;
      text.anchor = block.corner + glm::vec3(x, y, 0);
      text.align = input ? 0 : 1;
      if (input) text.max_width = (input_texts - 0.5f) * block.cell.y;
      text.rank = LabelRank::token;
      const bool fresh = (row >= step.rows.begin && row < step.rows.end) ||
                         (input && options.arcs && options.arcs->query == row);
      text.colour = with_alpha(fresh ? colours.text : colours.faint_text, 1);
      text.priority = tensor.role == Role::input ? 6.f : 1.f;
      scene.texts.push_back(std::move(text));
    }
  }
  const Tensor& logits = trace.graph().logits();
  const Block* block = first_block(layout, logits);
  if (!block || logits.cols.size > 128) return;
  for (int col = 0; col < block->cols; ++col) {
    SceneText text;
    text.text = trace.model().token_text(block->first_col + col);
    text.height = block->cell.x * 0.9f;
    text.anchor = block->corner + glm::vec3((float(col) + 0.5f) * block->cell.x, block->cell.x * 0.25f, 0);
    text.align = 0.5f;
    text.rank = LabelRank::token;
    text.colour = with_alpha(colours.faint_text, 1);
    text.priority = 1.5f;
    scene.texts.push_back(std::move(text));
  }
}

/// Arcs of attention between the tokens and the logit lens beside the stream, if they are asked for.
void SceneBuilder::add_looks_inside(Scene& scene, const Trace& trace, const Step& step,
                                    const SceneOptions& options) {
  if (options.arcs) {
    arcs_.find(trace, *options.arcs, scene.steps, options.arcs_work);
    const bool under_way = std::ranges::find(arcs_.patterns(), step.tensor) != arcs_.patterns().end();
    add_arcs(scene, arcs_, *options.arcs, under_way ? step.rows.begin : trace.capacity(), step.fraction);
  }
  if (!options.lens) return;
  if (lens_language_ != options.language) {
    const Message column = say("logit lens"), last = say("lens = output");
    lens_titles_ = {options.translate ? options.translate(column) : column.english(),
                    options.translate ? options.translate(last) : last.english()};
    lens_language_ = options.language;
  }
  add_lens_columns(scene, *options.lens, lens_titles_);
}

/// The most probable next tokens, beside the newest row of the logits.
void SceneBuilder::add_predictions(Scene& scene, const Layout& layout, const Trace& trace, const Step& step,
                                   const SceneOptions& options) {
  const Palette& colours = palette(options.theme, options.colour_blind);
  const Tensor& logits = trace.graph().logits();
  const Block* block = first_block(layout, logits);
  const int rows = trace.rows_known(logits, scene.steps);
  if (!block || rows == 0 || (step.tensor == &logits && step.fraction < 1)) return;
  if (cached_trace_ != trace.id() || cached_row_ != rows - 1) {
    const MatrixView view = trace.view(logits);
    const std::vector<float> probabilities = softmax({view.row(rows - 1), size_t(view.cols)});
    best_.clear();
    for (int id = 0; id < view.cols; ++id) best_.push_back({id, probabilities[size_t(id)]});
    const auto count = std::min<std::ptrdiff_t>(Layout::prediction_lines, std::ssize(best_));
    std::partial_sort(best_.begin(), best_.begin() + count, best_.end(),
                      [](const Best& a, const Best& b) { return a.probability > b.probability; });
    best_.resize(size_t(count));
    cached_trace_ = trace.id();
    cached_row_ = rows - 1;
  }
  const Pass& pass = trace.pass(std::max(step.pass, 0));
  const bool decided = step.choosing && step.fraction > 0.3f;
  const float height = layout.prediction_height;
  for (size_t i = 0; i < best_.size(); ++i) {
    SceneText text;
    text.text = trace.model().token_text(best_[i].id) + "  " + percent(best_[i].probability);
    text.height = height;
    text.anchor =
        block->corner + glm::vec3(block->size().x + height * 0.5f, -(float(i) * 1.35f + 0.9f) * height, 0);
    text.rank = LabelRank::part;
    const bool chosen = decided && best_[i].id == pass.chosen;
    text.colour = chosen ? with_alpha(winner_colour(options.theme), 1)
                         : with_alpha(i == 0 ? colours.text : colours.faint_text, 1);
    text.priority = 8.f - 0.1f * float(i);
    scene.texts.push_back(std::move(text));
  }
}

/// The chosen token on its way from the logits to the next row of the input.
void SceneBuilder::add_falling_token(Scene& scene, const Layout& layout, const Trace& trace, const Step& step,
                                     const SceneOptions& options) const {
  const Block *from = first_block(layout, trace.graph().logits()),
              *to = first_block(layout, trace.graph().tokens());
  if (!from || !to || step.fraction >= 1 || options.reduced_motion) return;
  const Pass& pass = trace.pass(step.pass);
  if (pass.rows.end >= to->first_row + to->rows) return;
  const glm::vec3 start = from->corner + glm::vec3(from->size().x * 0.5f, 0, 4);
  const glm::vec3 end = to->corner + glm::vec3(0, -(float(pass.rows.end) + 0.8f) * to->cell.y, 4);
  const float rise = 0.22f * std::abs(end.x - start.x);
  const glm::vec3 way[4] = {start, start + glm::vec3(0, rise, 20), end + glm::vec3(0, rise, 20), end};
  SceneStrand strand;
  strand.strand = -1;
  std::copy(std::begin(way), std::end(way), strand.points);
  strand.width = 1.2f;
  strand.colour = with_alpha(winner_colour(options.theme), 0.5f);
  scene.strands.push_back(strand);
  SceneText text;
  text.text = trace.model().token_text(pass.chosen);
  const float eased = step.fraction * step.fraction * (3 - 2 * step.fraction);
  text.anchor = bezier(way, eased);
  text.height = std::max(to->cell.y, from->size().y * 0.15f);
  text.align = 0.5f;
  text.rank = LabelRank::layer;
  text.colour = with_alpha(winner_colour(options.theme), 1);
  text.priority = 20;
  scene.texts.push_back(std::move(text));
}

/// The cell in the making, or the draw of a token, where the eye is close enough.
void SceneBuilder::add_animation(Scene& scene, const Trace& trace, double position, const Step& step,
                                 const SceneOptions& options) {
  const AnimationStyle style{options.theme, options.colour_blind, options.reduced_motion, options.translate};
  std::optional<CellMoment> moment = options.replay;
  if (!moment && options.closeness != Closeness::tensors) moment = cell_moment(trace, position);
  if (moment) {
    if (derived_in_ != trace.id() || !(derived_.cell == moment->cell)) {
      derived_ = derive(trace, moment->cell);
      derived_in_ = trace.id();
    }
    if (options.replay) set_apart(scene, derived_);
    clear_view(scene, derived_.cell, derived_.reads);
    add_cell_animation(scene, derived_, moment->progress,
                       options.replay ? Closeness::terms : options.closeness, style);
  } else if (step.choosing && step.fraction < 1 && options.closeness != Closeness::tensors) {
    add_draw_animation(scene, trace, step.pass, double(step.fraction), style);
  }
}

}  // namespace orrery
