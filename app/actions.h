#pragma once
#include <string>
#include <vector>

#include "model/message.h"

namespace orrery {

struct App;

enum class Menu { none, open, run, view, help };

/// Added to a key: with Shift held.
constexpr int with_shift = 1 << 16;

/// Something that a person can do. The one table of them feeds keys, buttons, the menu and the help page.
struct Action {
  const char* id;
  int key = 0;           ///< GLFW_KEY_*, perhaps with with_shift; 0: no key
  bool control = false;  ///< with Ctrl held
  const char* key_name;  ///< as the help page shows it
  Message label;
  void (*run)(App&);
  Menu menu = Menu::none;    ///< under which heading of the menu it stands
  bool camera_stop = false;  ///< 1-9: shown as one line in the help
};
const std::vector<Action>& actions();
/// Runs the action of a key; false if there is none. A key with Shift that has none of its own counts as the
/// plain one. Not called while a text field has the focus (but for
/// Esc).
bool run_key(App& app, int key, bool control);
/// False if there is no action of that name.
bool run_action(App& app, const std::string& id);
/// Takes the keys that move the keyboard's focus (Tab, F6), and those that act where it is. False: the key is
/// free.
bool focus_key(App& app, int key, bool shift);
/// What the mouse does, for the help page: pairs of gesture and effect.
struct Gesture {
  Message gesture, effect;
};
const std::vector<Gesture>& gestures();

}  // namespace orrery
