#include "app/playback.h"

#include <doctest/doctest.h>

using orrery::Playback;

TEST_CASE("playing moves by the speed and never past what is published") {
  Playback playback;
  playback.playing = true;
  playback.speed_level = 11;
  CHECK(playback.speed().rate == 4);
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

TEST_CASE("speeds go from one term a second to more than a token a frame") {
  CHECK(Playback::speed_of(0).pace == orrery::Pace::terms);
  CHECK(Playback::speed_of(0).rate == 1);
  CHECK(Playback::speed_of(2).rate == 16);
  CHECK(Playback::speed_of(3).pace == orrery::Pace::cells);
  CHECK(Playback::speed_of(3).rate == 1);
  CHECK(Playback::speed_of(6).pace == orrery::Pace::steps);
  CHECK(Playback::speed_of(6).rate == 0.125);
  CHECK(Playback::speed_of(Playback::levels - 1).rate == 16384);
}

TEST_CASE("terms and cells: a step takes as long as it has of them, and its end is not passed in one go") {
  Playback playback;
  playback.playing = true;
  playback.speed_level = 0;                // a term a second
  playback.advance(1, 10, false, 20, 50);  // 20 cells of 50 terms
  CHECK(playback.position == doctest::Approx(1 / 1000.0));
  playback.speed_level = 3;  // a cell a second
  playback.position = 0;
  playback.advance(5, 10, false, 20, 50);
  CHECK(playback.position == doctest::Approx(0.25));
  playback.advance(100, 10, false, 20, 50);
  CHECK(playback.position == 1);
  playback.advance(1, 10, false, 4, 50);
  CHECK(playback.position == 1.25);
}

TEST_CASE("backwards: the same way at the same speed, resting at the start") {
  Playback playback;
  playback.jump(3);
  playback.playing = playback.backwards = true;
  playback.speed_level = 9;  // a step a second
  playback.advance(0.5, 10, false);
  CHECK(playback.position == 2.5);
  playback.speed_level = 4;  // four cells a second
  playback.advance(1, 10, false, 16, 2);
  CHECK(playback.position == 2.25);
  playback.advance(10, 10, false, 16, 2);
  CHECK(playback.position == 2);
  playback.advance(1, 10, false, 8, 2);
  CHECK(playback.position == 1.5);
  CHECK(playback.playing);
  playback.speed_level = 20;
  playback.advance(1, 10, false);
  CHECK(playback.position == 0);
  CHECK_FALSE(playback.playing);
}
