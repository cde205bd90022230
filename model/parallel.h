#pragma once
#include <concepts>

namespace orrery {

/// Work that somebody else holds, called with a number: nothing is allocated for it.
class WorkView {
 public:
  WorkView() = default;
  template <class Work>
  requires(!std::same_as<Work, WorkView> && std::invocable<const Work&, int>) WorkView(const Work& work)
      : work_(&work), call_([](const void* held, int i) { (*static_cast<const Work*>(held))(i); }) {}
  void operator()(int i) const { call_(work_, i); }
  explicit operator bool() const { return call_; }

 private:
  const void* work_ = nullptr;
  void (*call_)(const void*, int) = nullptr;
};

/// Calls work(0) .. work(count - 1), each once, on up to `threads` threads, the caller's among them; returns
/// when all have ended. The caller first calls meanwhile(0), once, while the others begin. After a call of
/// `work` has thrown none begins any more; what the lowest of those that threw has thrown is thrown again.
/// Whoever calls while another call is under way, or from within one, works alone.
void in_parallel(int count, int threads, WorkView work, WorkView meanwhile = {});

/// Threads that work is shared among: as many as there are processors, or as set_thread_count() says.
int thread_count();
/// At least 1; from then on.
void set_thread_count(int threads);

}  // namespace orrery
