#include "model/worker.h"

namespace orrery {

Worker::Worker() : thread_([this] { run(); }) {}

Worker::~Worker() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    if (loading_) loading_->cancelled = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Worker::push(Command command) {
  {
    std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  wake_.notify_all();
}

void Worker::load(std::filesystem::path path) {
  auto progress = std::make_shared<Progress>();
  {
    std::lock_guard lock(mutex_);
    if (loading_) loading_->cancelled = true;
    loading_ = progress;
  }
  push(Load{std::move(path), std::move(progress)});
}

void Worker::cancel_load() {
  std::lock_guard lock(mutex_);
  if (loading_) loading_->cancelled = true;
}

void Worker::start(RunRequest request) { push(Start{std::move(request)}); }

void Worker::go_on(std::shared_ptr<const Trace> trace, int pass, int id, RunRequest request) {
  push(GoOn{std::move(trace), pass, id, std::move(request)});
}

void Worker::set_sampling(const SamplingSettings& sampling, int new_tokens) {
  push(Sampling{sampling, new_tokens});
}

void Worker::go_past_end() { push(GoPastEnd{}); }

void Worker::allow(std::uint64_t limit) {
  if (limit_.exchange(limit) == limit) return;
  // The empty lock orders the new limit before a worker that is just about to sleep looks at it.
  { std::lock_guard lock(mutex_); }
  wake_.notify_all();
}

std::vector<Event> Worker::poll() {
  std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

float Worker::load_progress() const {
  std::lock_guard lock(mutex_);
  return loading_ ? loading_->fraction.load() : -1;
}

void Worker::emit(Event event) {
  std::lock_guard lock(mutex_);
  events_.push_back(std::move(event));
}

void Worker::run() {
  for (;;) {
    std::optional<Command> command;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || !commands_.empty() || may_step(); });
      if (stop_) return;
      if (!commands_.empty()) {
        command = std::move(commands_.front());
        commands_.pop_front();
      }
    }
    if (command)
      std::visit([this](auto& item) { execute(item); }, *command);
    else
      advance();
  }
}

bool Worker::may_step() const {
  return executor_ && !ended_ && executor_->trace()->published() < limit_.load();
}

void Worker::advance() {
  try {
    if (executor_->step()) return;
    emit({Event::Kind::run_ended, nullptr, executor_->trace(), {}, executor_->state()});
  } catch (const Error& error) {
    emit({Event::Kind::run_failed, nullptr, executor_->trace(), error.message, RunState::running});
  }
  ended_ = true;
}

void Worker::execute(Load& command) {
  Event event{Event::Kind::load_cancelled, nullptr, nullptr, {}, RunState::running};
  try {
    model_ = Model::load(command.path, *command.progress);
    event.kind = Event::Kind::model_loaded;
    event.model = model_;
    executor_.reset();
  } catch (const Error& error) {
    event.kind = Event::Kind::load_failed;
    event.message = error.message;
  } catch (const Cancelled&) {
  } catch (const std::bad_alloc&) {
    event.kind = Event::Kind::load_failed;
    event.message = say("{0}: not enough memory for this model", command.path.string());
  }
  std::lock_guard lock(mutex_);
  if (loading_ == command.progress) loading_.reset();
  events_.push_back(std::move(event));
}

template <class Begin>
void Worker::begin_run(Begin begin) {
  try {
    executor_ = begin();
    ended_ = false;
    emit({Event::Kind::run_started, nullptr, executor_->trace(), {}, RunState::running});
  } catch (const Error& error) {
    emit({Event::Kind::run_failed, nullptr, nullptr, error.message, RunState::running});
  }
}

void Worker::execute(Start& command) {
  if (!model_)
    return emit({Event::Kind::run_failed, nullptr, nullptr, say("no model is loaded"), RunState::running});
  const RunRequest& request = command.request;
  begin_run([&] {
    const std::shared_ptr<Trace> previous = executor_ ? executor_->trace() : nullptr;
    return Executor::start(model_, request.ids, request.new_tokens, request.sampling, previous.get());
  });
}

void Worker::execute(GoOn& command) {
  const RunRequest& request = command.request;
  begin_run([&] {
    if (command.id < 0)
      return Executor::draw_again(*command.trace, command.pass, request.new_tokens, request.sampling);
    return Executor::go_on(*command.trace, command.pass, command.id, request.new_tokens, request.sampling,
                           request.then);
  });
}

void Worker::execute(Sampling& command) {
  if (!executor_) return;
  executor_->sampling = command.settings;
  executor_->new_tokens = command.new_tokens;
  ended_ = false;
}

void Worker::execute(GoPastEnd&) {
  if (!executor_ || executor_->state() != RunState::text_ended) return;
  executor_->go_past_end();
  ended_ = false;
}

}  // namespace orrery
