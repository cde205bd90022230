#pragma once
#include <memory>

#include "model/trace.h"

namespace orrery {

/// Why a run stands still.
enum class RunState { running, enough_tokens, context_full, text_ended };

/// Runs a model step by step into a trace; no thread of its own (the worker and the commands without a window
/// both use it).
class Executor {
 public:
  /// A run over `ids` (1 .. capacity of them) that then draws up to `new_tokens` (-1: until the context is
  /// full), or until the text ends. Rows that `previous` computed for the same ids are taken over; at least
  /// one row is computed anew. Throws Error if there are no ids, too many, or one outside the vocabulary.
  static Executor start(std::shared_ptr<const Model> model, const std::vector<int>& ids, int new_tokens,
                        const SamplingSettings& sampling, const Trace* previous = nullptr, int capacity = -1);
  /// Goes on from the end of pass `pass` of a recording, with `id` as its choice, also if that ends a text.
  /// The passes after it choose the ids of `then`, before anything is drawn and however few `new_tokens` are.
  static Executor go_on(const Trace& trace, int pass, int id, int new_tokens,
                        const SamplingSettings& sampling, std::vector<int> then = {});
  /// Goes on before the choice of pass `pass`: its token is drawn (again), with these settings. Only on the
  /// thread that writes the recording.
  static Executor draw_again(const Trace& trace, int pass, int new_tokens, const SamplingSettings& sampling);

  /// Computes one step, or chooses a token. False if nothing is left to do.
  bool step();
  /// Computes all steps of the pass that is under way, the choice of the token included. False if nothing is
  /// left to do.
  bool run_pass();
  RunState state() const { return state_; }
  const std::shared_ptr<Trace>& trace() const { return trace_; }
  /// What the last complete pass chose may end the text: the run goes on after it nevertheless.
  void go_past_end() { past_end_ = trace_->pass_count(); }
  SamplingSettings sampling;  ///< used from the next pass begun on; may be changed between steps
  int new_tokens = -1;        ///< may be changed between steps; see start()
  std::vector<int> ends;      ///< ids after which the run stands still; may be changed between steps

 private:
  Executor(std::shared_ptr<Trace> trace, int new_tokens, const SamplingSettings& sampling)
      : sampling(sampling), new_tokens(new_tokens), ends(trace->model().ends()), trace_(std::move(trace)) {}
  bool text_ended() const;
  bool begin_next_pass();
  void choose(Rows rows);
  void compute(StepPlace at);

  std::shared_ptr<Trace> trace_;
  std::vector<int> pending_;  // ids that the next pass feeds
  std::vector<int> forced_;   // what the coming passes choose
  size_t next_forced_ = 0;
  int chosen_ = 0;    // tokens chosen so far
  int past_end_ = 0;  // passes whose choice ends no text, whatever it is
  RunState state_ = RunState::running;
};

}  // namespace orrery
