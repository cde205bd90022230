#pragma once
#include <cstdint>

namespace orrery {

/// What a speed counts: the terms of a sum, the cells of a matrix, or whole operations.
enum class Pace { terms, cells, steps };

/// Where the eye is in a recording, and how it moves: pure, no clock and no thread of its own.
struct Playback {
  double position = 0;  ///< steps shown; its fraction is how far the step under way has come
  double frontier = 0;  ///< furthest position reached in this recording
  bool playing = false;
  bool backwards = false;  ///< playing goes back
  int speed_level = 12;    ///< place in the list of speeds

  struct Speed {
    Pace pace = Pace::steps;
    double rate = 1;  ///< of what it counts, a second
  };
  static constexpr int levels = 24;
  /// 1, 4 and 16 terms, 1, 4 and 16 cells, then operations in powers of two from 1/8.
  static Speed speed_of(int level);
  Speed speed() const { return speed_of(speed_level); }
  void faster() { speed_level = speed_level + 1 < levels ? speed_level + 1 : speed_level; }
  void slower() { speed_level = speed_level > 0 ? speed_level - 1 : 0; }

  /// Steps that are shown complete.
  std::uint64_t steps() const { return std::uint64_t(position); }
  float fraction() const { return float(position - double(steps())); }
  /// The step that the eye is on: the one under way, else the last complete one.
  std::uint64_t current() const { return fraction() > 0 || steps() == 0 ? steps() : steps() - 1; }
  /// How many steps the worker may compute: what the coming frames show and a little ahead.
  std::uint64_t limit() const;
  bool live() const { return position + 1e-6 >= frontier; }
  bool moving() const { return playing || gliding_; }

  /// A new recording, shown from `at` on.
  void restart(double at);
  /// Moves at once.
  void jump(double to);
  /// Moves there within `seconds`, then rests; pauses.
  void glide(double to, double seconds);
  void stop_gliding() { gliding_ = false; }
  /// Time goes on by `seconds`; never past `published` steps. `ended`: no more will be computed. Returns true
  /// if something moved. Pauses at the end of a recording that has ended, and backwards at its start.
  /// `cells` and `ticks`: how many cells the step under way has, and how many terms the one in the making;
  /// where a speed counts those, no step's end is passed in one go.
  bool advance(double seconds, std::uint64_t published, bool ended, double cells = 1, double ticks = 1);

 private:
  bool gliding_ = false;
  double from_ = 0, to_ = 0, duration_ = 0, elapsed_ = 0;
};

}  // namespace orrery
