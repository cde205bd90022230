#pragma once
#include <atomic>

#include "model/message.h"

namespace orrery {

/// How far long work has come, and whether it should stop. Written by the working thread, read and cancelled
/// by any.
struct Progress {
  std::atomic<float> fraction{0};
  std::atomic<bool> cancelled{false};

  /// Called by the work now and then; throws Cancelled when it should stop.
  void report(float done) {
    fraction.store(done, std::memory_order_relaxed);
    if (cancelled.load(std::memory_order_relaxed)) throw Cancelled();
  }
};

}  // namespace orrery
