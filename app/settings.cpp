#include "app/settings.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/language.h"
#include "app/shipped_models.h"

namespace orrery {

namespace {

const std::string range_names[] = {"tensor", "row", "global"};  // by RangeRule

void read(const nlohmann::json& json, const char* key, float low, float high, float& value) {
  auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return;
  double number = found->get<double>();
  if (std::isfinite(number)) value = float(std::clamp(number, double(low), double(high)));
}

void read(const nlohmann::json& json, const char* key, bool& value) {
  auto found = json.find(key);
  if (found != json.end() && found->is_boolean()) value = found->get<bool>();
}

std::string read(const nlohmann::json& json, const char* key, const std::string& missing) {
  auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : missing;
}

}  // namespace

std::filesystem::path settings_file() {
  auto folder = config_folder();
  return folder.empty() ? folder : folder / "settings.json";
}

Settings load_settings(const std::filesystem::path& file) {
  Settings settings;
  settings.language = system_language();
  std::ifstream in(file);
  auto json = nlohmann::json::parse(in, nullptr, false);
  if (!json.is_object()) return settings;
  settings.theme = read(json, "theme", "dark") == "light" ? Theme::light : Theme::dark;
  settings.language = read(json, "language", settings.language);
  read(json, "font_scale", 0.75f, 2, settings.font_scale);
  read(json, "reduced_motion", settings.reduced_motion);
  read(json, "colour_blind", settings.colour_blind);
  read(json, "tour_seen", settings.tour_seen);
  const auto range = std::ranges::find(range_names, read(json, "range", range_names[0]));
  if (range != std::end(range_names)) settings.range = RangeRule(range - std::begin(range_names));
  read(json, "left_open", settings.left_open);
  read(json, "right_open", settings.right_open);
  read(json, "insight_open", settings.insight_open);
  read(json, "insight_width", 240, 2000, settings.insight_width);
  read(json, "left_width", 120, 1000, settings.left_width);
  read(json, "right_width", 120, 1000, settings.right_width);
  read(json, "bottom_height", 80, 600, settings.bottom_height);
  float width = float(settings.window_width), height = float(settings.window_height);
  read(json, "window_width", 320, 16384, width);
  read(json, "window_height", 240, 16384, height);
  settings.window_width = int(width);
  settings.window_height = int(height);
  return settings;
}

bool save_settings(const Settings& settings, const std::filesystem::path& file) {
  if (file.empty()) return false;
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  nlohmann::json json = {{"theme", settings.theme == Theme::light ? "light" : "dark"},
                         {"language", settings.language},
                         {"font_scale", settings.font_scale},
                         {"reduced_motion", settings.reduced_motion},
                         {"colour_blind", settings.colour_blind},
                         {"tour_seen", settings.tour_seen},
                         {"range", range_names[int(settings.range)]},
                         {"left_open", settings.left_open},
                         {"right_open", settings.right_open},
                         {"insight_open", settings.insight_open},
                         {"insight_width", settings.insight_width},
                         {"left_width", settings.left_width},
                         {"right_width", settings.right_width},
                         {"bottom_height", settings.bottom_height},
                         {"window_width", settings.window_width},
                         {"window_height", settings.window_height}};
  // A file beside it that takes its place: a crash in between leaves the old settings whole.
  auto fresh = file;
  fresh += ".new";
  {
    std::ofstream out(fresh);
    out << json.dump(2) << "\n";
    if (!out.flush()) return false;
  }
  std::filesystem::rename(fresh, file, error);
  return !error;
}

}  // namespace orrery
