#include "app/playback.h"

#include <algorithm>
#include <cmath>

namespace orrery {

double Playback::steps_a_second(int level) { return std::ldexp(0.125, level); }

std::uint64_t Playback::limit() const {
  double ahead = playing ? std::max(2.0, speed() * 0.15) : 1;
  double furthest = gliding_ ? std::max(position, to_) : position;
  return std::uint64_t(std::ceil(furthest) + ahead);
}

void Playback::restart(double at) {
  position = frontier = at;
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

bool Playback::advance(double seconds, std::uint64_t published, bool ended) {
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
    position = std::min(position + seconds * speed(), end);
    if (ended && position >= end) playing = false;
  }
  position = std::min(position, end);
  frontier = std::max(frontier, position);
  return position != before || state != moving();
}

}  // namespace orrery
