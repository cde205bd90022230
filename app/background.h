#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "model/progress.h"

namespace orrery {

/// A thread that computes what panels ask for. A panel asks anew every frame and shows the newest answer, so
/// the window never waits. Of each topic at most one question waits: a newer one takes its place. Main
/// thread, but for the work itself.
class Background {
 public:
  /// Tells one question from another; the first number is its source (a recording, a model): work for another
  /// source is cancelled, work for the same one is finished and shown.
  using Key = std::vector<std::int64_t>;

  Background();
  ~Background();  ///< cancels and joins
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  template <class Result>
  struct Answer {
    std::shared_ptr<const Result> result;  ///< the newest there is for the source; null: none yet
    bool current = false;                  ///< it answers this very question
    float progress = 0;                    ///< of the work under way, 0..1
  };

  /// The newest answer to a topic; starts `work` unless it was asked for already. `work(Progress&)` returns a
  /// Result, may throw Cancelled, and owns all it reads.
  template <class Result, class Work>
  Answer<Result> ask(int topic, Key key, Work work) {
    const Found found = find(topic, std::move(key), [work = std::move(work)](Progress& progress) {
      return std::static_pointer_cast<const void>(std::make_shared<const Result>(work(progress)));
    });
    return {std::static_pointer_cast<const Result>(found.result), found.current, found.progress};
  }

  /// True once after an answer has come: time to draw again.
  bool has_news() { return news_.exchange(false); }
  /// Whether something is being computed or waits.
  bool busy() const;

 private:
  using Erased = std::function<std::shared_ptr<const void>(Progress&)>;
  struct Found {
    std::shared_ptr<const void> result;
    bool current = false;
    float progress = 0;
  };
  struct Slot {
    Key asked, answered;
    std::shared_ptr<const void> result;
    Erased waiting;                      // not begun yet
    std::shared_ptr<Progress> progress;  // of the work under way
  };

  Found find(int topic, Key key, Erased work);
  void run();

  mutable std::mutex mutex_;  // held for a look only, never while computing
  std::condition_variable wake_;
  std::map<int, Slot> slots_;
  std::deque<int> queue_;  // topics whose question waits
  bool stop_ = false;
  std::atomic<bool> news_{false};
  std::thread thread_;
};

}  // namespace orrery
