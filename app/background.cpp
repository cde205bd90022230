#include "app/background.h"

#include <algorithm>

namespace orrery {

Background::Background() : thread_([this] { run(); }) {}

Background::~Background() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    for (auto& [topic, slot] : slots_)
      if (slot.progress) slot.progress->cancelled = true;
  }
  wake_.notify_all();
  thread_.join();
}

bool Background::busy() const {
  std::lock_guard lock(mutex_);
  return !queue_.empty() ||
         std::ranges::any_of(slots_, [](const auto& slot) { return slot.second.progress != nullptr; });
}

Background::Found Background::find(int topic, Key key, Erased work) {
  std::unique_lock lock(mutex_);
  Slot& slot = slots_[topic];
  const bool same_source = !slot.asked.empty() && !key.empty() && slot.asked[0] == key[0];
  if (!same_source) {
    slot.result.reset();
    slot.answered.clear();
    if (slot.progress) slot.progress->cancelled = true;
  }
  if (slot.asked != key) {
    slot.asked = std::move(key);
    slot.waiting = std::move(work);
    if (std::ranges::find(queue_, topic) == queue_.end()) queue_.push_back(topic);
    lock.unlock();
    wake_.notify_all();
    lock.lock();
  }
  return {slot.result, slot.result && slot.answered == slot.asked,
          slot.progress ? slot.progress->fraction.load() : 0};
}

void Background::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    const int topic = queue_.front();
    queue_.pop_front();
    Slot& slot = slots_[topic];
    const Key key = slot.asked;
    Erased work = std::exchange(slot.waiting, nullptr);
    const auto progress = slot.progress = std::make_shared<Progress>();
    lock.unlock();
    std::shared_ptr<const void> result;
    try {
      result = work(*progress);
    } catch (const std::exception&) {  // cancelled, or out of memory: there is no answer
    }
    work = nullptr;  // what it owns may be large: it goes before anybody is locked out
    lock.lock();
    slot.progress.reset();
    if (!result || progress->cancelled) continue;
    slot.result = std::move(result);
    slot.answered = key;
    news_ = true;
  }
}

}  // namespace orrery
