#pragma once
#include <filesystem>
#include <string>

#include "renderer/scene.h"

namespace orrery {

/// What a person chose and wants to find again at the next start.
struct Settings {
  Theme theme = Theme::dark;
  std::string language = "en";
  float font_scale = 1;  ///< 0.75 .. 2
  bool reduced_motion = false;
  bool colour_blind = false;
  bool tour_seen = false;  ///< or skipped: it does not begin by itself again
  RangeRule range = RangeRule::tensor;
  bool left_open = true, right_open = true;
  bool insight_open = false;
  float insight_width = 560;                                       ///< at scale 1
  float left_width = 232, right_width = 300, bottom_height = 150;  ///< at scale 1
  int window_width = 1440, window_height = 900;                    ///< pixels
  bool operator==(const Settings&) const = default;
};

/// $XDG_CONFIG_HOME/orrery/settings.json; empty if there is no home.
std::filesystem::path settings_file();
/// The kept settings; what is missing or makes no sense in the file is as in Settings{}, the language as the
/// environment asks for it.
Settings load_settings(const std::filesystem::path& file);
/// Writes them; false if that was not possible.
bool save_settings(const Settings& settings, const std::filesystem::path& file);

}  // namespace orrery
