#include <cstring>

#include "app/actions.h"
#include "app/app.h"
#include "app/language.h"
#include "app/panels/panels.h"
#include "app/panels/text_field.h"
#include "app/style.h"

namespace orrery {
using namespace ui;

namespace {

/// Token chips: the text of each token and its id beneath; as many as fit the line, then how many more.
void chips(const Prompt& prompt) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImVec2 at = ImGui::GetCursorScreenPos();
  float right = at.x + ImGui::GetContentRegionAvail().x - px(70), height = px(22), x = at.x;
  WithFont with(Font::small);
  size_t shown = 0;
  for (; shown < prompt.pieces.size(); ++shown) {
    const char* piece = prompt.pieces[shown].c_str();
    need_glyphs(piece);
    std::string id = std::to_string(prompt.ids[shown]);
    float text_width = ImGui::CalcTextSize(piece).x, id_width = ImGui::CalcTextSize(id.c_str()).x;
    float width = text_width + id_width + px(16);
    if (x + width > right) break;
    list->AddRectFilled({x, at.y}, {x + width, at.y + height}, pack(fade(colours().kinds[4], 0.16f)), px(5));
    float y = at.y + (height - ImGui::GetFontSize()) / 2;
    list->AddText({x + px(6), y}, pack(colours().text), piece);
    list->AddText({x + px(10) + text_width, y}, pack(colours().muted), id.c_str());
    x += width + px(4);
  }
  if (shown < prompt.pieces.size()) {
    std::string more = translate(say("and {0} more", prompt.pieces.size() - shown));
    list->AddText({x + px(4), at.y + (height - ImGui::GetFontSize()) / 2}, pack(colours().muted),
                  more.c_str());
  }
  ImGui::Dummy({1, height});
  mark("tokens", at, {x, at.y + height});
}

void pane_button(App& app, const char* id, Icon icon, const char* tip, float side) {
  if (icon_button(id, icon, tip, side)) run_action(app, id);
}

}  // namespace

void prompt_panel(App& app) {
  float side = ImGui::GetFrameHeight();
  if (icon_button("menu", Icon::menu, tr("The menu"), side, app.pages.menu)) run_action(app, "menu");
  ImGui::SameLine();
  std::string name = app.model ? app.model->name() : tr("Choose a model");
  if (button("models", (name + "##name").c_str())) run_action(app, "models");
  tooltip(tr("Choose a model"));
  ImGui::SameLine();
  float buttons = px(86) + 5 * (side + px(8));
  if (app.prompt.focus) ImGui::SetKeyboardFocusHere();
  app.prompt.focus = false;
  const bool entered = text_field("prompt", tr("Type a text for the model to go on from, then press Enter"),
                                  app.prompt.text, ImGui::GetContentRegionAvail().x - buttons);
  if (ImGui::IsItemEdited()) app.retokenize();
  ImGui::SameLine();
  if (button("run", tr("Run"), true, {px(78), 0}) || entered) app.start_run();
  ImGui::SameLine();
  if (icon_button("tokenizer", Icon::tokens, tr("How text becomes tokens"), side, app.pages.tokenizer))
    run_action(app, "tokenizer");
  ImGui::SameLine();
  if (icon_button("settings", Icon::settings, tr("Settings"), side, app.pages.settings))
    run_action(app, "settings");
  ImGui::SameLine();
  if (icon_button("help", Icon::help, tr("This help"), side, app.pages.help)) run_action(app, "help");
  ImGui::SameLine();
  pane_button(app, "left_pane", app.settings.left_open ? Icon::left : Icon::right,
              tr("Show or hide the left pane"), side);
  ImGui::SameLine();
  pane_button(app, "right_pane", app.settings.right_open ? Icon::right : Icon::left,
              tr("Show or hide the right pane"), side);
  if (app.prompt.problem)
    wrapped(Font::small, app.prompt.text.empty() ? colours().muted : colours().danger,
            translate(*app.prompt.problem).c_str());
  else
    chips(app.prompt);
}

}  // namespace orrery
