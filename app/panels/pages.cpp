#include <cstring>
#include <span>
#include <vector>

#include "app/actions.h"
#include "app/app.h"
#include "app/language.h"
#include "app/panels/page.h"
#include "app/panels/panels.h"
#include "app/panels/text_field.h"
#include "app/shipped_models.h"
#include "app/style.h"

namespace orrery {
using namespace ui;

bool begin_page(const char* name, const char* title, float width) {
  ImVec2 display = ImGui::GetIO().DisplaySize;
  ImGui::SetNextWindowPos({display.x / 2, display.y / 2}, ImGuiCond_Always, {0.5f, 0.5f});
  ImGui::SetNextWindowSizeConstraints({std::min(px(width), display.x), 0},
                                      {std::min(px(width), display.x), std::max(1.f, display.y - px(40))});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {px(22), px(18)});
  ImGui::Begin(name, nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_AlwaysAutoResize |
                   ImGuiWindowFlags_NoSavedSettings);
  ImGui::PopStyleVar(2);
  mark(name, ImGui::GetWindowPos(),
       {ImGui::GetWindowPos().x + ImGui::GetWindowWidth(),
        ImGui::GetWindowPos().y + ImGui::GetWindowHeight()});
  text(Font::title, colours().text, title);
  ImGui::SameLine(ImGui::GetWindowWidth() - px(50));
  std::string close = std::string(name) + "_close";
  return !icon_button(close.c_str(), Icon::close, tr("Close"), px(26));
}

void model_page(App& app) {
  app.pages.models = begin_page("models_page", tr("Choose a model"), 560);
  bool chinese = current_language() == "zh-Hant";
  for (const ShippedModel& model : shipped_models()) {
    ImGui::PushID(model.name.c_str());
    ImVec2 at = ImGui::GetCursorScreenPos();
    float width = ImGui::GetContentRegionAvail().x, high = px(58);
    if (ImGui::InvisibleButton("model", {width, high})) app.load_model(model.path.string());
    bool hovered = ImGui::IsItemHovered(), open = app.model && app.model->name() == model.name;
    mark(("model_" + model.name).c_str());
    ImVec2 after = ImGui::GetCursorPos();
    ImDrawList* list = ImGui::GetWindowDrawList();
    list->AddRectFilled(at, {at.x + width, at.y + high}, pack(hovered ? colours().line : colours().raised),
                        px(6));
    if (open) list->AddRect(at, {at.x + width, at.y + high}, pack(colours().accent), px(6), 0, px(2));
    ImGui::SetCursorScreenPos({at.x + px(12), at.y + px(8)});
    text(Font::body, colours().text, model.name.c_str());
    ImGui::SetCursorScreenPos({at.x + px(12), at.y + px(32)});
    const std::string& about =
        chinese && !model.description_zh_hant.empty() ? model.description_zh_hant : model.description;
    need_glyphs(about.c_str());
    WithFont with(Font::small);
    text(Font::small, colours().muted, fitting(about, width - px(24)).c_str());
    ImGui::SetCursorPos(after);
    ImGui::PopID();
  }
  heading(tr("A folder or a file of weights (it may also be dropped on the window)"));
  const bool entered =
      text_field("model_path", "/path/to/model", app.path_field, ImGui::GetContentRegionAvail().x - px(90));
  ImGui::SameLine();
  if (button("open_model", tr("Open"), true, {px(80), 0}) || entered) app.load_model(app.path_field);
  ImGui::End();
}

void settings_page(App& app) {
  app.pages.settings = begin_page("settings_page", tr("Settings"), 420);
  Settings& s = app.settings;
  heading(tr("Theme"));
  if (button("theme_dark", tr("Dark"), s.theme == Theme::dark)) s.theme = Theme::dark;
  ImGui::SameLine();
  if (button("theme_light", tr("Light"), s.theme == Theme::light)) s.theme = Theme::light;
  heading(tr("Language"));
  for (const LanguageChoice& choice : languages()) {
    if (button(("language_" + choice.code).c_str(), choice.name.c_str(), s.language == choice.code)) {
      s.language = choice.code;
      app.apply_settings();
    }
    ImGui::SameLine();
  }
  ImGui::NewLine();
  heading(tr("Size of the type"));
  for (float size : {0.85f, 1.f, 1.2f, 1.5f}) {
    std::string percent = std::to_string(int(size * 100 + 0.5f)) + " %";
    if (button(("type_" + std::to_string(int(size * 100 + 0.5f))).c_str(), percent.c_str(),
               s.font_scale == size))
      s.font_scale = size;
    ImGui::SameLine();
  }
  ImGui::NewLine();
  need_glyphs(tr("Reduced motion: cut instead of flying"));
  need_glyphs(tr("Colours for colour-blind eyes"));
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 1);  // an empty box is to be seen
  ImGui::Checkbox((std::string(tr("Reduced motion: cut instead of flying")) + "##motion").c_str(),
                  &s.reduced_motion);
  mark("reduced_motion");
  ImGui::Checkbox((std::string(tr("Colours for colour-blind eyes")) + "##blind").c_str(), &s.colour_blind);
  mark("colour_blind");
  ImGui::PopStyleVar();
  ImGui::Dummy({0, px(4)});
  wrapped(Font::small, colours().muted,
          translate(say("Orrery {0}. Every number that you see was computed by the model.", ORRERY_VERSION))
              .c_str());
  ImGui::End();
}

namespace {

/// What is pressed and what that does, line by line; `key_width` and `width` are in design pixels.
void key_list(std::span<const std::pair<std::string, std::string>> lines, float key_width, float width) {
  ImGui::BeginGroup();
  for (const auto& [key, effect] : lines) {
    text(Font::small, colours().accent, key.c_str());
    ImGui::SameLine(px(key_width));
    wrapped(Font::small, colours().text, effect.c_str(), px(width));
  }
  ImGui::EndGroup();
}

}  // namespace

void help_page(App& app) {
  app.pages.help = begin_page("help_page", tr("Keys and mouse"), 1120);
  if (button("start_tour", tr("A tour in five stops"))) app.start_tour();
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Gesture& gesture : gestures())
    lines.emplace_back(translate(gesture.gesture), translate(gesture.effect));
  lines.emplace_back("1 … 9", tr("Camera stops: the whole model and its parts; with Ctrl: store the view"));
  for (const Action& action : actions())
    if (action.key && !action.camera_stop) lines.emplace_back(action.key_name, translate(action.label));
  const std::span all(lines);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(8), px(4)});
  const size_t half = (lines.size() + 1) / 2;
  key_list(all.first(half), 230, 330);
  ImGui::SameLine(0, px(24));
  key_list(all.subspan(half), 110, 340);
  ImGui::PopStyleVar();
  ImGui::End();
}

void about_page(App& app) {
  app.pages.about = begin_page("about_page", tr("About Orrery"), 520);
  wrapped(Font::body, colours().text,
          translate(say("Orrery {0} shows a language model at work.", ORRERY_VERSION)).c_str());
  wrapped(Font::small, colours().text,
          tr("A real model runs while you watch. Every number that is drawn or printed is one that it "
             "computed, for "
             "your text; what is only an illustration says so."));
  wrapped(
      Font::small, colours().muted,
      tr("Free software under the MIT licence. The models that come with it were trained for it; their cards "
         "say on what, and how well they do."));
  ImGui::End();
}

namespace {

/// The entries of one heading. True if one was chosen.
bool menu_part(App& app, Menu menu, const char* title) {
  heading(title);
  bool chosen = false;
  WithFont with(Font::small);
  for (const Action& action : actions()) {
    if (action.menu != menu) continue;
    const std::string label = translate(action.label);
    need_glyphs(label.c_str());
    ImGui::PushID(action.id);
    const float wide = px(340), key_width = ImGui::CalcTextSize(action.key_name).x;
    const bool pressed =
        ImGui::Selectable(fitting(label, wide - key_width - px(14)).c_str(), false, 0, {wide, 0});
    ImGui::PopID();
    mark((std::string("menu_") + action.id).c_str());
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    ImGui::GetWindowDrawList()->AddText(
        {high.x - key_width - px(6), low.y + ImGui::GetStyle().ItemSpacing.y / 2}, pack(colours().accent),
        action.key_name);
    if (!pressed) continue;
    app.pages.menu = false;
    action.run(app);
    chosen = true;
  }
  return chosen;
}

}  // namespace

void menu_page(App& app) {
  ImGui::SetNextWindowPos({px(8), px(48)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::Begin("menu_page", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_AlwaysAutoResize |
                   ImGuiWindowFlags_NoSavedSettings);
  ImGui::PopStyleVar();
  const bool outside = ImGui::IsMouseClicked(0) && !ImGui::IsWindowHovered(ImGuiHoveredFlags_AnyWindow) &&
                       !ImGui::IsWindowAppearing();
  mark("menu_page", ImGui::GetWindowPos(),
       {ImGui::GetWindowPos().x + ImGui::GetWindowWidth(),
        ImGui::GetWindowPos().y + ImGui::GetWindowHeight()});
  ImGui::BeginGroup();
  bool chosen = menu_part(app, Menu::open, tr("Model"));
  chosen = menu_part(app, Menu::run, tr("Run")) || chosen;
  ImGui::EndGroup();
  ImGui::SameLine(0, px(24));
  ImGui::BeginGroup();
  chosen = menu_part(app, Menu::view, tr("View")) || chosen;
  chosen = menu_part(app, Menu::help, tr("Help")) || chosen;
  ImGui::EndGroup();
  if (outside && !chosen) app.pages.menu = false;
  ImGui::End();
}

void notices_overlay(App& app) {
  auto& notices = app.notices;
  for (size_t i = notices.size(); i-- > 0;)
    if (!notices[i].error && notices[i].until < app.now)
      notices.erase(notices.begin() + std::ptrdiff_t(i)), app.awake = 4;
  float progress = app.worker.load_progress();
  if (notices.empty() && progress < 0) return;
  auto& area = app.scene.area;
  float width = std::min(px(520), std::max(px(120), float(area.width) - px(24)));
  ImGui::SetNextWindowPos({float(area.x) + float(area.width) / 2, float(area.y) + px(12)}, ImGuiCond_Always,
                          {0.5f, 0});
  ImGui::SetNextWindowSize({width, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::Begin("notices", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoFocusOnAppearing);
  ImGui::PopStyleVar();
  if (progress >= 0) {
    text(Font::small, colours().text, tr("The model is being opened"));
    ImGui::ProgressBar(progress, {-px(100), px(8)}, "");
    ImGui::SameLine();
    if (button("cancel_load", tr("Cancel"))) app.worker.cancel_load();
  }
  int dismissed = -1;
  for (size_t i = 0; i < notices.size(); ++i) {
    ImGui::PushID(int(i));
    if (icon_button(("dismiss_" + std::to_string(i)).c_str(), Icon::close, tr("Close"), px(22)))
      dismissed = int(i);
    ImGui::SameLine();
    wrapped(Font::small, notices[i].error ? colours().danger : colours().text,
            translate(notices[i].message).c_str());
    ImGui::PopID();
  }
  if (dismissed >= 0) notices.erase(notices.begin() + dismissed), app.awake = 4;
  ImGui::End();
}

}  // namespace orrery
