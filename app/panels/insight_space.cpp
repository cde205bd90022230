#include <algorithm>
#include <cmath>
#include <set>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/insight_widgets.h"
#include "model/analysis/principal_components.h"

namespace orrery {
using namespace ui;

namespace {

constexpr int most_points = 4000;  // drawn; the components are those of all
constexpr int most_labels = 90;

struct Point {
  ImVec2 at;
  float depth = 0;  ///< -1 far .. 1 near
  int index = 0;
};

/// Where the cloud stands on the screen.
struct Projection {
  ImVec2 centre;
  float size, yaw, pitch;
  double scale;  ///< of the components

  ImVec2 project(double x, double y, double z, float* depth = nullptr) const {
    const double a = x * scale, b = y * scale, c = z * scale;
    const double turned = a * std::cos(yaw) + c * std::sin(yaw), away = c * std::cos(yaw) - a * std::sin(yaw);
    const double up = b * std::cos(pitch) - away * std::sin(pitch),
                 near = away * std::cos(pitch) + b * std::sin(pitch);
    const double shrink = 1 / (1 - 0.22 * near);
    if (depth) *depth = float(near);
    return {centre.x + float(turned * shrink) * size, centre.y - float(up * shrink) * size};
  }
};

/// What the cloud's points are: rows of the table of tokens, or tokens of the text.
struct Cloud {
  bool is_table = true;
  const PrincipalComponents& found;
  double coordinate(int point, int component) const {
    return component < found.positions.cols ? found.positions(point, component) : 0;
  }
  std::string name(const App& app, int point) const {
    return is_table ? app.model->token_text(point) : token_at(app, point);
  }
};

/// The points to draw: those of the text, then as many others as may be.
std::vector<int> points_to_draw(const App& app, const Cloud& cloud, std::set<int>& in_text) {
  if (cloud.is_table)
    for (int row = 0; row < app.tokens_shown(); ++row) in_text.insert(app.trace->token(row));
  std::vector<int> points(in_text.begin(), in_text.end());
  for (int i = 0; i < cloud.found.positions.rows && int(points.size()) < most_points; ++i)
    if (!in_text.count(i)) points.push_back(i);
  return points;
}

void axes(ImDrawList* list, const Projection& projection, const Cloud& cloud) {
  WithFont with(Font::small);
  for (int k = 0; k < cloud.found.positions.cols; ++k) {
    const double length = 1 / projection.scale;
    const double x = k == 0 ? length : 0, y = k == 1 ? length : 0, z = k == 2 ? length : 0;
    const ImVec2 from = projection.project(-x, -y, -z), to = projection.project(x, y, z);
    list->AddLine(from, to, pack(colours().line), px(1));
    char name[32];
    std::snprintf(name, sizeof name, "PC%d %.1f %%", k + 1, cloud.found.explained[size_t(k)] * 100);
    list->AddText(to, pack(colours().muted), name);
  }
}

bool touches(const std::vector<ImVec4>& taken, ImVec4 box) {
  return std::ranges::any_of(taken, [&](const ImVec4& other) {
    return box.x < other.z && other.x < box.z && box.y < other.w && other.y < box.w;
  });
}

/// Names of the points, those of the text and the near ones first, none over another.
void names(const App& app, ImDrawList* list, const Cloud& cloud, std::vector<Point> points,
           const std::set<int>& in_text) {
  std::stable_sort(points.begin(), points.end(), [&](const Point& a, const Point& b) {
    const bool first = in_text.count(a.index) > 0, second = in_text.count(b.index) > 0;
    return first != second ? first : a.depth > b.depth;
  });
  WithFont with(Font::small);
  std::vector<ImVec4> taken;
  for (const Point& point : points) {
    if (int(taken.size()) >= most_labels) break;
    const std::string words = cloud.name(app, point.index);
    const ImVec2 size = ImGui::CalcTextSize(words.c_str());
    const ImVec2 at{point.at.x + px(5), point.at.y - size.y / 2};
    const ImVec4 box{at.x, at.y, at.x + size.x, at.y + size.y};
    if (touches(taken, box)) continue;
    need_glyphs(words.c_str());
    taken.push_back(box);
    list->AddText(at, pack(in_text.count(point.index) ? colours().warm : colours().text), words.c_str());
  }
}

/// Turns and zooms with the mouse; the rectangle of the picture.
ImVec4 turn(InsightChoices& choices) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 room{std::max(px(120), ImGui::GetContentRegionAvail().x),
                    std::max(px(120), ImGui::GetContentRegionAvail().y - px(64))};
  ImGui::InvisibleButton("space", room);
  mark("space");
  const ImGuiIO& io = ImGui::GetIO();
  if (ImGui::IsItemActive()) {
    choices.yaw += io.MouseDelta.x * 0.008f;
    choices.pitch = std::clamp(choices.pitch + io.MouseDelta.y * 0.008f, -1.5f, 1.5f);
  }
  if (ImGui::IsItemHovered() && io.MouseWheel != 0)
    choices.zoom = std::clamp(choices.zoom * std::pow(1.12f, io.MouseWheel), 0.3f, 12.f);
  return {at.x, at.y, at.x + room.x, at.y + room.y};
}

void draw_cloud(App& app, const Cloud& cloud) {
  InsightChoices& choices = app.insight.choices;
  const ImVec4 area = turn(choices);
  const bool hovered = ImGui::IsItemHovered() && !ImGui::IsItemActive();
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled({area.x, area.y}, {area.z, area.w}, pack(colours().background), px(6));
  list->PushClipRect({area.x, area.y}, {area.z, area.w}, true);
  std::set<int> in_text;
  const std::vector<int> chosen = points_to_draw(app, cloud, in_text);
  double radius = 1e-12;
  for (int index : chosen) {
    double squares = 0;
    for (int k = 0; k < 3; ++k) squares += std::pow(cloud.coordinate(index, k), 2);
    radius = std::max(radius, std::sqrt(squares));
  }
  const Projection projection{{(area.x + area.z) / 2, (area.y + area.w) / 2},
                              std::min(area.z - area.x, area.w - area.y) * 0.42f * choices.zoom,
                              choices.yaw,
                              choices.pitch,
                              1 / radius};
  axes(list, projection, cloud);
  std::vector<Point> points;
  for (int index : chosen) {
    Point point;
    point.index = index;
    point.at = projection.project(cloud.coordinate(index, 0), cloud.coordinate(index, 1),
                                  cloud.coordinate(index, 2), &point.depth);
    points.push_back(point);
  }
  if (!cloud.is_table)
    for (size_t i = 1; i < points.size(); ++i)
      list->AddLine(points[i - 1].at, points[i].at, pack(fade(colours().accent, 0.45f)), px(1));
  const Point* nearest = nullptr;
  float best = px(10);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  for (const Point& point : points) {
    const float size = px(2.2f) * (1 + 0.35f * point.depth);
    const ImVec4 own = in_text.count(point.index) ? colours().warm : colours().kinds[4];
    const ImU32 colour = pack(fade(own, 0.65f + 0.35f * std::clamp(point.depth, -1.f, 1.f)));
    list->AddRectFilled({point.at.x - size, point.at.y - size}, {point.at.x + size, point.at.y + size},
                        colour, size);
    const float away = std::hypot(point.at.x - mouse.x, point.at.y - mouse.y);
    if (hovered && away < best) best = away, nearest = &point;
  }
  names(app, list, cloud, points, in_text);
  list->PopClipRect();
  if (!nearest) return;
  std::string words = cloud.name(app, nearest->index) + "  #" + std::to_string(nearest->index);
  for (int k = 0; k < cloud.found.positions.cols; ++k)
    words += "\nPC" + std::to_string(k + 1) + " " + number_text(cloud.coordinate(nearest->index, k));
  ImGui::BeginTooltip();
  text(Font::small, colours().text, words.c_str());
  ImGui::EndTooltip();
}

/// Of what the points are: the table of tokens, or a state of the stream.
void source(const App& app, InsightChoices& choices, const std::vector<const Tensor*>& states) {
  const auto name = [&](int state) {
    return state < 0 ? std::string(tr("Token table")) : states[size_t(state)]->name;
  };
  if (choices.state >= int(states.size())) choices.state = -1;
  (void)app;
  WithFont with(Font::small);
  ImGui::SetNextItemWidth(px(260));
  need_glyphs(tr("Token table"));
  const bool open = ImGui::BeginCombo("##space_of", name(choices.state).c_str());
  mark("space_of");
  if (!open) return;
  for (int state = -1; state < int(states.size()); ++state)
    if (ImGui::Selectable(name(state).c_str(), state == choices.state)) choices.state = state;
  ImGui::EndCombo();
}

Background::Answer<Finding<PrincipalComponents>> ask_components(App& app,
                                                                const std::vector<const Tensor*>& states) {
  Insight& insight = app.insight;
  if (insight.choices.state < 0) {
    const auto model = app.model;
    return insight.slow.ask<Finding<PrincipalComponents>>(
        int(InsightTopic::space), {insight.model_number}, [model](Progress& progress) {
          const Tensor* table = model->graph().find("embed.W_E");
          if (!table) return Finding<PrincipalComponents>(say("This model has no table of tokens."));
          return principal_components(model->weight(*table), 3, progress);
        });
  }
  const auto trace = app.trace;
  const Tensor* state = states[size_t(insight.choices.state)];
  const int rows = trace->rows_known(*state, app.playback.steps());
  return insight.ask<Finding<PrincipalComponents>>(InsightTopic::space, *trace, {state->index, rows},
                                                   [trace, state, rows](Progress& progress) {
                                                     MatrixView view = trace->view(*state);
                                                     view.rows = rows;
                                                     return principal_components(view, 3, progress);
                                                   });
}

}  // namespace

void space_page(App& app) {
  InsightChoices& choices = app.insight.choices;
  const auto states = stream_states(app.model->graph(), true);
  source(app, choices, states);
  const auto answer = ask_components(app, states);
  if (!answer.result || (!answer.current && choices.state >= 0)) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const PrincipalComponents& found = **answer.result;
  draw_cloud(app, {choices.state < 0, found});
  double sum = 0;
  for (double share : found.explained) sum += share;
  note(say(
      "These {0} directions hold {1} % of the variance; the rest is not shown. Drag to turn, wheel to come "
      "closer.",
      found.explained.size(), std::round(sum * 1000) / 10));
  if (found.positions.rows > most_points)
    note(say("{0} of {1} points are drawn: those of the text and the first ids.", most_points,
             found.positions.rows));
}

}  // namespace orrery
