#include "app/focus.h"

#include <doctest/doctest.h>

using namespace orrery::ui;

namespace {
// The scene, two widgets of one pane, two of another.
const std::vector<FocusStop> panes = {{Focus::scene_id, Focus::scene_id}, {10, 5}, {11, 5}, {20, 6}, {21, 6}};
}  // namespace

TEST_CASE("Tab goes through all widgets in order, around both ends") {
  unsigned at = 0;
  std::vector<unsigned> seen;
  for (int i = 0; i < 6; ++i) seen.push_back(at = next_stop(panes, at, 1, false));
  CHECK(seen == std::vector<unsigned>{Focus::scene_id, 10, 11, 20, 21, Focus::scene_id});
  CHECK(next_stop(panes, Focus::scene_id, -1, false) == 21);
  CHECK(next_stop(panes, 0, -1, false) == 21);
  CHECK(next_stop({}, 10, 1, false) == 0);
}

TEST_CASE("a widget that is gone leaves the keyboard at an end") {
  CHECK(next_stop(panes, 99, 1, false) == Focus::scene_id);
  CHECK(next_stop(panes, 99, -1, false) == 21);
}

TEST_CASE("F6 goes from pane to pane") {
  CHECK(next_stop(panes, 11, 1, true) == 20);
  CHECK(next_stop(panes, 21, 1, true) == Focus::scene_id);
  CHECK(next_stop(panes, 21, -1, true) == 10);
  CHECK(next_stop(panes, 0, 1, true) == Focus::scene_id);
}

TEST_CASE("a page over everything keeps the keyboard") {
  auto stops = panes;
  stops.push_back({30, 7, true});
  stops.push_back({31, 7, true});
  CHECK(next_stop(stops, 11, 1, false) == 30);
  CHECK(next_stop(stops, 31, 1, false) == 30);
  CHECK(next_stop(stops, 30, -1, false) == 31);
  CHECK(next_stop(stops, 30, 1, true) == 30);
}
