#pragma once
#include <string>
#include <vector>

#include "app/view.h"

namespace orrery {

/// What a picture of the whole window is to show.
struct WindowPicture {
  ViewOptions view;
  int width = 1280, height = 720;
  int token = -1;                    ///< the state after this token, counted from 0; -1: the newest
  std::string step;                  ///< hook name of the last pass whose step has just been done; empty: all
  double at = -1;                    ///< how far that step has come; negative: it is done
  std::string focus;                 ///< the tensor to look at; empty: the whole model
  std::vector<std::string> cells;    ///< HOOK:ROW:COLUMN, whose cards are pinned
  std::string head;                  ///< L0H1: the head that the pane that looks inside shows
  std::vector<std::string> actions;  ///< of the table of actions, by their names, in order
};

/// Draws the window with its panes, pages and cards as a PNG, without a display. The person's settings are
/// neither read nor written. Waits until all that is shown has been computed. Throws Error.
void render_window(const WindowPicture& options, const std::string& file);

}  // namespace orrery
