#include "app/tour.h"

#include "app/app.h"
#include "app/language.h"
#include "app/panels/links.h"
#include "app/panels/panels.h"
#include "app/style.h"

namespace orrery {
using namespace ui;

namespace {

/// The number of a stop in a disc, and its title; the stops already seen are filled. True if it was clicked.
bool stop_line(const App& app, int place) {
  const TourStop& stop = app.tour.stops()[size_t(place)];
  const bool here = place == app.tour.at(), seen = place < app.tour.at();
  const float width = ImGui::GetContentRegionAvail().x, high = px(28), radius = px(12);
  const ImVec2 at = ImGui::GetCursorScreenPos(), middle{at.x + radius, at.y + high / 2};
  ImGui::PushID(place);
  const bool clicked = ImGui::InvisibleButton("stop", {std::max(1.f, width), high});
  ImGui::PopID();
  mark(("tour_stop_" + std::to_string(place)).c_str());
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool hovered = ImGui::IsItemHovered();
  if (place > 0)
    list->AddLine({middle.x, at.y - px(8)}, {middle.x, middle.y - radius},
                  pack(here || seen ? colours().accent : colours().line), px(2));
  const ImVec4 disc = here || seen ? colours().accent : colours().raised;
  list->AddCircleFilled(middle, radius, pack(seen ? fade(disc, 0.45f) : disc));
  {
    WithFont with(Font::small);
    const std::string number = std::to_string(place + 1);
    const ImVec2 size = ImGui::CalcTextSize(number.c_str());
    list->AddText({middle.x - size.x / 2, middle.y - size.y / 2},
                  pack(here   ? colours().on_accent
                       : seen ? colours().text
                              : colours().muted),
                  number.c_str());
  }
  const std::string title = translate(stop.title);
  need_glyphs(title.c_str());
  WithFont with(here ? Font::body : Font::small);
  list->AddText({at.x + radius * 2 + px(10), at.y + (high - ImGui::GetFontSize()) / 2},
                pack(here || hovered ? colours().text : colours().muted), title.c_str());
  return clicked;
}

void stop_words(App& app) {
  const TourStop& stop = app.tour.stop();
  const float in = px(34);
  ImGui::Indent(in);
  wrapped(Font::small, colours().text, translate(stop.words).c_str());
  if (stop.fact) {
    const ImVec2 from = ImGui::GetCursorScreenPos();
    ImGui::Indent(px(10));
    wrapped(Font::small, colours().accent, translate(*stop.fact).c_str());
    ImGui::Unindent(px(10));
    ImGui::GetWindowDrawList()->AddRectFilled({from.x, from.y}, {from.x + px(3), ImGui::GetItemRectMax().y},
                                              pack(colours().accent));
  }
  ImGui::Unindent(in);
  ImGui::Dummy({0, px(4)});
}

}  // namespace

void tour_panel(App& app) {
  text(Font::title, colours().text, tr("Orrery in a minute"));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(8), px(4)});
  int wanted = -1;
  for (int place = 0; place < int(app.tour.stops().size()); ++place) {
    if (stop_line(app, place)) wanted = place;
    if (place == app.tour.at()) stop_words(app);
  }
  ImGui::Dummy({0, px(2)});
  const float gap = px(6), width = ImGui::GetContentRegionAvail().x;
  const float side = (width - 2 * gap) * 0.3f, middle = width - 2 * gap - 2 * side;
  int steps = 0;
  if (button("tour_back", tr("Back"), false, {side, 0}) && app.tour.at() > 0) steps = -1;
  ImGui::SameLine(0, gap);
  if (button("tour_next", app.tour.last() ? tr("Done") : tr("Next"), true, {middle, 0})) steps = 1;
  ImGui::SameLine(0, gap);
  const bool skip = button("tour_skip", tr("Skip"), false, {side, 0});
  wrapped(Font::small, colours().muted, tr("Keys: → next, ← back, Esc ends. Help has the tour again."));
  ImGui::PopStyleVar();
  if (wanted >= 0) app.go_on_tour(wanted - app.tour.at());
  if (steps != 0) app.go_on_tour(steps);
  if (skip) app.end_tour();
}

}  // namespace orrery
