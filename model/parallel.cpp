#include "model/parallel.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace orrery {

void in_parallel(int count, int threads, const std::function<void(int)>& work) {
  std::atomic<int> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  int failed = count;
  const auto run = [&] {
    for (int i; (i = next.fetch_add(1)) < count;) {
      try {
        work(i);
      } catch (...) {
        next = count;
        std::lock_guard lock(mutex);
        if (i >= failed) continue;
        failed = i;
        failure = std::current_exception();
      }
    }
  };
  std::vector<std::thread> others;
  try {
    while (int(others.size()) + 1 < std::min(threads, count)) others.emplace_back(run);
  } catch (const std::system_error&) {
    // The system gives no more threads: those that there are do it.
  }
  run();
  for (std::thread& other : others) other.join();
  if (failure) std::rethrow_exception(failure);
}

int useful_threads() { return std::clamp(int(std::thread::hardware_concurrency()), 1, 8); }

}  // namespace orrery
