#include <algorithm>
#include <cmath>
#include <functional>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/page.h"
#include "app/panels/panels.h"
#include "app/panels/position_canvas.h"

namespace orrery {
using namespace ui;

namespace {

constexpr int picture_positions = 512;

const char* scheme_name(PositionKind kind, RopeScaling scaling) {
  switch (kind) {
    case PositionKind::none:
      return tr("no positions");
    case PositionKind::learned:
      return tr("learned table");
    case PositionKind::sinusoidal:
      return tr("sinusoidal");
    case PositionKind::slope:
      return "ALiBi";
    case PositionKind::rotary:
      break;
  }
  switch (scaling) {
    case RopeScaling::none:
      return "RoPE";
    case RopeScaling::linear:
      return tr("RoPE, linear");
    case RopeScaling::dynamic:
      return tr("RoPE, dynamic");
    case RopeScaling::yarn:
      return "YaRN";
    case RopeScaling::llama3:
      return "RoPE, Llama 3";
  }
  return "";
}

std::string curve_name(const App& app, PositionCurve curve) {
  const Insight& insight = app.insight;
  if (curve == PositionCurve::own) {
    const PositionScheme& own = insight.own_positions;
    return translate(say("This model: {0}", scheme_name(own.kind, own.rope.scaling)));
  }
  const PositionScheme scheme = insight.positions.formula(curve);
  return scheme_name(scheme.kind, scheme.rope.scaling);
}

ImVec4 curve_colour(PositionCurve curve) {
  const Colours& c = colours();
  const ImVec4 list[] = {c.text,     c.kinds[4], c.accent,   c.kinds[0],
                         c.kinds[2], c.warm,     c.kinds[3], c.kinds[1]};
  return list[int(curve)];
}

PositionScheme scheme_of(const App& app, PositionCurve curve) {
  return curve == PositionCurve::own ? app.insight.own_positions : app.insight.positions.formula(curve);
}

/// A box that shows or hides a curve, and its name, which chooses it.
void curve_line(App& app, PositionCurve curve) {
  PositionChoices& choices = app.insight.positions;
  bool& shown = choices.shown[size_t(curve)];
  const bool chosen = choices.chosen == curve;
  const std::string id = "position_" + std::to_string(int(curve)), name = curve_name(app, curve);
  const ImVec4 colour = curve_colour(curve);
  const float high = px(26), box = px(14);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImGui::PushID(id.c_str());
  if (ImGui::InvisibleButton("show", {px(24), high})) shown = !shown;
  mark((id + "_show").c_str());
  tooltip(tr("Show or hide this curve"));
  const ImVec2 low{at.x + px(4), at.y + (high - box) / 2}, end{low.x + box, low.y + box};
  if (shown || chosen) list->AddRectFilled(low, end, pack(colour), px(3));
  list->AddRect(low, end, pack(shown || chosen ? colour : colours().faint), px(3));
  ImGui::SameLine(0, 0);
  const ImVec2 from = ImGui::GetCursorScreenPos();
  const float width = std::max(px(40), ImGui::GetContentRegionAvail().x);
  if (ImGui::InvisibleButton("choose", {width, high})) choices.chosen = curve, shown = true;
  mark(id.c_str());
  if (chosen || ImGui::IsItemHovered())
    list->AddRectFilled(from, {from.x + width, from.y + high},
                        pack(chosen ? colours().line : colours().raised), px(5));
  ImGui::PopID();
  need_glyphs(name.c_str());
  WithFont with(Font::small);
  list->AddText({from.x + px(6), from.y + (high - ImGui::GetFontSize()) / 2}, pack(colours().text),
                fitting(name, width - px(12)).c_str());
}

void slider(const char* name, const char* label, float& value, float low, float high, const char* format,
            bool logarithmic = false) {
  need_glyphs(label);
  text(Font::small, colours().muted, label);
  ImGui::SetNextItemWidth(-1);
  const std::string id = std::string("##") + name;
  ImGui::SliderFloat(id.c_str(), &value, low, high, format,
                     (logarithmic ? ImGuiSliderFlags_Logarithmic : 0) | ImGuiSliderFlags_AlwaysClamp);
  mark(name);
}

void slider(const char* name, const char* label, int& value, int low, int high, bool logarithmic = false) {
  text(Font::small, colours().muted, label);
  ImGui::SetNextItemWidth(-1);
  const std::string id = std::string("##") + name;
  ImGui::SliderInt(id.c_str(), &value, low, high, "%d",
                   (logarithmic ? ImGuiSliderFlags_Logarithmic : 0) | ImGuiSliderFlags_AlwaysClamp);
  mark(name);
}

/// The numbers of the formulas. A model's own scheme follows none of them but the length of the canvas.
void sliders(PositionChoices& choices) {
  slider("positions_trained", tr("Trained length, tokens"), choices.trained, 8, 8192, true);
  slider("positions_reach", tr("The canvas shows so many times that"), choices.reach, 1, 4);
  slider("positions_channels", tr("Channels of a head"), choices.channels, 4, 256);
  choices.channels = choices.channels / 2 * 2;
  slider("positions_base", tr("Base of the frequencies"), choices.base, 100, 1e6f, "%.0f", true);
  slider("positions_factor", tr("Stretched by the factor"), choices.factor, 1, 32, "%.1f", true);
  slider("positions_heads", tr("Heads with slopes (ALiBi)"), choices.heads, 1, 32);
}

/// Whether the chosen numbers are a model's or a formula's.
void origin(const App& app) {
  const Insight& insight = app.insight;
  if (insight.positions.chosen != PositionCurve::own)
    return wrapped(Font::small, colours().warm,
                   tr("Illustration: computed from the formula and the sliders, not from this model."));
  const PositionScheme& own = insight.own_positions;
  Message words = say("This model is told no positions.");
  if (own.kind == PositionKind::learned)
    words = say("This model's own table: {0} positions, {1} channels, learned in training.", own.table.rows,
                own.table.cols);
  if (own.kind == PositionKind::rotary)
    words = say("This model's own frequencies: {0} of {1} channels of a head turn, base {2}, factor {3}.",
                own.rope.size, own.channels, own.rope.base, own.rope.factor);
  if (own.kind == PositionKind::slope)
    words = say("This model's own slopes: {0} heads, from {1} to {2}.", own.slopes.size(),
                *std::ranges::max_element(own.slopes), *std::ranges::min_element(own.slopes));
  wrapped(Font::small, colours().accent, translate(words).c_str());
}

Message rotary_words(const PositionScheme& scheme, int length) {
  const RopeSettings& rope = scheme.rope;
  const PairCount pairs = count_pairs(rope, length);
  if (rope.period > 0)
    return say(
        "Pairs of channels turn; positions start again after {0} tokens, so that no angle is ever new.",
        rope.period);
  switch (rope.scaling) {
    case RopeScaling::none:
      return say(
          "Beyond the trained length {0} of {1} pairs of channels come to angles that training never "
          "showed: they had not turned once around.",
          pairs.never_around, rope.size / 2);
    case RopeScaling::linear:
      return say(
          "Every pair turns {0} times more slowly: longer texts fit into the angles of training, but "
          "neighbours come closer together.",
          rope.factor);
    case RopeScaling::dynamic:
      return say(
          "As soon as the text is longer than the training's, the base grows with it: slow pairs slow "
          "down most. Here the text has {0} tokens.",
          length);
    case RopeScaling::yarn:
      return say(
          "Of {0} pairs {1} keep their frequency, {2} turn {3} times more slowly and {4} lie between; scores "
          "are multiplied by {5}.",
          rope.size / 2, pairs.kept, pairs.slowed, rope.factor, pairs.blended,
          rope.attention_factor * rope.attention_factor);
    case RopeScaling::llama3:
      return say("Of {0} pairs {1} keep their frequency, {2} turn {3} times more slowly and {4} lie between.",
                 rope.size / 2, pairs.kept, pairs.slowed, rope.factor, pairs.blended);
  }
  return {};
}

/// What the scheme does beyond the length of the training.
Message beyond(const App& app, const PositionScheme& scheme) {
  switch (scheme.kind) {
    case PositionKind::none:
      return app.insight.anatomy.head_count() > 0
                 ? say("Only the mask tells a token what came before it.")
                 : say("Order shows in what its state still holds of what came before.");
    case PositionKind::learned:
      return say(
          "The table ends at {0} tokens: there is no row for the next, so longer texts are refused. What "
          "neighbours have in common was learned, not built in.",
          scheme.trained);
    case PositionKind::sinusoidal:
      return say(
          "The waves go on for ever, and a product of two positions depends on their distance alone, as with "
          "RoPE. "
          "Still, training never showed positions beyond its texts.");
    case PositionKind::rotary:
      return rotary_words(scheme, app.insight.positions.last() + 1);
    case PositionKind::slope: {
      const int last = app.insight.positions.last();
      const auto left = [&](double slope) { return std::exp(-slope * last) * 100; };
      return say(
          "Far tokens fade, and no distance is unknown: of a weight {0} tokens away {1} % are left in the "
          "flattest head and {2} % in the steepest.",
          last, left(*std::ranges::min_element(scheme.slopes)),
          left(*std::ranges::max_element(scheme.slopes)));
    }
  }
  return {};
}

/// All numbers of the formulas, so that an answer belongs to them.
Background::Key formula_key(const Insight& insight) {
  const PositionChoices& c = insight.positions;
  return {insight.model_number,       c.channels, c.trained, c.reach, std::int64_t(c.base),
          std::int64_t(c.factor * 10)};
}

using Curves = std::vector<std::shared_ptr<const PositionScores>>;

void add_curves(App& app, PositionCanvas& canvas) {
  Insight& insight = app.insight;
  const PositionChoices choices = insight.positions;
  const PositionScheme own = insight.own_positions;
  const int last = choices.last();
  const auto mine = insight.quick.ask<PositionScores>(
      int(InsightTopic::own_positions), {insight.model_number, last},
      [own, last](Progress& progress) { return scores_to(own, last, progress); });
  const auto others =
      insight.quick.ask<Curves>(int(InsightTopic::positions), formula_key(insight), [=](Progress& progress) {
        Curves curves(position_curves);
        for (int curve = 1; curve < position_curves; ++curve)
          curves[size_t(curve)] = std::make_shared<const PositionScores>(
              scores_to(choices.formula(PositionCurve(curve)), last, progress));
        return curves;
      });
  for (int i = 0; i < position_curves; ++i) {
    const auto curve = PositionCurve(i);
    const PositionKind kind = scheme_of(app, curve).kind;
    if (!choices.shown[size_t(i)] || kind == PositionKind::slope || kind == PositionKind::none) continue;
    const auto scores = curve == PositionCurve::own ? mine.result
                        : others.result             ? (*others.result)[size_t(i)]
                                                    : nullptr;
    if (scores)
      canvas.curves.push_back({curve_name(app, curve), curve_colour(curve), choices.chosen == curve, scores});
  }
}

EncodingPicture picture_of(const PositionScheme& scheme, int last) {
  EncodingPicture picture;
  picture.shares = scheme.kind == PositionKind::slope;
  picture.last = last;
  picture.numbers = position_encoding(scheme, spread(last, picture_positions), last + 1);
  if (scheme.kind != PositionKind::learned) return picture;
  picture.largest = 1e-9;
  for (double number : picture.numbers.numbers)
    if (std::isfinite(number)) picture.largest = std::max(picture.largest, std::abs(number));
  return picture;
}

void add_encoding(App& app, PositionCanvas& canvas) {
  Insight& insight = app.insight;
  const PositionCurve chosen = insight.positions.chosen;
  const PositionScheme scheme = scheme_of(app, chosen);
  const int last = insight.positions.last();
  Background::Key key = formula_key(insight);
  key.insert(key.end(), {int(chosen), insight.positions.heads});
  const auto answer =
      insight.quick.ask<EncodingPicture>(int(InsightTopic::position_picture), key,
                                         [scheme, last](Progress&) { return picture_of(scheme, last); });
  canvas.encoding = answer.result;
  const std::string name = curve_name(app, chosen);
  canvas.encoding_title =
      translate(scheme.kind == PositionKind::slope ? say("{0}: what is left of a weight; a line a head", name)
                : scheme.kind == PositionKind::rotary
                    ? say("{0}: the cosine of each pair's angle, by position; a line a pair", name)
                    : say("{0}: the encoding by position; a line a channel", name));
  if (const int step = (last + picture_positions / 2) / picture_positions; step > 1)
    canvas.encoding_title += translate(say(" (one position of {0})", step));
}

void add_slopes(const App& app, PositionCanvas& canvas) {
  const PositionChoices& choices = app.insight.positions;
  for (PositionCurve curve : {PositionCurve::own, PositionCurve::slope}) {
    const PositionScheme scheme = scheme_of(app, curve);
    const bool wanted = choices.chosen == curve || (choices.shown[size_t(curve)] && canvas.slopes.empty());
    if (scheme.kind != PositionKind::slope || !wanted) continue;
    canvas.slopes = scheme.slopes;
    canvas.slopes_chosen = choices.chosen == curve;
    canvas.slopes_title =
        translate(say("{0}: what the heads' slopes take from a score, by distance", curve_name(app, curve)));
  }
}

}  // namespace

void positions_page(App& app) {
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  app.pages.positions = begin_page("positions_page", tr("How tokens know their places"), 1160);
  if (!app.model) {
    wrapped(Font::small, colours().muted, tr("Choose a model"));
    return ImGui::End();
  }
  PositionChoices& choices = app.insight.positions;
  const float high = std::min(px(640), display.y - px(110)), side = px(290);
  ImGui::BeginChild("position_controls", {side, high});
  if (app.insight.own_positions.kind == PositionKind::none) {
    wrapped(Font::small, colours().accent, tr("This model is told no positions."));
    wrapped(Font::small, colours().text, translate(beyond(app, app.insight.own_positions)).c_str());
  }
  for (int curve = app.insight.own_positions.kind == PositionKind::none; curve < position_curves; ++curve)
    curve_line(app, PositionCurve(curve));
  ImGui::Dummy({0, px(2)});
  const PositionScheme chosen = scheme_of(app, choices.chosen);
  origin(app);
  wrapped(Font::small, colours().text, translate(beyond(app, chosen)).c_str());
  heading(tr("For the formulas"));
  sliders(choices);
  ImGui::EndChild();
  ImGui::SameLine(0, px(16));
  ImGui::BeginChild("position_canvas", {0, high});
  PositionCanvas canvas;
  canvas.last = choices.last();
  canvas.trained = chosen.trained > 0 ? chosen.trained : choices.trained;
  add_curves(app, canvas);
  add_encoding(app, canvas);
  add_slopes(app, canvas);
  canvas.draw(app);
  ImGui::EndChild();
  ImGui::End();
}

}  // namespace orrery
