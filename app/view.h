#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "model/generation.h"

namespace orrery {

/// What `orrery view` was asked for; empty means: as kept in the settings, or the model to begin with.
struct ViewOptions {
  std::string model;           ///< a shipped model's name, a folder or a file
  std::string prompt;          ///< a text
  std::vector<int> ids;        ///< token ids instead of a text
  SamplingWishes sampling;     ///< comes before what the model's files say
  int new_tokens = -1;         ///< -1: until the context is full
  std::string theme;           ///< "dark" or "light"
  std::string language;        ///< "en" or "zh-Hant"
  bool keeps_settings = true;  ///< the person's; else those of the first start
  bool tour = false;           ///< begin with the tour, seen or not
  /// For tests: where to write the window's state as JSON. No tour begins by itself then.
  std::filesystem::path ui_dump;
};

/// Whether there is a display to open a window on.
bool display_available();
/// Opens the window and returns the exit status when it is closed. Throws Error if no window can be opened.
int run_view(const ViewOptions& options);

}  // namespace orrery
