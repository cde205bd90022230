#include "renderer/op_animation.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "renderer/cell_place.h"
#include "renderer/easing.h"
#include "renderer/figure_drawing.h"
#include "renderer/number_words.h"
#include "renderer/palette.h"

namespace orrery {
namespace {

constexpr int most_bars = 600;
constexpr float type = 15;  // pixels
constexpr int ticks_of_draw = 12;
constexpr float drawing_pixels = 165;  // height

/// Four digits: what can be read while numbers move.
std::string moving_number(double value) { return short_number(value, 4); }
std::string moving_term(const Term& term) { return short_term(term, 4, " × "); }

/// Draws one moment of a derivation into a scene.
class Stage {
 public:
  Stage(Scene& scene, const AnimationStyle& style)
      : scene_(scene), style_(style), colours_(palette(style.theme, style.colour_blind)) {}

  void play(const Derivation& derivation, double progress, Closeness closeness) {
    const auto result = place_of(*scene_.layout, derivation.cell);
    if (!result) return;
    result_ = *result;
    unit_ = std::max(result_.cell.x, result_.cell.y);
    const Tensor& tensor = *derivation.cell.tensor;
    mark({&tensor, derivation.cell.row, derivation.cell.col, 1, 1}, glm::vec4(colours_.text, 1));
    if (tensor.op->masked(derivation.cell.row, derivation.cell.col)) {
      if (closeness == Closeness::terms) note(translated(say("masked")), 0, colours_.faint_text);
      return;
    }
    const Derivation::Moment moment = derivation.at(progress);
    float rise = 0;
    for (const Region& region : derivation.reads) {
      mark(region, glm::vec4(colours_.frame(region.tensor->kind), 0.6f));
      if (const auto place = place_of(*scene_.layout, region)) rise += place->centre().y - result_.centre().y;
    }
    below_ = rise >= 0;  // the notes stand where the operands do not come from
    lift_row(derivation, moment);
    if (closeness == Closeness::terms)
      play_term(derivation, moment, progress);
    else
      arrows(derivation.reads, 0.5f);
  }

 private:
  std::string translated(const Message& message) const {
    return style_.translate ? style_.translate(message) : message.english();
  }
  void mark(const Region& region, glm::vec4 colour) { scene_.marks.push_back({region, colour}); }

  void arrows(const std::vector<Region>& regions, float alpha) {
    for (const Region& region : regions_for_arrows(regions))
      if (const auto place = place_of(*scene_.layout, region))
        scene_.strands.push_back(arrow_between(
            *place, result_, glm::vec4(colours_.frame(region.tensor->kind), alpha), 0.22f * unit_));
  }

  /// The two lines beside the cell: the arithmetic, and what it has come to.
  void note(const std::string& text, int line, glm::vec3 colour) {
    SceneText note;
    note.text = text;
    note.anchor =
        result_.corner + glm::vec3(result_.size.x * 0.5f, below_ ? -result_.size.y : 0, 0.2f * unit_);
    note.pixels = type;
    note.shift = {0, (below_ ? -1.7f : 2.1f) - 1.38f * float(line)};
    note.align = 0.5f;
    note.rank = LabelRank::model;
    note.colour = glm::vec4(colour, 1);
    note.backing =
        glm::vec4(style_.theme == Theme::dark ? glm::vec3(0.04f, 0.05f, 0.1f) : glm::vec3(1), 0.88f);
    note.priority = 40.f - float(line);
    scene_.texts.push_back(std::move(note));
  }

  void play_term(const Derivation& derivation, const Derivation::Moment& moment, double progress) {
    const Act& act = derivation.why.acts[size_t(moment.act)];
    const bool last = moment.act + 1 == int(derivation.why.acts.size());
    // A figure takes the chart's place, but where the terms beside it are one long sum.
    if (std::holds_alternative<std::monostate>(derivation.figure) ||
        std::holds_alternative<Slope>(derivation.figure))
      chart(act, moment);
    if (has_drawing(derivation)) drawing(derivation, progress);
    const std::string name = act.symbol.empty() ? act.fold == Fold::maximum ? "max" : "Σ" : act.symbol;
    if (moment.comes_out(derivation)) {
      arrows(derivation.reads, 0.35f);
      note(last ? "= " + moving_number(act.value) : name + " = " + moving_number(act.value), 1,
           colours_.text);
      if (act.terms.size() == 1) note(moving_term(act.terms[0]), 0, colours_.faint_text);
      return;
    }
    const Term& term = act.terms[size_t(moment.term)];
    for (size_t i = 0; i < term.cells.size(); ++i) operand(term, i, moment.part);
    const bool joined = moment.part > 0.75f, first = moment.term == 0;
    double total = moment.total;
    if (joined)
      total = act.fold == Fold::sum ? total + term.value : first ? term.value : std::max(total, term.value);
    // A term alone is its own result; a number that is only compared needs no arithmetic.
    const bool alone = act.terms.size() == 1, plain = term.values.size() < 2 && !term.form;
    note(moving_term(term) + (plain ? "" : " = " + moving_number(term.value)), 0, colours_.text);
    if (!alone)
      note(name + "  " + (first && !joined ? "…" : moving_number(total)) + "   " +
               std::to_string(moment.term + joined) + "/" + std::to_string(act.terms.size()),
           1, colours_.faint_text);
  }

  /// One number of the term under way: marked, and on its way to the result.
  void operand(const Term& term, size_t index, float part) {
    const Cell& cell = term.cells[index];
    const auto place = place_of(*scene_.layout, cell);
    if (!place) return;
    const glm::vec3 colour = colours_.frame(cell.tensor->kind);
    mark({cell.tensor, cell.row, cell.col, 1, 1}, glm::vec4(colours_.text, 1));
    SceneStrand arrow = arrow_between(*place, result_, glm::vec4(colour, 0.9f), 0.3f * unit_);
    if (!style_.reduced_motion) {
      arrow.flow = 1e-6f;  // its light runs with the position, not with the clock
      arrow.phase = std::min(0.999f, eased(0.15f, 0.8f, part));
    }
    scene_.strands.push_back(arrow);
    SceneText text;
    text.text = moving_number(index < term.values.size() ? term.values[index] : term.value);
    text.anchor = place->corner + glm::vec3(place->size.x * 0.5f, 0, 0.2f * unit_);
    text.pixels = type * 0.9f;
    text.shift = {0, 0.45f};
    text.align = 0.5f;
    text.rank = LabelRank::model;
    text.colour = glm::vec4(colour, 1);
    text.backing = paper(0.8f);
    text.priority = 35.f - float(index);
    scene_.texts.push_back(std::move(text));
  }

  /// A chart beside the row (or column) that the terms are read from, each above its cell: the terms that are
  /// done as bars, and as a line what they come to. Both have one scale.
  void chart(const Act& act, const Derivation::Moment& moment) {
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

  static double next(const Act& act, double total, size_t term) {
    const double value = act.terms[term].value;
    return act.fold == Fold::sum ? total + value : term == 0 ? value : std::max(total, value);
  }

  /// Where numbers stand in a chart above a row or left of a column.
  struct Axes {
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

  void add_box(const Axes& axes, float from, float to, double low, double high, glm::vec4 colour) {
    Sheet sheet;
    axes.box(from, to, std::min(low, high), std::max(low, high), sheet);
    sheet.fill = colour;
    scene_.sheets.push_back(sheet);
  }

  glm::vec4 paper(float alpha) const {
    return glm::vec4(style_.theme == Theme::dark ? glm::vec3(0.04f, 0.055f, 0.11f) : glm::vec3(1), alpha);
  }

  void line(glm::vec3 from, glm::vec3 to, float width, glm::vec4 colour) {
    SceneStrand strand;
    strand.strand = -1;
    for (int i = 0; i < 4; ++i) strand.points[i] = glm::mix(from, to, float(i) / 3);
    strand.width = width;
    strand.colour = colour;
    scene_.strands.push_back(strand);
  }

  /// A table's whole row that becomes a row of the result: it is lifted out and carried there.
  void lift_row(const Derivation& derivation, const Derivation::Moment& moment) {
    const Act& act = derivation.why.acts[size_t(moment.act)];
    if (derivation.why.acts.size() != 1 || act.terms.size() != 1 || act.terms[0].cells.size() != 1) return;
    const Cell& from = act.terms[0].cells[0];
    const Tensor& out = *derivation.cell.tensor;
    if (from.tensor->role != Role::weight || from.tensor->cols.size != out.cols.size) return;
    const auto row = place_of(*scene_.layout, Region{from.tensor, from.row, 0, 1, out.cols.size});
    const auto goal = place_of(*scene_.layout, Region{&out, derivation.cell.row, 0, 1, out.cols.size});
    if (!row || !goal) return;
    const float part = moment.comes_out(derivation) ? 1 : moment.part * 0.5f;
    const float t =
        style_.reduced_motion ? 1 : eased(0, 1, (float(derivation.cell.col) + part) / float(out.cols.size));
    Sheet sheet;
    sheet.corner =
        glm::mix(row->corner, goal->corner, t) + glm::vec3(0, 0, unit_ * (0.3f + 12 * t * (1 - t)));
    sheet.size = glm::mix(row->size, goal->size, t);
    sheet.fill = glm::vec4(colours_.frame(from.tensor->kind), 0.35f);
    sheet.line = glm::vec4(colours_.text, 0.9f);
    scene_.sheets.push_back(sheet);
  }

  /// The small drawing of the derivation's curve or figure, on a sheet where it hides nothing of the work.
  void drawing(const Derivation& derivation, double progress) {
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
    for (const glm::vec2& point : drawn.points) word(at(point), "●", 0.5f, point_colour(), 50, type);
    for (const Drawing::Word& one : drawn.words) word(at(one.at), one.text, one.align, one.colour, 45, type);
  }

  /// The place for a sheet that lies within the view, stands near the cell, and hides as little as can be of
  /// it, of its notes, of what it reads and of the arrows between.
  glm::vec3 free_corner(const Derivation& derivation, glm::vec2 size, float pixel) const {
    const glm::vec2 notes = glm::vec2(280, 64) * pixel;
    const glm::vec3 below(result_.size.x / 2 - notes.x / 2, below_ ? -result_.size.y : notes.y, 0);
    std::vector<CellPlace> kept = {result_, {result_.corner + below, notes, notes}};
    float front = result_.corner.z;
    for (const Region& region : regions_for_arrows(derivation.reads))
      if (const auto place = place_of(*scene_.layout, region)) {
        kept.push_back(*place);
        front = std::max(front, place->corner.z);
        for (float t : {0.25f, 0.5f, 0.75f})
          kept.push_back(
              {glm::mix(place->centre(), result_.centre(), t), glm::vec2(pixel), glm::vec2(pixel)});
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

  /// How much of a place a sheet hides, 0..1.
  static float hidden_part(glm::vec2 corner, glm::vec2 size, const CellPlace& place) {
    const glm::vec2 low =
        glm::max(glm::vec2(place.corner) - glm::vec2(0, place.size.y), corner - glm::vec2(0, size.y));
    const glm::vec2 high =
        glm::min(glm::vec2(place.corner) + glm::vec2(place.size.x, 0), corner + glm::vec2(size.x, 0));
    const glm::vec2 both = glm::max(high - low, 0.f);
    return both.x * both.y / std::max(place.size.x * place.size.y, 1e-12f);
  }

  glm::vec4 point_colour() const { return glm::vec4(value_colour(colours_, 0.8f), 1); }

  void word(glm::vec3 at, std::string text, float align, glm::vec4 colour, float priority, float pixels) {
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

  Scene& scene_;
  const AnimationStyle& style_;
  const Palette& colours_;
  CellPlace result_;
  float unit_ = 1;
  bool below_ = true;
};

std::string place_text(const Trace& trace, const Cell& cell, int tokens,
                       const std::function<std::string(const Message&)>& translate) {
  auto in_words = [&](const Message& message) { return translate ? translate(message) : message.english(); };
  std::string text;
  for (const Message& words : place_words(cell, &trace, tokens))
    text = text.empty() ? in_words(words) : in_words(say("{0}, {1}", text, in_words(words)));
  return text;
}

/// The step whose cells are made at a position, and how far it has come; none where nothing is under way.
std::optional<std::pair<StepPlace, double>> step_under_way(const Trace& trace, double position) {
  const auto step = std::uint64_t(std::max(0.0, position));
  const double fraction = position - double(step);
  if (fraction <= 0 || step >= trace.published()) return std::nullopt;
  return std::pair{trace.place(step), fraction};
}

}  // namespace

std::optional<CellMoment> cell_moment(const Trace& trace, double position) {
  const auto under_way = step_under_way(trace, position);
  if (!under_way || under_way->first.step >= int(trace.graph().steps().size())) return std::nullopt;
  const Tensor& tensor = *trace.graph().steps()[size_t(under_way->first.step)];
  const Rows rows = trace.pass(under_way->first.pass).rows;
  const int cols = trace.view(tensor).cols;
  const double cells = double(rows.count()) * cols, place = under_way->second * cells;
  const auto index = std::int64_t(std::min(place, cells - 1));
  return CellMoment{{&tensor, rows.begin + int(index / cols), int(index % cols)},
                    std::min(1.0, place - double(index))};
}

double position_of(const Trace& trace, int pass, const CellMoment& moment) {
  const Rows rows = trace.pass(pass).rows;
  const int cols = trace.view(*moment.cell.tensor).cols;
  const double cells = double(rows.count()) * cols;
  const double index = double(moment.cell.row - rows.begin) * cols + moment.cell.col;
  return double(trace.step_number({pass, moment.cell.tensor->step})) + (index + moment.progress) / cells;
}

StepWork step_work(const Trace& trace, double position, bool backwards) {
  auto step = std::uint64_t(std::max(0.0, position));
  const bool whole = position <= double(step);
  if (whole && backwards && step > 0) --step;
  if (step >= trace.published()) return {};
  const StepPlace place = trace.place(step);
  if (place.step >= int(trace.graph().steps().size())) return {1, ticks_of_draw};
  const double at = !whole ? position : double(step) + (backwards ? 1 - 1e-12 : 1e-12);
  const auto moment = cell_moment(trace, at);
  if (!moment) return {};
  const Tensor& tensor = *moment->cell.tensor;
  StepWork work;
  work.cells = double(trace.pass(place.pass).rows.count()) * trace.view(tensor).cols;
  work.ticks =
      tensor.op->masked(moment->cell.row, moment->cell.col) ? 1 : derive(trace, moment->cell).ticks();
  return work;
}

double tick_beside(const Trace& trace, double position, int way) {
  constexpr double shown = 0.9;  // of a moment: its number has joined
  const double whole = std::floor(position), step = position > whole || way > 0 ? whole : whole - 1;
  if (step < 0) return 0;
  if (step >= double(trace.published())) return double(trace.published());
  const StepPlace place = trace.place(std::uint64_t(step));
  const bool draw = place.step >= int(trace.graph().steps().size());
  const Tensor* tensor = draw ? nullptr : trace.graph().steps()[size_t(place.step)];
  const Rows rows = trace.pass(place.pass).rows;
  const std::int64_t cols = draw ? 1 : trace.view(*tensor).cols, cells = draw ? 1 : rows.count() * cols;
  auto ticks_of = [&](std::int64_t cell) {
    if (draw) return ticks_of_draw;
    const Cell at{tensor, rows.begin + int(cell / cols), int(cell % cols)};
    return tensor->op->masked(at.row, at.col) ? 1 : derive(trace, at).ticks();
  };
  std::int64_t cell = way > 0 ? 0 : cells - 1;
  int tick = way > 0 ? 0 : ticks_of(cell) - 1;
  if (position > whole) {
    const double made = (position - whole) * double(cells);
    cell = std::int64_t(std::min(made, double(cells) - 1));
    tick = int((made - double(cell)) * ticks_of(cell)) + way;
    if (tick >= ticks_of(cell)) ++cell, tick = 0;
    if (tick < 0 && --cell >= 0) tick = ticks_of(cell) - 1;
  }
  if (cell < 0) return step;
  if (cell >= cells) return step + 1;
  return step + (double(cell) + (tick + shown) / ticks_of(cell)) / double(cells);
}

void add_cell_animation(Scene& scene, const Derivation& derivation, double progress, Closeness closeness,
                        const AnimationStyle& style) {
  if (closeness != Closeness::tensors && scene.layout)
    Stage(scene, style).play(derivation, progress, closeness);
}

Message moment_caption(const Trace& trace, const Derivation& derivation, double progress, int tokens,
                       const std::function<std::string(const Message&)>& translate) {
  auto in_words = [&](const Message& message) { return translate ? translate(message) : message.english(); };
  const std::string place = place_text(trace, derivation.cell, tokens, translate);
  if (derivation.cell.tensor->op->masked(derivation.cell.row, derivation.cell.col))
    return derivation.why.words;
  const Derivation::Moment moment = derivation.at(progress);
  const Act& act = derivation.why.acts[size_t(moment.act)];
  if (moment.comes_out(derivation) || act.terms.size() == 1)
    return say("{0}: {1}: {2}", place, in_words(act.words), number_text(act.value));
  const Term& term = act.terms[size_t(moment.term)];
  if (act.fold == Fold::maximum)
    return say("{0}: number {1} of {2} is {3}; the largest so far is {4}", place, moment.term + 1,
               act.terms.size(), term.value,
               moment.term == 0 ? term.value : std::max(moment.total, term.value));
  return say("{0}: term {1} of {2}: {3} = {4}; the sum is now {5}", place, moment.term + 1, act.terms.size(),
             term_text(term), term.value, moment.total + term.value);
}

}  // namespace orrery
