#include "app/settings.h"

#include <doctest/doctest.h>

#include <fstream>

using namespace orrery;

namespace {
std::filesystem::path scratch(const char* name) {
  auto folder = std::filesystem::temp_directory_path() / "orrery-settings-test";
  std::filesystem::remove_all(folder);
  return folder / name;
}
}  // namespace

TEST_CASE("settings come back as they were written") {
  Settings settings;
  settings.theme = Theme::light;
  settings.language = "zh-Hant";
  settings.font_scale = 1.5f;
  settings.reduced_motion = settings.colour_blind = settings.tour_seen = true;
  settings.right_open = false;
  settings.left_width = 321;
  settings.insight_open = true;
  settings.insight_width = 700;
  settings.window_width = 1920;
  auto file = scratch("deeper/settings.json");
  REQUIRE(save_settings(settings, file));
  CHECK(load_settings(file) == settings);
}

TEST_CASE("a missing, broken or senseless file gives the settings to start with") {
  auto file = scratch("settings.json");
  CHECK(load_settings(file) == Settings{});
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << "{\"theme\": ";
  CHECK(load_settings(file) == Settings{});
  std::ofstream(file) << R"({"theme": 7, "font_scale": 1e9, "left_width": "wide", "window_width": -5})";
  Settings read = load_settings(file);
  CHECK(read.theme == Theme::dark);
  CHECK(read.font_scale == 2);
  CHECK(read.left_width == Settings{}.left_width);
  CHECK(read.window_width == 320);
}

TEST_CASE("where nothing can be written, saving says so") {
  CHECK_FALSE(save_settings({}, "/proc/orrery/x.json"));
}
