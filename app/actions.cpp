#include "app/actions.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>
#include <cstring>

#include "app/app.h"
#include "app/focus.h"

namespace orrery {

namespace {

/// Opens a page, or closes it; one is open at a time.
template <bool Pages::*page>
void toggle(App& app) {
  const bool open = app.pages.*page;
  app.pages = {};
  app.pages.*page = !open;
}

/// Opens a page of the pane that looks inside.
template <InsightPage page>
void look_inside(App& app) {
  app.settings.insight_open = true;
  app.insight.choices.page = page;
}

/// Arcs between the tokens, or none if these are shown.
template <ArcMode mode>
void show_arcs(App& app) {
  if (app.model && app.insight.anatomy.head_count() == 0) return app.tell(no_attention());
  ArcMode& arcs = app.insight.choices.arcs;
  arcs = arcs == mode ? ArcMode::none : mode;
}

template <int number>
void camera_stop(App& app) {
  if (!app.scene.go_to_stop(number, app.settings.reduced_motion))
    app.tell(say("This model has no part for camera stop {0}: Ctrl+{0} stores the view there.", number));
}
template <int number>
void store_stop(App& app) {
  app.scene.store_stop(number);
  app.tell(say("Camera stop {0} stored.", number));
}

template <int number>
void add_stops(std::vector<Action>& table) {
  static const char digit[] = {char('0' + number), 0};
  static const std::string with_control = std::string("Ctrl+") + digit;
  static const std::string go = std::string("camera_stop_") + digit,
                           store = std::string("store_stop_") + digit;
  table.push_back({go.c_str(), GLFW_KEY_0 + number, false, digit, say("Go to camera stop {0}", number),
                   camera_stop<number>, Menu::none, true});
  table.push_back({store.c_str(), GLFW_KEY_0 + number, true, with_control.c_str(),
                   say("Store camera stop {0}", number), store_stop<number>, Menu::none, true});
  if constexpr (number < 9) add_stops<number + 1>(table);
}

std::vector<Action> make_table() {
  std::vector<Action> table = {
      {"play", GLFW_KEY_SPACE, false, "Space", say("Play or pause"), [](App& a) { a.toggle_play(); },
       Menu::run},
      {"step_back", GLFW_KEY_COMMA, false, ",", say("One operation back"), [](App& a) { a.step(-1); },
       Menu::run},
      {"step_on", GLFW_KEY_PERIOD, false, ".", say("One operation on"), [](App& a) { a.step(1); }, Menu::run},
      {"term_back", GLFW_KEY_COMMA | with_shift, false, "Shift+,", say("One term of the arithmetic back"),
       [](App& a) { a.step_term(-1); }, Menu::run},
      {"term_on", GLFW_KEY_PERIOD | with_shift, false, "Shift+.", say("One term of the arithmetic on"),
       [](App& a) { a.step_term(1); }, Menu::run},
      {"backwards", GLFW_KEY_SPACE | with_shift, false, "Shift+Space", say("Play backwards"),
       [](App& a) { a.play_backwards(); }, Menu::run},
      {"layer_back", GLFW_KEY_PAGE_UP, false, "PageUp", say("One layer back"),
       [](App& a) { a.step_layer(-1); }, Menu::run},
      {"layer_on", GLFW_KEY_PAGE_DOWN, false, "PageDown", say("One layer on"),
       [](App& a) { a.step_layer(1); }, Menu::run},
      {"token_back", GLFW_KEY_LEFT, false, "Left", say("One token back"), [](App& a) { a.step_token(-1); },
       Menu::run},
      {"token_on", GLFW_KEY_RIGHT, false, "Right", say("One token on"), [](App& a) { a.step_token(1); },
       Menu::run},
      {"slower", GLFW_KEY_LEFT_BRACKET, false, "[", say("Slower"), [](App& a) { a.playback.slower(); },
       Menu::run},
      {"faster", GLFW_KEY_RIGHT_BRACKET, false, "]", say("Faster"), [](App& a) { a.playback.faster(); },
       Menu::run},
      {"restart", GLFW_KEY_R, false, "R", say("The same run again from its start"),
       [](App& a) { a.restart_run(); }, Menu::run},
      {"home", GLFW_KEY_HOME, false, "Home", say("Show the whole model"),
       [](App& a) { a.scene.frame_all(a.settings.reduced_motion); }, Menu::view},
      {"frame", GLFW_KEY_F, false, "F", say("Show the selected tensor, or the operation at work"),
       [](App& a) { a.scene.frame_selection(a.settings.reduced_motion); }, Menu::view},
      {"find", GLFW_KEY_P, true, "Ctrl+P", say("Find a tensor, head, layer, token or action"),
       toggle<&Pages::finder>, Menu::view},
      {"follow", GLFW_KEY_C, false, "C", say("The camera follows the work at slow speeds"),
       [](App& a) { a.scene.following = !a.scene.following; }, Menu::view},
      {"cell_left", GLFW_KEY_LEFT | with_shift, false, "Shift+Left", say("Select the cell on the left"),
       [](App& a) { a.move_cell(0, -1); }},
      {"cell_right", GLFW_KEY_RIGHT | with_shift, false, "Shift+Right", say("Select the cell on the right"),
       [](App& a) { a.move_cell(0, 1); }},
      {"cell_up", GLFW_KEY_UP | with_shift, false, "Shift+Up", say("Select the cell above"),
       [](App& a) { a.move_cell(-1, 0); }},
      {"cell_down", GLFW_KEY_DOWN | with_shift, false, "Shift+Down", say("Select the cell below"),
       [](App& a) { a.move_cell(1, 0); }},
      {"pin", GLFW_KEY_ENTER, false, "Enter", say("Pin the card of the selected cell"),
       [](App& a) { a.pin_selected(); }},
      {"copy", GLFW_KEY_C, true, "Ctrl+C", say("Copy the selected cell as text"),
       [](App& a) { a.copy_selected(); }, Menu::view},
      {"close_cards", 0, false, "", say("Close all cards"), [](App& a) { a.cards.clear(); }, Menu::view},
      {"fly", GLFW_KEY_G, false, "G", say("Fly with W A S D, Q and E; the same key lands"),
       [](App& a) {
         a.flying = !a.flying;
         a.scene.set_flying(a.flying);
         if (a.flying) a.tell(say("Flying: W A S D, Q down, E up. G or Esc lands."));
       },
       Menu::view},
      {"presenter", GLFW_KEY_P, false, "P", say("Presenter mode: larger type, panes hidden"),
       [](App& a) { a.presenter = !a.presenter; }, Menu::view},
      {"help", GLFW_KEY_H, false, "H", say("This help"), toggle<&Pages::help>, Menu::help},
      {"full_screen", GLFW_KEY_F11, false, "F11", say("Full screen"),
       [](App& a) { a.full_screen = !a.full_screen; }, Menu::view},
      {"screenshot", GLFW_KEY_F12, false, "F12", say("Save a picture of the window"),
       [](App& a) { a.screenshot_wanted = true; }, Menu::view},
      {"back", GLFW_KEY_ESCAPE, false, "Esc", say("Back: closes what is open; never quits"),
       [](App& a) { a.go_back(); }},
      {"settings", 0, false, "", say("Settings"), toggle<&Pages::settings>, Menu::open},
      {"models", 0, false, "", say("Choose a model"), toggle<&Pages::models>, Menu::open},
      {"left_pane", 0, false, "", say("Show or hide the left pane"),
       [](App& a) { a.settings.left_open = !a.settings.left_open; }, Menu::view},
      {"right_pane", 0, false, "", say("Show or hide the right pane"),
       [](App& a) { a.settings.right_open = !a.settings.right_open; }, Menu::view},
      {"insight", GLFW_KEY_I, false, "I", say("Look inside: attention, lens, attributions, sampling"),
       [](App& a) { a.settings.insight_open = !a.settings.insight_open; }, Menu::view},
      {"arcs_head", GLFW_KEY_T, false, "T", say("Arcs between the tokens: where the chosen head looks"),
       show_arcs<ArcMode::head>, Menu::view},
      {"arcs_layer", GLFW_KEY_T | with_shift, false, "Shift+T",
       say("Arcs between the tokens: the mean of the chosen layer"), show_arcs<ArcMode::layer>, Menu::view},
      {"lens_columns", GLFW_KEY_L, false, "L",
       say("What each state would predict, beside the residual stream"),
       [](App& a) { a.insight.choices.lens_columns = !a.insight.choices.lens_columns; }, Menu::view},
      {"insight_attention", 0, false, "", say("Where heads look"), look_inside<InsightPage::attention>},
      {"insight_why", 0, false, "", say("Why a head looks there"), look_inside<InsightPage::why>},
      {"insight_heads", 0, false, "", say("Field guide of heads"), look_inside<InsightPage::heads>},
      {"insight_lens", 0, false, "", say("What each layer would predict"), look_inside<InsightPage::lens>},
      {"insight_logits", 0, false, "", say("What each part gives to a logit"),
       look_inside<InsightPage::logits>},
      {"insight_neurons", 0, false, "", say("The most active neurons"), look_inside<InsightPage::neurons>},
      {"insight_space", 0, false, "", say("Tokens as points in space"), look_inside<InsightPage::space>},
      {"insight_sampling", 0, false, "", say("How a token is drawn"), look_inside<InsightPage::sampling>},
      {"insight_beams", 0, false, "", say("What a beam search would write"), look_inside<InsightPage::beams>},
      {"tokenizer", GLFW_KEY_K, false, "K", say("How text becomes tokens"), toggle<&Pages::tokenizer>,
       Menu::view},
      {"tour", 0, false, "", say("A tour in five stops"), [](App& a) { a.start_tour(); }, Menu::help},
      {"positions", 0, false, "", say("How tokens know their places"), toggle<&Pages::positions>, Menu::view},
      {"theme", 0, false, "", say("Dark or light"),
       [](App& a) { a.settings.theme = a.settings.theme == Theme::dark ? Theme::light : Theme::dark; },
       Menu::view},
      {"about", 0, false, "", say("About Orrery"), toggle<&Pages::about>, Menu::help},
      {"menu", GLFW_KEY_F10, false, "F10", say("The menu"), toggle<&Pages::menu>},
      {"quit", GLFW_KEY_Q, true, "Ctrl+Q", say("Quit"), [](App& a) { a.quit = true; }, Menu::open},
      {"to_start", 0, false, "", say("To the start"),
       [](App& a) {
         a.playback.jump(0);
         a.playback.playing = false;
       },
       Menu::run},
  };
  add_stops<1>(table);
  return table;
}

}  // namespace

const std::vector<Action>& actions() {
  static const std::vector<Action> table = make_table();
  return table;
}

/// Keys of the page about tokenizers, while it is open.
static bool tokenizer_key(App& app, int key) {
  static const struct {
    int key;
    void (*run)(TokenizerPage&);
  } table[] = {
      {GLFW_KEY_1, [](TokenizerPage& p) { p.tab = TokenizerTab::steps; }},
      {GLFW_KEY_2, [](TokenizerPage& p) { p.tab = TokenizerTab::compare; }},
      {GLFW_KEY_3, [](TokenizerPage& p) { p.tab = TokenizerTab::train; }},
      {GLFW_KEY_SPACE, [](TokenizerPage& p) { p.toggle_play(); }},
      {GLFW_KEY_COMMA, [](TokenizerPage& p) { p.step(-1); }},
      {GLFW_KEY_PERIOD, [](TokenizerPage& p) { p.step(1); }},
      {GLFW_KEY_LEFT, [](TokenizerPage& p) { p.step_piece(-1); }},
      {GLFW_KEY_RIGHT, [](TokenizerPage& p) { p.step_piece(1); }},
      {GLFW_KEY_HOME, [](TokenizerPage& p) { p.jump(0); }},
      {GLFW_KEY_END, [](TokenizerPage& p) { p.jump(double(p.moments)); }},
      {GLFW_KEY_UP, [](TokenizerPage& p) { p.choose(-1); }},
      {GLFW_KEY_DOWN, [](TokenizerPage& p) { p.choose(1); }},
      {GLFW_KEY_LEFT_BRACKET, [](TokenizerPage& p) { p.speed = std::max(0.5, p.speed / 2); }},
      {GLFW_KEY_RIGHT_BRACKET, [](TokenizerPage& p) { p.speed = std::min(48.0, p.speed * 2); }},
  };
  const auto entry = std::ranges::find(table, key, [](const auto& one) { return one.key; });
  if (entry == std::end(table)) return false;
  entry->run(app.tokenizer_page);
  app.awake = 4;
  return true;
}

/// While the tour is open: arrows and Enter lead through it.
static bool tour_key(App& app, int key, bool control) {
  if (!app.tour.open() || app.pages.any() || control) return false;
  if (key == GLFW_KEY_RIGHT || key == GLFW_KEY_ENTER)
    app.go_on_tour(1);
  else if (key == GLFW_KEY_LEFT)
    app.go_on_tour(-1);
  else
    return false;
  return true;
}

bool run_key(App& app, int key, bool control) {
  if (app.pages.tokenizer && !control && tokenizer_key(app, key)) return true;
  if (tour_key(app, key, control)) return true;
  if (key >= GLFW_KEY_KP_1 && key <= GLFW_KEY_KP_9) key = GLFW_KEY_1 + (key - GLFW_KEY_KP_1);
  for (const Action& action : actions()) {
    if (action.key != key || action.key == 0 || action.control != control) continue;
    action.run(app);
    app.awake = 4;
    return true;
  }
  return key & with_shift ? run_key(app, key & ~with_shift, control) : false;
}

bool focus_key(App& app, int key, bool shift) {
  ui::Focus& focus = ui::focus();
  const bool writing = ImGui::GetIO().WantTextInput;
  switch (key) {
    case GLFW_KEY_TAB:
      return focus.tab(shift ? -1 : 1), true;
    case GLFW_KEY_F6:
      return focus.tab(shift ? -1 : 1, true), true;
    case GLFW_KEY_ESCAPE:
      if (writing || !(focus.on_widget() || focus.on_scene())) return false;
      if (!focus.in_popup()) focus.leave();
      return true;
    case GLFW_KEY_ENTER:
    case GLFW_KEY_KP_ENTER:
      if (focus.on_widget() && !writing) focus.press();
      return focus.on_widget();
    case GLFW_KEY_SPACE:
      return focus.on_widget();
    case GLFW_KEY_LEFT:
    case GLFW_KEY_RIGHT:
    case GLFW_KEY_UP:
    case GLFW_KEY_DOWN: {
      const ui::Arrows arrows{(key == GLFW_KEY_RIGHT) - (key == GLFW_KEY_LEFT),
                              (key == GLFW_KEY_DOWN) - (key == GLFW_KEY_UP)};
      const int times = shift ? 10 : 1;
      if (!writing && focus.give({arrows.right * times, arrows.down * times})) return true;
      if (focus.on_scene() && !writing && !app.pages.any()) app.move_cell(arrows.down, arrows.right);
      return focus.on_scene() || focus.on_widget();
    }
    case GLFW_KEY_HOME:
    case GLFW_KEY_END:
    case GLFW_KEY_PAGE_UP:
    case GLFW_KEY_PAGE_DOWN:
      return focus.on_widget();
    default:
      return false;
  }
}

bool run_action(App& app, const std::string& id) {
  for (const Action& action : actions())
    if (action.id == id) return action.run(app), true;
  return false;
}

const std::vector<Gesture>& gestures() {
  static const std::vector<Gesture> list = {
      {say("Left drag"), say("Turns around the model")},
      {say("Right drag, or Shift and left drag"), say("Moves sideways")},
      {say("Wheel"), say("Comes closer to what is under the mouse")},
      {say("Tab, F6"), say("The next button or field, the next pane; with Shift back")},
      {say("Space, Enter, arrows"),
       say("Press and change what has the ring; in the scene, move from cell to cell")},
      {say("Click"), say("Selects a cell and pins its card; a click beside it lets it go")},
      {say("Drop a file or folder"), say("Opens that model")},
  };
  return list;
}

}  // namespace orrery
