#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/panels.h"
#include "app/style.h"

namespace orrery {
using namespace ui;

const char* filter_label(Filter filter) {
  switch (filter) {
    case Filter::penalties:
      return tr("Repeat penalty");
    case Filter::no_repeat_ngram:
      return tr("No n-gram twice");
    case Filter::temperature:
      return tr("Temperature");
    case Filter::top_k:
      return tr("Top-k");
    case Filter::top_p:
      return tr("Top-p");
    case Filter::min_p:
      return tr("Min-p");
    case Filter::typical:
      return tr("Typical-p");
    case Filter::epsilon:
      return tr("Epsilon");
  }
  return "";
}

namespace {

bool whole_slider(int& number, int least, int most, const char* format) {
  ImGui::SetNextItemWidth(-1);
  return ImGui::SliderInt("##value", &number, least, most, format);
}

/// `width` as ImGui's: -1 for all there is.
bool real_slider(double& number, float least, float most, const char* format, float width = -1) {
  ImGui::SetNextItemWidth(width);
  float value = float(number);
  if (!ImGui::SliderFloat("##value", &value, least, most, format)) return false;
  number = value;
  return true;
}

/// The penalty and, once it is on and where there is room, how many of the last tokens it looks at.
bool penalty_sliders(SamplingSettings& changed, const char* format, const std::string& name) {
  const bool alone = is_off(Filter::penalties, changed) || ImGui::GetContentRegionAvail().x < px(150);
  const float half = (ImGui::GetContentRegionAvail().x - px(4)) / 2;
  bool moved = real_slider(changed.repeat_penalty, 1, 2, format, alone ? -1 : half);
  mark(name.c_str());
  if (alone) return moved;
  const char* all = tr("last: all");
  need_glyphs(all);
  ImGui::SameLine(0, px(4));
  ImGui::SetNextItemWidth(-1);
  moved |= ImGui::SliderInt("##last", &changed.repeat_last_n, -1, 256,
                            changed.repeat_last_n < 0 ? all : tr("last: %d"), ImGuiSliderFlags_Logarithmic);
  if (changed.repeat_last_n == 0) changed.repeat_last_n = 1;  // none: the penalty itself says so
  mark((name + "_last").c_str());
  return moved;
}

}  // namespace

bool filter_slider(App& app, Filter filter, SamplingSettings& changed, const char* prefix) {
  need_glyphs(tr("off"));
  need_glyphs(tr("greedy"));
  const std::string name = std::string(prefix) + filter_name(filter);
  const auto format = [&](const char* number) { return is_off(filter, changed) ? tr("off") : number; };
  bool moved = false;
  ImGui::BeginGroup();  // so that whoever asks whether the slider is held means both of the penalty's
  switch (filter) {
    case Filter::penalties:
      moved = penalty_sliders(changed, format("%.2f"), name);
      break;
    case Filter::no_repeat_ngram:
      moved = whole_slider(changed.no_repeat_ngram, 0, 8, format("%d"));
      break;
    case Filter::temperature:
      moved = real_slider(changed.temperature, 0, 2, changed.temperature > 0 ? "%.2f" : tr("greedy"));
      break;
    case Filter::top_k:
      moved = whole_slider(changed.top_k, 0, app.model ? app.model->vocabulary_size() : 100, format("%d"));
      break;
    case Filter::top_p:
      moved = real_slider(changed.top_p, 0, 1, format("%.2f"));
      break;
    case Filter::min_p:
      moved = real_slider(changed.min_p, 0, 1, format("%.2f"));
      break;
    case Filter::typical:
      moved = real_slider(changed.typical, 0, 1, format("%.2f"));
      break;
    case Filter::epsilon:
      moved = real_slider(changed.epsilon, 0, 0.1f, format("%.3f"));
      break;
  }
  if (filter != Filter::penalties) mark(name.c_str());
  ImGui::EndGroup();
  return moved;
}

void sampling_panel(App& app) {
  heading(tr("Sampling, from the next token on"));
  static SamplingSettings edited;
  static bool editing = false;
  if (!editing) edited = app.sampling;
  bool changed = false, active = false;
  for (size_t i = 0; i < edited.order.size(); ++i) {
    ImGui::PushID(int(i));
    ImGui::AlignTextToFramePadding();
    text(Font::small, colours().text, filter_label(edited.order[i]));
    ImGui::SameLine(px(114));
    std::string name = std::string(filter_name(edited.order[i])) + "_earlier";
    if (i > 0 && icon_button(name.c_str(), Icon::up, tr("Apply this filter earlier"), px(22))) {
      std::swap(edited.order[i], edited.order[i - 1]);
      changed = true;
    } else if (i == 0) {
      ImGui::Dummy({px(22), px(22)});
    }
    ImGui::SameLine(0, px(4));
    changed |= filter_slider(app, edited.order[i], edited);
    active |= ImGui::IsItemActive();
    ImGui::PopID();
  }
  text(Font::small, colours().text, tr("Random seed"));
  ImGui::SetNextItemWidth(-1);
  int seed = int(edited.seed);
  if (ImGui::InputInt("##seed", &seed, 0)) edited.seed = std::uint64_t(std::max(0, seed)), changed = true;
  mark("seed");
  // A slider acts when it is let go: every value on the way would start a recording of its own.
  editing = active;
  if (!active && (changed || edited != app.sampling)) app.change_sampling(edited);
}

void predictions_panel(App& app) {
  heading(tr("Predictions for the next token"));
  Predictions& p = app.predictions;
  if (!app.trace || p.pass < 0 || p.by_probability.empty())
    return wrapped(Font::small, colours().muted, tr("Not computed yet: the last operations make them."));
  auto choose = [&](const char* name, const char* label, bool filtered) {
    if (button(name, label, p.filtered == filtered) && p.filtered != filtered) {
      p.filtered = filtered;
      p.by_probability.clear();
      app.awake = 4;
    }
  };
  choose("stage_raw", tr("As computed"), false);
  ImGui::SameLine(0, px(4));
  choose("stage_filtered", tr("After the filters"), true);
  if (p.by_probability.empty()) return;
  const auto& shown =
      p.filtered && !p.sample.stages.empty() ? p.sample.stages.back().probabilities : p.sample.probabilities;
  float row = px(23);
  ImGui::BeginChild("list", {0, 0});
  ImGui::PushFont(font(Font::small));
  ImGuiListClipper clipper;
  clipper.Begin(int(p.by_probability.size()), row);
  ImDrawList* list = ImGui::GetWindowDrawList();
  int force = -1;
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      int id = p.by_probability[size_t(i)];
      float probability = shown[size_t(id)];
      ImVec2 at = ImGui::GetCursorScreenPos();
      float width = ImGui::GetContentRegionAvail().x, label = px(64), number = px(52);
      ImGui::PushID(i);
      ImGui::SetCursorScreenPos(at);
      if (ImGui::InvisibleButton("row", {std::max(1.f, width), row})) force = id;
      ImGui::PopID();
      if (i < 10) mark(("prediction_" + std::to_string(i)).c_str());
      bool hovered = ImGui::IsItemHovered(), taken = id == p.chosen;
      if (hovered) list->AddRectFilled(at, {at.x + width, at.y + row - px(1)}, pack(colours().raised), px(4));
      std::string token = app.trace->model().token_text(id);
      need_glyphs(token.c_str());
      float y = at.y + (row - ImGui::GetFontSize()) / 2;
      list->AddText({at.x + px(4), y}, pack(colours().text), fitting(token, label - px(6)).c_str());
      float bar = std::max(0.f, width - label - number);
      ImVec4 colour = taken ? colours().warm : colours().accent;
      list->AddRectFilled({at.x + label, at.y + px(5)},
                          {at.x + label + std::max(1.f, bar * probability), at.y + row - px(6)}, pack(colour),
                          px(3));
      char percent[16];
      std::snprintf(percent, sizeof percent, probability >= 0.0995f ? "%.1f %%" : "%.2f %%",
                    double(probability) * 100);
      float text_width = ImGui::CalcTextSize(percent).x;
      list->AddText({at.x + width - text_width - px(2), y},
                    pack(probability > 0 ? colours().muted : colours().faint), percent);
      if (hovered) tooltip(tr("Click to make this the next token and go on from it"));
    }
  ImGui::PopFont();
  ImGui::EndChild();
  if (force >= 0) app.force_token(force);
}

void legend_panel(App& app) {
  if (const auto legend = app.scene.legend(app)) legend_strip(*legend, &app.settings.range);
}

}  // namespace orrery
