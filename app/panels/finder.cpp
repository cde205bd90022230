#include "app/finder.h"

#include <algorithm>

#include "app/actions.h"
#include "app/app.h"
#include "app/focus.h"
#include "app/language.h"
#include "app/panels/panels.h"
#include "app/panels/text_field.h"
#include "app/style.h"

namespace orrery {
using namespace ui;

namespace {

constexpr int rows_shown = 12;

struct Finder {
  std::string query;
  std::vector<FinderEntry> entries;
  std::vector<int> found;
  int chosen = 0;
  bool open = false;
  const Trace* trace = nullptr;
  int tokens = -1;
};

/// Everything that can be found now: the actions first, then what the model has.
std::vector<FinderEntry> all_entries(const App& app) {
  std::vector<FinderEntry> entries;
  const auto& table = actions();
  for (size_t i = 0; i < table.size(); ++i)
    if (!table[i].camera_stop && std::string(table[i].id) != "find")
      entries.push_back({FinderEntry::Kind::action, translate(table[i].label), table[i].key_name, int(i)});
  if (!app.model) return entries;
  for (FinderEntry& entry :
       finder_entries(app.model->graph(), app.trace.get(), app.tokens_shown(), translate))
    entries.push_back(std::move(entry));
  return entries;
}

void go_to(App& app, const FinderEntry& entry) {
  app.pages.finder = false;
  app.awake = 4;
  const bool at_once = app.settings.reduced_motion;
  switch (entry.kind) {
    case FinderEntry::Kind::action:
      return actions()[size_t(entry.index)].run(app);
    case FinderEntry::Kind::tensor:
      // The arrows go on from its first cell.
      app.scene.selected = Cell{app.model->graph().tensors()[size_t(entry.index)], 0, 0};
      return app.scene.fly_to(*app.model->graph().tensors()[size_t(entry.index)], at_once);
    case FinderEntry::Kind::group:
      return app.scene.fly_to_group(entry.index, at_once);
    case FinderEntry::Kind::token:
      app.scene.selected = Cell{&app.model->graph().tokens(), entry.index, 0};
      return app.scene.fly_to(app.model->graph().tokens(), at_once);
  }
}

const char* kind_name(FinderEntry::Kind kind) {
  switch (kind) {
    case FinderEntry::Kind::action:
      return tr("Action");
    case FinderEntry::Kind::tensor:
      return tr("Tensor");
    case FinderEntry::Kind::group:
      return tr("Part");
    case FinderEntry::Kind::token:
      return tr("Token");
  }
  return "";
}

ImVec4 entry_colour(const App& app, const FinderEntry& entry) {
  if (entry.kind == FinderEntry::Kind::tensor)
    return colours().kinds[int(app.model->graph().tensors()[size_t(entry.index)]->kind)];
  return entry.kind == FinderEntry::Kind::action ? colours().accent : colours().text;
}

/// One line of the list. True if it was clicked.
bool entry_row(const App& app, const FinderEntry& entry, int place, bool chosen) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, row = px(26);
  ImGui::PushID(place);
  const bool pressed = ImGui::InvisibleButton("entry", {width, row});
  ImGui::PopID();
  mark(("found_" + std::to_string(place)).c_str());
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (chosen || ImGui::IsItemHovered())
    list->AddRectFilled(at, {at.x + width, at.y + row}, pack(chosen ? colours().line : colours().raised),
                        px(5));
  const float y = at.y + (row - ImGui::GetFontSize()) / 2;
  const float first = px(74), right = at.x + width - px(8);
  need_glyphs(kind_name(entry.kind));
  need_glyphs(entry.title.c_str());
  need_glyphs(entry.detail.c_str());
  list->AddText({at.x + px(8), y}, pack(colours().faint), kind_name(entry.kind));
  const std::string title = fitting(entry.title, width - first - px(16));
  list->AddText({at.x + first, y}, pack(entry_colour(app, entry)), title.c_str());
  const float room = right - (at.x + first + ImGui::CalcTextSize(title.c_str()).x + px(16));
  const std::string detail = room > px(30) ? fitting(entry.detail, room) : "";
  list->AddText({right - ImGui::CalcTextSize(detail.c_str()).x, y}, pack(colours().muted), detail.c_str());
  ImGui::SetCursorScreenPos({at.x, at.y + row});
  return pressed;
}

}  // namespace

void finder_page(App& app) {
  static Finder finder;
  const bool appearing = !finder.open;
  finder.open = true;
  if (appearing) finder.query.clear(), finder.chosen = 0, focus().leave();
  if (appearing || finder.trace != app.trace.get() || finder.tokens != app.tokens_shown()) {
    finder.entries = all_entries(app);
    finder.trace = app.trace.get();
    finder.tokens = app.tokens_shown();
    finder.found = find_entries(finder.query, finder.entries);
  }
  const ImVec2 display = ImGui::GetIO().DisplaySize;
  const float width = std::min(px(620), display.x - px(20));
  ImGui::SetNextWindowPos({display.x / 2, std::min(px(96), display.y * 0.1f)}, ImGuiCond_Always, {0.5f, 0});
  const int rows = std::clamp(int(finder.found.size()), 1, rows_shown);
  ImGui::SetNextWindowSize({width, px(26) * float(rows) + px(88)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::Begin("finder", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
  ImGui::PopStyleVar();
  if (appearing) ImGui::SetWindowFocus();
  const ImVec2 corner = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
  mark("finder_page", corner, {corner.x + size.x, corner.y + size.y});
  if (appearing) ImGui::SetKeyboardFocusHere();
  const bool entered = text_field("find", tr("Find a tensor, head, layer, token or action"), finder.query,
                                  ImGui::GetContentRegionAvail().x);
  if (ImGui::IsItemEdited()) finder.found = find_entries(finder.query, finder.entries), finder.chosen = 0;
  const int count = int(finder.found.size());
  if (key_pressed(ImGuiKey_DownArrow)) ++finder.chosen;
  if (key_pressed(ImGuiKey_UpArrow)) --finder.chosen;
  if (key_pressed(ImGuiKey_PageDown)) finder.chosen += rows_shown - 1;
  if (key_pressed(ImGuiKey_PageUp)) finder.chosen -= rows_shown - 1;
  finder.chosen = std::clamp(finder.chosen, 0, std::max(0, count - 1));
  int taken = entered && count > 0 ? finder.chosen : -1;
  if (key_pressed(ImGuiKey_Escape)) app.pages.finder = false;
  if (count == 0) wrapped(Font::small, colours().muted, tr("Nothing has this name."));
  {
    WithFont with(Font::small);
    const int top = std::clamp(finder.chosen - rows_shown / 2, 0, std::max(0, count - rows_shown));
    for (int i = top; i < std::min(count, top + rows_shown); ++i)
      if (entry_row(app, finder.entries[size_t(finder.found[size_t(i)])], i - top, i == finder.chosen))
        taken = i;
  }
  text(Font::small, colours().faint,
       translate(say("{0} found · ↑ ↓ choose · Enter goes there", count)).c_str());
  const bool outside =
      ImGui::IsMouseClicked(0) && !appearing && !ImGui::IsWindowHovered(ImGuiHoveredFlags_AnyWindow);
  if (outside) app.pages.finder = false;
  if (taken >= 0) go_to(app, FinderEntry(finder.entries[size_t(finder.found[size_t(taken)])]));
  ImGui::End();
  finder.open = app.pages.finder;
}

}  // namespace orrery
