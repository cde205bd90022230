#include "model/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

namespace orrery {
namespace {

std::atomic<int> chosen_count{0};

struct Job {
  Job(int numbers, WorkView what) : count(numbers), work(what), failed(numbers) {}

  const int count;
  const WorkView work;
  std::atomic<int> next{0};
  std::mutex mutex;  // of what follows
  int failed;
  std::exception_ptr failure;

  void run() {
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
  }
};

/// Threads that wait for work; they live as long as the process.
class Pool {
 public:
  /// False if another job is under way: then nothing was done.
  bool run(Job& job, int helpers, WorkView meanwhile) {
    std::unique_lock turn(turn_, std::try_to_lock);
    if (!turn) return false;
    {
      std::lock_guard lock(mutex_);
      grow(helpers);
      job_ = &job;
      open_ = std::min(helpers, size_);
    }
    wake_.notify_all();
    const auto finish = [&] {
      std::unique_lock lock(mutex_);
      open_ = 0;
      done_.wait(lock, [this] { return active_ == 0; });
      job_ = nullptr;
    };
    try {
      if (meanwhile) meanwhile(0);
    } catch (...) {
      job.next = job.count;
      finish();
      throw;
    }
    job.run();
    finish();
    return true;
  }

 private:
  void grow(int helpers) try {
    for (; size_ < helpers; ++size_) std::thread([this] { help(); }).detach();
  } catch (const std::system_error&) {
    // The system gives no more threads: those that there are do it.
  }

  void help() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return open_ > 0; });
      --open_, ++active_;
      Job& job = *job_;
      lock.unlock();
      job.run();
      lock.lock();
      if (--active_ == 0) done_.notify_one();
    }
  }

  std::mutex turn_;  // held by whoever's job is under way
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  Job* job_ = nullptr;
  int size_ = 0;    // threads there are
  int open_ = 0;    // how many more of them may join the job
  int active_ = 0;  // how many are at it
};

Pool& pool() {
  static Pool* shared = new Pool;  // never destroyed: its threads wait in it until the process ends
  return *shared;
}

/// Whoever is at a job works alone if that asks for another: the pool's threads may all be taken.
thread_local bool at_work = false;

}  // namespace

void in_parallel(int count, int threads, WorkView work, WorkView meanwhile) {
  const auto marked = [&](int i) {
    const bool outer = at_work;
    at_work = true;
    try {
      work(i);
    } catch (...) {
      at_work = outer;
      throw;
    }
    at_work = outer;
  };
  Job job(count, marked);
  const int helpers = std::min(threads, count) - (meanwhile ? 0 : 1);
  if (helpers < 1 || at_work || threads < 2 || !pool().run(job, std::min(helpers, threads - 1), meanwhile)) {
    if (meanwhile) meanwhile(0);
    job.run();
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

int thread_count() {
  const int chosen = chosen_count;
  return chosen > 0 ? chosen : std::max(1, int(std::thread::hardware_concurrency()));
}

void set_thread_count(int threads) { chosen_count = threads; }

}  // namespace orrery
