#include <algorithm>
#include <bit>
#include <cmath>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/insight_widgets.h"
#include "app/panels/panels.h"
#include "app/sampling_picture.h"
#include "model/analysis/matrix.h"

namespace orrery {
using namespace ui;

namespace {

constexpr int picture_columns = 480;

/// All that a settings' picture depends on, as a key.
Background::Key sampling_key(int pass, const SamplingSettings& settings) {
  Background::Key key = {pass,
                         std::bit_cast<std::int64_t>(settings.temperature),
                         settings.top_k,
                         std::bit_cast<std::int64_t>(settings.top_p),
                         std::bit_cast<std::int64_t>(settings.min_p),
                         std::bit_cast<std::int64_t>(settings.typical),
                         std::bit_cast<std::int64_t>(settings.epsilon),
                         std::bit_cast<std::int64_t>(settings.repeat_penalty),
                         settings.repeat_last_n,
                         settings.no_repeat_ngram,
                         std::int64_t(settings.seed)};
  for (Filter filter : settings.order) key.push_back(int(filter));
  return key;
}

std::string share_text(double part) {
  char words[24];
  std::snprintf(words, sizeof words, part > 0 && part < 0.001 ? "%.2g %%" : "%.1f %%", part * 100);
  return words;
}

Finding<SamplingPicture> try_settings(const Trace& trace, int pass, const SamplingSettings& settings) try {
  return sampling_picture(trace.logits_of(pass), settings, trace.ids(trace.pass(pass).rows.end),
                          picture_columns);
} catch (const Error& error) {
  return error.message;
}

/// The vocabulary as a field of columns: what is left stands solid, what this stage removed is hollow.
void field(const Model& model, const char* name, const SamplingPicture& picture,
           const SamplingPicture::Stage& stage) {
  WithFont with(Font::small);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = std::max(px(60), ImGui::GetContentRegionAvail().x), high = px(38);
  ImGui::InvisibleButton(name, {width, high});
  mark(name);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, {at.x + width, at.y + high}, pack(fade(colours().raised, 0.7f)), px(4));
  const float column = width / float(picture.columns), gap = column > px(4) ? px(1) : 0;
  const auto tall = [&](float probability) {
    return stage.largest > 0 ? std::sqrt(probability / stage.largest) * (high - px(4)) : 0;
  };
  for (int i = 0; i < picture.columns; ++i) {
    const float x0 = at.x + column * float(i), x1 = std::max(x0 + 1, x0 + column - gap);
    const float removed = tall(stage.removed[size_t(i)]), kept = tall(stage.kept[size_t(i)]);
    if (removed > 0)
      list->AddRectFilled({x0, at.y + high - std::max(1.f, removed)}, {x1, at.y + high},
                          pack(fade(colours().warm, 0.45f)));
    if (kept > 0)
      list->AddRectFilled({x0, at.y + high - std::max(1.f, kept)}, {x1, at.y + high}, pack(colours().accent));
    if (column < px(26) || picture.columns < int(picture.order.size())) continue;
    const std::string words = model.token_text(picture.order[size_t(i)]);
    need_glyphs(words.c_str());
    list->AddText({x0 + px(5), at.y + px(3)}, pack(kept > high / 2 ? colours().on_accent : colours().text),
                  fitting(words, column - px(8)).c_str());
  }
}

/// What is under the mouse in a field.
void field_tooltip(const App& app, const SamplingPicture& picture, const std::vector<float>& probabilities) {
  if (!ImGui::IsItemHovered()) return;
  const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
  const float part = (ImGui::GetIO().MousePos.x - low.x) / std::max(1.f, high.x - low.x);
  const int column = std::clamp(int(part * float(picture.columns)), 0, picture.columns - 1);
  ImGui::BeginTooltip();
  int shown = 0;
  for (size_t place = 0; place < picture.order.size() && shown < 6; ++place) {
    if (column_of(int(place), int(picture.order.size()), picture.columns) != column) continue;
    const int id = picture.order[place];
    ++shown;
    text(Font::small, colours().text,
         (app.model->token_text(id) + "  " + share_text(double(probabilities[size_t(id)]))).c_str());
  }
  ImGui::EndTooltip();
}

/// How high a stage is drawn: one that is off takes a line, the others have their field beneath it.
float stage_height(Filter filter, const SamplingSettings& settings) {
  const float gap = ImGui::GetStyle().ItemSpacing.y;
  return px(24) + gap + (is_off(filter, settings) ? 0 : px(38) + gap);
}

/// A stage's name as a handle: dragged over half of its neighbour it changes places with it.
bool handle(SamplingSettings& settings, size_t index, bool& active) {
  const Filter filter = settings.order[index];
  const char* label = filter_label(filter);
  need_glyphs(label);
  WithFont with(Font::small);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size{px(132), px(22)};
  ImGui::PushID(int(filter));
  ImGui::InvisibleButton("handle", size);
  ImGui::PopID();
  mark((std::string("stage_") + filter_name(filter)).c_str());
  const bool held = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
  if (hovered || held) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeNS);
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, {at.x + size.x, at.y + size.y}, pack(held ? colours().accent : colours().raised),
                      px(5));
  for (int i = 0; i < 3; ++i)
    list->AddLine({at.x + px(6), at.y + px(7) + px(4) * float(i)},
                  {at.x + px(14), at.y + px(7) + px(4) * float(i)},
                  pack(held ? colours().on_accent : colours().muted));
  const bool off = is_off(filter, settings);
  list->AddText({at.x + px(20), at.y + (size.y - ImGui::GetFontSize()) / 2},
                pack(held  ? colours().on_accent
                     : off ? colours().muted
                           : colours().text),
                fitting(label, size.x - px(24)).c_str());
  if (!held) tooltip(tr("Drag to change the order"));
  active = active || held;
  if (!held || hovered) return false;
  const float mouse = ImGui::GetIO().MousePos.y;
  const auto half = [&](size_t neighbour) { return stage_height(settings.order[neighbour], settings) / 2; };
  if (index > 0 && mouse < at.y - half(index - 1)) {
    std::swap(settings.order[index], settings.order[index - 1]);
    return true;
  }
  if (index + 1 < settings.order.size() && mouse > at.y + size.y + half(index + 1)) {
    std::swap(settings.order[index], settings.order[index + 1]);
    return true;
  }
  return false;
}

/// The inverse of the cumulative distribution: a slice a token, and where the drawn number falls.
void drawn_number(const App& app, const SamplingPicture& picture) {
  const Sample& sample = picture.sample;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = std::max(px(60), ImGui::GetContentRegionAvail().x), high = px(30);
  ImGui::InvisibleButton("cdf", {width, high});
  mark("cdf");
  const bool hovered = ImGui::IsItemHovered();
  const double under = (double(ImGui::GetIO().MousePos.x) - double(at.x)) / double(width);
  ImDrawList* list = ImGui::GetWindowDrawList();
  WithFont with(Font::small);
  const SamplingPicture::Slice* named = nullptr;
  float drawn_to = at.x;
  for (size_t i = 0; i < picture.slices.size(); ++i) {
    const SamplingPicture::Slice& slice = picture.slices[i];
    const float x0 = at.x + float(slice.begin) * width, x1 = at.x + float(slice.end) * width;
    const bool chosen = slice.id == sample.id;
    if (hovered && under >= slice.begin && under < slice.end) named = &slice;
    if (!chosen && x1 - drawn_to < 1) continue;  // too thin to be seen beside its neighbours
    list->AddRectFilled({std::max(drawn_to, x0), at.y}, {std::max(x1, x0 + 1), at.y + high},
                        pack(chosen  ? colours().warm
                             : i % 2 ? fade(colours().accent, 0.55f)
                                     : fade(colours().accent, 0.85f)));
    drawn_to = x1;
    const std::string words = app.model->token_text(slice.id);
    if (x1 - x0 < ImGui::CalcTextSize(words.c_str()).x + px(6)) continue;
    need_glyphs(words.c_str());
    list->AddText({x0 + px(4), at.y + (high - ImGui::GetFontSize()) / 2}, pack(colours().on_accent),
                  words.c_str());
  }
  if (!sample.greedy) {
    const float x = at.x + float(sample.drawn) * width;
    list->AddTriangleFilled({x, at.y + high}, {x - px(6), at.y + high + px(10)},
                            {x + px(6), at.y + high + px(10)}, pack(colours().text));
    list->AddLine({x, at.y}, {x, at.y + high}, pack(colours().text), px(2));
  }
  ImGui::Dummy({1, px(8)});
  if (!named) return;
  ImGui::BeginTooltip();
  text(Font::small, colours().text,
       translate(say("'{0}': from {1} to {2}", app.model->token_text(named->id), named->begin, named->end))
           .c_str());
  ImGui::EndTooltip();
}

void drawn_token(const App& app, const SamplingPicture& picture) {
  const Sample& sample = picture.sample;
  const std::string token = app.model->token_text(sample.id);
  wrapped(Font::small, colours().text,
          translate(sample.greedy ? say("Greedy: the most probable token, '{0}'.", token)
                                  : say("The number {0} is drawn from the seed: it falls on '{1}'.",
                                        sample.drawn, token))
              .c_str());
  if (app.predictions.chosen >= 0 && app.predictions.chosen != sample.id) {
    const std::string taken = app.model->token_text(app.predictions.chosen);
    note(app.predictions.forced ? say("In this recording a hand chose '{0}'.", taken)
                                : say("In this recording it was '{0}'.", taken));
  }
}

/// One filter: handle, slider, and unless it is off what it leaves. True if the settings have changed.
bool stage(App& app, const SamplingPicture& picture, SamplingSettings& settings, size_t index, bool& active) {
  bool changed = handle(settings, index, active);
  const Filter filter = settings.order[index];
  ImGui::SameLine();
  ImGui::PushID(int(filter));
  const bool narrow = ImGui::GetContentRegionAvail().x < px(300);
  ImGui::BeginChild("slider", {ImGui::GetContentRegionAvail().x * (narrow ? 1.f : 0.5f), px(24)});
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(6), px(1)});
  ImGui::PushFont(font(Font::small));
  changed = filter_slider(app, filter, settings, "trial_") || changed;
  ImGui::PopFont();
  ImGui::PopStyleVar();
  active = active || ImGui::IsAnyItemActive();
  ImGui::EndChild();
  ImGui::PopID();
  if (is_off(filter, settings)) return changed;
  if (index >= picture.sample.stages.size() || picture.sample.stages[index].filter != filter) return changed;
  const SamplingStage& left = picture.sample.stages[index];
  if (!narrow) ImGui::SameLine();
  text(Font::small, left.removed_mass > 0 ? colours().warm : colours().muted,
       translate(say("{0} left, {1} removed", left.kept, share_text(left.removed_mass))).c_str());
  field(*app.model, (std::string("field_") + filter_name(filter)).c_str(), picture,
        picture.stages[index + 1]);
  field_tooltip(app, picture, left.probabilities);
  return changed;
}

}  // namespace

void sampling_page(App& app) {
  Insight& insight = app.insight;
  const int pass = app.predictions.pass;
  if (pass < 0 || app.predictions.trace != app.trace.get()) return note(say("Not computed yet."));
  SamplingSettings settings = insight.choices.trial.value_or(app.sampling);
  const auto trace = app.trace;
  const auto answer = insight.ask<Finding<SamplingPicture>>(
      InsightTopic::sampling, *trace, sampling_key(pass, settings),
      [trace, pass, settings](Progress&) { return try_settings(*trace, pass, settings); });
  if (!answer.result) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const SamplingPicture& picture = **answer.result;
  bool active = false, changed = false;
  text(Font::small, colours().text, tr("Softmax of the logits: every token of the vocabulary"));
  field(*app.model, "field_logits", picture, picture.stages[0]);
  field_tooltip(app, picture, picture.sample.probabilities);
  for (size_t i = 0; i < settings.order.size(); ++i)
    changed = stage(app, picture, settings, i, active) || changed;
  text(Font::small, colours().text,
       tr("Renormalised, in order of ids, from 0 to 1: where the drawn number falls"));
  drawn_number(app, picture);
  drawn_token(app, picture);
  note(picture.columns < int(picture.order.size())
           ? say("Most probable tokens on the left, on a logarithmic scale; heights are square roots of "
                 "probabilities, the largest of a column.")
           : say("Most probable tokens on the left; heights are square roots of probabilities."));
  if (changed) insight.choices.trial = settings;
  if (!active && !ImGui::IsMouseDown(0) && insight.choices.trial) {
    const SamplingSettings wanted = *insight.choices.trial;
    insight.choices.trial.reset();
    app.change_sampling(wanted);
  }
}

}  // namespace orrery
