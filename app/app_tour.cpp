// How the window takes part in the tour: camera and playhead go along.
#include "app/app.h"

namespace orrery {

void App::start_tour() {
  pages = {};
  presenter = false;
  tour.end();
  tour.wanted = true;
  awake = 4;
}

void App::end_tour() {
  if (tour.open()) {
    scene.following = true;
    scene.frame_all(settings.reduced_motion);
    if (trace && trace->id() == before_tour_.trace) {
      playback.jump(before_tour_.position);
      playback.playing = before_tour_.playing;
    }
  }
  tour.end();
  settings.tour_seen = true;
  awake = 4;
}

void App::go_on_tour(int stops) {
  if (stops > 0 && tour.last()) return end_tour();
  tour.go(tour.at() + stops);
  awake = 4;
}

void App::update_tour() {
  if (!trace || !ready_for_tour(*trace)) return;
  if (tour.wanted || (tour.open() && tour.told() != trace->id())) {
    before_tour_ = {playback.position, playback.playing, trace->id(), {}};
    tour.begin(*trace);
    awake = 4;
    return;  // the panes move first
  }
  if (!tour.open() || !scene.laid_out()) return;
  const bool resized = !(before_tour_.area == scene.area);
  if (tour.arrived && !resized) return;
  before_tour_.area = scene.area;
  const TourStop& stop = tour.stop();
  const bool at_once = settings.reduced_motion || (tour.arrived && resized);
  if (stop.group == 0)
    scene.frame_all(at_once);
  else
    scene.fly_to_group(stop.group, at_once, stop.frame);
  scene.following = false;
  if (tour.arrived) return;
  tour.arrived = true;
  // The prompt's pass, once through the steps that stand here: slow enough to be followed.
  playback.backwards = false;
  playback.jump(double(stop.first_step));
  playback.glide(double(stop.last_step + 1), settings.reduced_motion ? 0 : 7);
}

}  // namespace orrery
