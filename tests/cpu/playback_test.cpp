#include "app/playback.h"

#include <doctest/doctest.h>

using orrery::Playback;

TEST_CASE("playing moves by the speed and never past what is published") {
  Playback playback;
  playback.playing = true;
  playback.speed_level = 5;
  CHECK(playback.speed() == 4);
  CHECK(playback.advance(0.125, 10, false));
  CHECK(playback.position == 0.5);
  CHECK(playback.current() == 0);
  playback.advance(10, 10, false);
  CHECK(playback.position == 10);
  CHECK(playback.playing);
  CHECK(playback.limit() >= 11);
}

TEST_CASE("playing pauses at the end of a recording that has ended") {
  Playback playback;
  playback.playing = true;
  playback.advance(1000, 7, true);
  CHECK(playback.position == 7);
  CHECK_FALSE(playback.playing);
  CHECK(playback.current() == 6);
  CHECK_FALSE(playback.advance(1, 7, true));
}

TEST_CASE("a glide ends exactly at its goal, waits for the worker, and pauses") {
  Playback playback;
  playback.playing = true;
  playback.glide(3, 0.5);
  CHECK_FALSE(playback.playing);
  CHECK(playback.limit() >= 3);
  playback.advance(0.25, 1, false);
  CHECK(playback.position == 1);  // wanted 1.5, but one step is published
  playback.advance(1, 2, false);
  CHECK(playback.position == 2);
  CHECK(playback.moving());
  playback.advance(0.1, 5, false);
  CHECK(playback.position == 3);
  CHECK_FALSE(playback.moving());
}

TEST_CASE("rewinding is a replay until the frontier is reached again") {
  Playback playback;
  playback.jump(8);
  CHECK(playback.live());
  playback.jump(2.5);
  CHECK_FALSE(playback.live());
  CHECK(playback.steps() == 2);
  CHECK(playback.fraction() == 0.5f);
  playback.jump(8);
  CHECK(playback.live());
  playback.jump(-3);
  CHECK(playback.position == 0);
}
