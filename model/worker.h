#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

#include "model/executor.h"
#include "model/progress.h"

namespace orrery {

/// What the worker has to say; taken by the main thread once a frame.
struct Event {
  enum class Kind {
    model_loaded,    ///< `model`
    load_failed,     ///< `message`; the model before stays
    load_cancelled,  ///< the model before stays
    run_started,     ///< `trace` is the new recording
    run_failed,      ///< `message`; the recording before stays
    run_ended,       ///< `state` says why; the recording stays
  };
  Kind kind;
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Trace> trace;
  Message message;
  RunState state = RunState::running;
};

struct RunRequest {
  std::vector<int> ids;
  int new_tokens = -1;
  SamplingSettings sampling;
  std::vector<int> then = {};  ///< go_on(): what the passes after that one choose, before anything is drawn
};

/// The thread that loads models and computes. Commands go in through one short lock, events come back the
/// same way; the step gate is an atomic. Nothing here ever waits for the worker (but the destructor, which
/// joins).
class Worker {
 public:
  Worker();
  ~Worker();

  /// Loads a model; a load under way is cancelled, a run goes on until the new model is there.
  void load(std::filesystem::path path);
  void cancel_load();
  /// Starts a recording with the loaded model; takes over rows of the one before where the ids agree.
  void start(RunRequest request);
  /// Goes on after `pass` of `trace` with `id` as the token chosen there; -1: draws it (again), with the
  /// request's settings.
  void go_on(std::shared_ptr<const Trace> trace, int pass, int id, RunRequest request);
  /// Goes on after a token that ended the text.
  void go_past_end();
  /// From the next pass on.
  void set_sampling(const SamplingSettings& sampling, int new_tokens);
  /// The gate: computes until published() == limit and then waits. Step: limit = cursor + 1; play: any number
  /// ahead.
  void allow(std::uint64_t limit);

  std::vector<Event> poll();    ///< what happened since the last call
  float load_progress() const;  ///< 0..1; negative when no load is under way

 private:
  struct Load {
    std::filesystem::path path;
    std::shared_ptr<Progress> progress;
  };
  struct Start {
    RunRequest request;
  };
  struct GoOn {
    std::shared_ptr<const Trace> trace;
    int pass, id;
    RunRequest request;
  };
  struct Sampling {
    SamplingSettings settings;
    int new_tokens;
  };
  struct GoPastEnd {};
  using Command = std::variant<Load, Start, GoOn, Sampling, GoPastEnd>;

  void run();
  void push(Command command);
  void emit(Event event);
  void execute(Load& command);
  void execute(Start& command);
  void execute(GoOn& command);
  void execute(Sampling& command);
  void execute(GoPastEnd&);
  template <class Begin>
  void begin_run(Begin begin);
  bool may_step() const;
  void advance();

  mutable std::mutex mutex_;  // held for a push or a pop only
  std::condition_variable wake_;
  std::deque<Command> commands_;
  std::vector<Event> events_;
  std::shared_ptr<Progress> loading_;
  bool stop_ = false;
  std::atomic<std::uint64_t> limit_{0};

  // The worker's thread alone.
  std::shared_ptr<const Model> model_;
  std::optional<Executor> executor_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace orrery
