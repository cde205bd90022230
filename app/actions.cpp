#include "app/actions.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <cstring>

#include "app/app.h"

namespace orrery {

namespace {

template <int number>
void camera_stop(App& app) {
  if (!app.scene.go_to_stop(number, app.settings.reduced_motion))
    app.tell(say("No camera stop {0} is stored yet: Ctrl+{0} stores the view.", number));
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
                   camera_stop<number>, true});
  table.push_back({store.c_str(), GLFW_KEY_0 + number, true, with_control.c_str(),
                   say("Store camera stop {0}", number), store_stop<number>, true});
  if constexpr (number < 9) add_stops<number + 1>(table);
}

std::vector<Action> make_table() {
  std::vector<Action> table = {
      {"play", GLFW_KEY_SPACE, false, "Space", say("Play or pause"), [](App& a) { a.toggle_play(); }},
      {"step_back", GLFW_KEY_COMMA, false, ",", say("One operation back"), [](App& a) { a.step(-1); }},
      {"step_on", GLFW_KEY_PERIOD, false, ".", say("One operation on"), [](App& a) { a.step(1); }},
      {"layer_back", GLFW_KEY_PAGE_UP, false, "PageUp", say("One layer back"),
       [](App& a) { a.step_layer(-1); }},
      {"layer_on", GLFW_KEY_PAGE_DOWN, false, "PageDown", say("One layer on"),
       [](App& a) { a.step_layer(1); }},
      {"token_back", GLFW_KEY_LEFT, false, "Left", say("One token back"), [](App& a) { a.step_token(-1); }},
      {"token_on", GLFW_KEY_RIGHT, false, "Right", say("One token on"), [](App& a) { a.step_token(1); }},
      {"slower", GLFW_KEY_LEFT_BRACKET, false, "[", say("Slower"), [](App& a) { a.playback.slower(); }},
      {"faster", GLFW_KEY_RIGHT_BRACKET, false, "]", say("Faster"), [](App& a) { a.playback.faster(); }},
      {"restart", GLFW_KEY_R, false, "R", say("The same run again from its start"),
       [](App& a) { a.restart_run(); }},
      {"home", GLFW_KEY_HOME, false, "Home", say("Show the whole model"),
       [](App& a) { a.scene.frame_all(a.settings.reduced_motion); }},
      {"frame", GLFW_KEY_F, false, "F", say("Show the selected tensor, or the operation at work"),
       [](App& a) { a.scene.frame_selection(a.settings.reduced_motion); }},
      {"fly", GLFW_KEY_G, false, "G", say("Fly with W A S D, Q and E; the same key lands"),
       [](App& a) {
         a.flying = !a.flying;
         a.scene.set_flying(a.flying);
         if (a.flying) a.tell(say("Flying: W A S D, Q down, E up. G or Esc lands."));
       }},
      {"presenter", GLFW_KEY_P, false, "P", say("Presenter mode: larger type, panes hidden"),
       [](App& a) { a.presenter = !a.presenter; }},
      {"help", GLFW_KEY_H, false, "H", say("This help"),
       [](App& a) {
         bool open = a.pages.help;
         a.pages = {};
         a.pages.help = !open;
       }},
      {"full_screen", GLFW_KEY_F11, false, "F11", say("Full screen"),
       [](App& a) { a.full_screen = !a.full_screen; }},
      {"screenshot", GLFW_KEY_F12, false, "F12", say("Save a picture of the window"),
       [](App& a) { a.screenshot_wanted = true; }},
      {"back", GLFW_KEY_ESCAPE, false, "Esc", say("Back: closes what is open; never quits"),
       [](App& a) { a.go_back(); }},
      {"settings", 0, false, "", say("Settings"),
       [](App& a) {
         bool open = a.pages.settings;
         a.pages = {};
         a.pages.settings = !open;
       }},
      {"models", 0, false, "", say("Choose a model"),
       [](App& a) {
         bool open = a.pages.models;
         a.pages = {};
         a.pages.models = !open;
       }},
      {"to_start", 0, false, "", say("To the start"),
       [](App& a) {
         a.playback.jump(0);
         a.playback.playing = false;
       }},
  };
  add_stops<1>(table);
  return table;
}

}  // namespace

const std::vector<Action>& actions() {
  static const std::vector<Action> table = make_table();
  return table;
}

bool run_key(App& app, int key, bool control) {
  if (key >= GLFW_KEY_KP_1 && key <= GLFW_KEY_KP_9) key = GLFW_KEY_1 + (key - GLFW_KEY_KP_1);
  for (const Action& action : actions()) {
    if (action.key != key || action.key == 0 || action.control != control) continue;
    action.run(app);
    app.awake = 4;
    return true;
  }
  return false;
}

void run_action(App& app, const char* id) {
  for (const Action& action : actions())
    if (!std::strcmp(action.id, id)) return action.run(app);
}

const std::vector<Gesture>& gestures() {
  static const std::vector<Gesture> list = {
      {say("Left drag"), say("Turns around the model")},
      {say("Right drag, or Shift and left drag"), say("Moves sideways")},
      {say("Wheel"), say("Comes closer to what is under the mouse")},
      {say("Click"), say("Selects a cell; a click beside it lets it go")},
      {say("Drop a file or folder"), say("Opens that model")},
  };
  return list;
}

}  // namespace orrery
