#pragma once
#include <span>
#include <string>
#include <vector>

namespace orrery::ui {

/// Something that the Tab key stops at.
struct FocusStop {
  unsigned id = 0;     ///< ImGui's number of the widget, or Focus::scene_id
  unsigned panel = 0;  ///< the pane, card or page that it stands in
  bool page = false;   ///< in a page that lies over all: only such are stopped at while there are any
};

/// How often arrow keys were pressed, right and down positive; ten times as much with Shift.
struct Arrows {
  int right = 0, down = 0;
};

/// The next stop after `current` in `stops` (as they were drawn); `way` 1 or -1, around the ends. With
/// `by_panel` the first stop of the next panel. The first, or last, where `current` is not among them; 0
/// where there is none.
unsigned next_stop(std::span<const FocusStop> stops, unsigned current, int way, bool by_panel);

/// Where the keyboard is: nowhere, in the scene, or on a widget. Tab begins it, the mouse and Esc end it.
/// While it is on a widget ImGui's own keys work there: Space, arrows. Main thread.
class Focus {
 public:
  static constexpr unsigned scene_id = 1;

  bool on_scene() const { return on_ && target_ == scene_id; }
  bool on_widget() const { return on_ && target_ != scene_id; }
  /// "scene", the name of the widget, or empty.
  const std::string& name() const { return name_; }

  // Keys, between frames.
  void tab(int way, bool by_panel = false);
  /// Presses the widget that has the keyboard, unless it takes the key itself (fields and sliders).
  void press();
  void leave();
  /// Whether the widget that has the keyboard takes arrows itself; then it is given these.
  bool give(Arrows pressed);
  /// Whether a list or menu that is open takes the keys.
  bool in_popup() const;

  // In a frame.
  void begin_frame();
  /// What follows belongs to a page over everything, or no longer.
  void pages(bool over) { page_ = over; }
  /// The scene is a stop itself; its rectangle.
  void offer_scene(float left, float top, float right, float bottom);
  /// The last item is a stop, if it can be pressed or changed.
  void offer(const char* name);
  /// The arrows for the last item, which from now on keeps them: they do not lead to the next widget.
  Arrows arrows();
  /// Draws the ring.
  void end_frame();

 private:
  bool drawing_ = false;  // between begin_frame() and end_frame(): elsewhere there is no keyboard
  bool on_ = false, page_ = false, takes_enter_ = false, keeps_arrows_ = false;
  unsigned target_ = 0;  // what has the keyboard
  unsigned wanted_ = 0;  // what is to have it when it is drawn next
  unsigned below_ = 0;   // what had it before a page opened
  Arrows arrows_;
  std::string name_;
  std::vector<FocusStop> stops_, last_stops_;
  float scene_[4] = {};
};
Focus& focus();

}  // namespace orrery::ui
