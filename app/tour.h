#pragma once
#include <optional>
#include <vector>

#include "model/trace.h"

namespace orrery {

/// One stop of the tour: what it shows, where that stands, and which steps of a pass make it.
struct TourStop {
  enum class Topic { whole, tokens, mixing, alone, output };
  Topic topic = Topic::whole;
  Message title = {}, words = {};
  std::optional<Message> fact = {};  ///< what the model at hand does there with the text at hand
  int group = 0;                     ///< the part of the graph that is gone to; 0: the whole model
  int frame = -1;                    ///< the part that fills the picture then; -1: that part itself
  int first_step = 0, last_step = 0;
};

/// The stops for a recording whose first pass has its logits: found from the graph and told with the numbers
/// of that pass. A model that lacks a part has a stop that says what it has instead.
std::vector<TourStop> tour_stops(const Trace& trace);

/// Whether a recording has all that tour_stops() reads.
bool ready_for_tour(const Trace& trace);

/// Where the person is in the tour: pure state, no drawing. Main thread.
class Tour {
 public:
  bool wanted = false;  ///< begins as soon as there is a recording to show
  bool arrived = true;  ///< camera and playhead have gone to the stop

  bool open() const { return !stops_.empty(); }
  const std::vector<TourStop>& stops() const { return stops_; }
  int at() const { return at_; }
  const TourStop& stop() const { return stops_[size_t(at_)]; }
  bool last() const { return at_ + 1 == int(stops_.size()); }
  /// The recording that the stops tell about; 0: none.
  std::uint64_t told() const { return told_; }

  /// Tells about a recording: begins, or goes on at the same stop where the recording has changed.
  void begin(const Trace& trace);
  void go(int stop);  ///< stops beyond the ends count as the first and the last
  void end();

 private:
  std::vector<TourStop> stops_;
  int at_ = 0;
  std::uint64_t told_ = 0;
};

}  // namespace orrery
