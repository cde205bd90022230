#pragma once
#include <functional>

namespace orrery {

/// Calls work(0) .. work(count - 1), each once, on up to `threads` threads, the caller's among them; returns
/// when all have ended. After a call has thrown none begins any more; what the lowest of those that threw has
/// thrown is thrown again.
void in_parallel(int count, int threads, const std::function<void(int)>& work);

/// Threads that are worth having for work that every processor can share.
int useful_threads();

}  // namespace orrery
