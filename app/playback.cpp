#include "app/playback.h"

#include <algorithm>
#include <cmath>

namespace orrery {

Playback::Speed Playback::speed_of(int level) {
  if (level < 6) return {level < 3 ? Pace::terms : Pace::cells, double(1 << 2 * (level % 3))};
  return {Pace::steps, std::ldexp(0.125, level - 6)};
}

std::uint64_t Playback::limit() const {
  const double rate = speed().pace == Pace::steps ? speed().rate : 0;
  double ahead = playing ? std::max(2.0, rate * 0.15) : 1;
  double furthest = gliding_ ? std::max(position, to_) : position;
  return std::uint64_t(std::ceil(furthest) + ahead);
}

void Playback::restart(double at) {
  position = frontier = at;
  backwards = false;
  gliding_ = false;
}

void Playback::jump(double to) {
  position = std::max(0.0, to);
  frontier = std::max(frontier, position);
  gliding_ = false;
}

void Playback::glide(double to, double seconds) {
  playing = false;
  from_ = position;
  to_ = std::max(0.0, to);
  duration_ = seconds;
  elapsed_ = 0;
  gliding_ = true;
}

bool Playback::advance(double seconds, std::uint64_t published, bool ended, double cells, double ticks) {
  double before = position, end = double(published);
  bool state = moving();
  if (gliding_) {
    elapsed_ += seconds;
    double part = duration_ > 0 ? std::min(1.0, elapsed_ / duration_) : 1;
    double wanted = part >= 1 ? to_ : from_ + (to_ - from_) * part;
    // Where the worker has not come that far yet the glide waits for it, unless it never will.
    position = std::min(wanted, end);
    if (part >= 1 && (position >= to_ || ended)) gliding_ = false;
  } else if (playing) {
    const Speed now = speed();
    double way = seconds * now.rate * (backwards ? -1 : 1);
    if (now.pace != Pace::steps) {
      // Within the step under way: what comes next may have other cells.
      way /= now.pace == Pace::cells ? cells : cells * ticks;
      const double low = backwards ? std::ceil(position) - 1 : std::floor(position);
      way = std::clamp(position + way, low, low + 1) - position;
    }
    position = std::clamp(position + way, 0.0, end);
    if (backwards ? position <= 0 : ended && position >= end) playing = false;
  }
  position = std::min(position, end);
  frontier = std::max(frontier, position);
  return position != before || state != moving();
}

}  // namespace orrery
