#include "model/executor.h"

#include <algorithm>

#include "model/run_step.h"

namespace orrery {
namespace {

void check_ids(const Model& model, const std::vector<int>& ids, int capacity) {
  if (ids.empty()) throw Error(say("the prompt is empty: type at least one token"));
  if (int(ids.size()) > capacity)
    throw Error(say("the prompt has {0} tokens, but the model's context holds {1}", ids.size(), capacity));
  for (int id : ids)
    if (id < 0 || id >= model.vocabulary_size())
      throw Error(say("token id {0} is outside the vocabulary of {1}", id, model.vocabulary_size()));
}

/// Rows of `previous` that hold the same tokens, are complete, and would come out the same again.
int shared_rows(const Trace& previous, const std::vector<int>& ids) {
  for (const Tensor* tensor : previous.graph().steps())
    if (tensor->op->reads_pass_end()) return 0;
  const int complete = previous.rows_known(previous.graph().logits(), previous.published());
  const int known = std::min(complete, int(ids.size()) - 1);
  int rows = 0;
  while (rows < known && previous.token(rows) == ids[size_t(rows)]) ++rows;
  return rows;
}

}  // namespace

Executor Executor::start(std::shared_ptr<const Model> model, const std::vector<int>& ids, int new_tokens,
                         const SamplingSettings& sampling, const Trace* previous, int capacity) {
  const int context = model->graph().capacity();
  if (capacity < 0 || capacity > context) capacity = context;
  check_ids(*model, ids, capacity);
  int kept = 0;
  if (previous && previous->shared_model() == model && previous->capacity() == capacity)
    kept = shared_rows(*previous, ids);
  auto trace = kept > 0 ? std::make_shared<Trace>(*previous, kept)
                        : std::make_shared<Trace>(std::move(model), capacity);
  Executor executor(std::move(trace), new_tokens, sampling);
  executor.pending_.assign(ids.begin() + kept, ids.end());
  return executor;
}

Executor Executor::go_on(const Trace& trace, int pass, int id, int new_tokens,
                         const SamplingSettings& sampling, std::vector<int> then) {
  check_ids(trace.model(), {id}, trace.capacity());
  if (!then.empty()) check_ids(trace.model(), then, trace.capacity());
  Executor executor(Trace::fork(trace, pass + 1, id), new_tokens, sampling);
  executor.chosen_ = 1;
  executor.pending_ = {id};
  executor.forced_ = std::move(then);
  executor.go_past_end();
  return executor;
}

Executor Executor::draw_again(const Trace& trace, int pass, int new_tokens,
                              const SamplingSettings& sampling) {
  return Executor(Trace::fork_before_choice(trace, pass, sampling), new_tokens, sampling);
}

bool Executor::text_ended() const {
  const int passes = trace_->pass_count();
  return passes > past_end_ && next_forced_ >= forced_.size() &&
         std::ranges::find(ends, trace_->pass(passes - 1).chosen) != ends.end();
}

bool Executor::begin_next_pass() {
  if (text_ended()) {
    state_ = RunState::text_ended;
    return false;
  }
  const int tokens =
      trace_->pass_count() > 0 ? trace_->pass(trace_->pass_count() - 1).rows.end : trace_->kept_rows();
  const bool enough = new_tokens >= 0 && chosen_ >= new_tokens && next_forced_ >= forced_.size();
  if (enough && trace_->pass_count() > 0) {
    state_ = RunState::enough_tokens;
    return false;
  }
  if (tokens + int(pending_.size()) > trace_->capacity()) {
    state_ = RunState::context_full;
    return false;
  }
  state_ = RunState::running;
  trace_->begin_pass(pending_, sampling);
  pending_.clear();
  return true;
}

void Executor::choose(Rows rows) {
  const MatrixView logits = trace_->view(trace_->graph().logits());
  const Pass& pass = trace_->pass(trace_->pass_count() - 1);
  int id = sample({logits.row(rows.end - 1), size_t(logits.cols)}, pass.sampling, trace_->ids(rows.end)).id;
  bool forced = false;
  if (next_forced_ < forced_.size()) {
    const int wanted = forced_[next_forced_++];
    forced = wanted != id;
    id = wanted;
  }
  trace_->set_choice(id, forced);
  pending_ = {id};
  ++chosen_;
}

void Executor::compute(StepPlace at) {
  const Graph& graph = trace_->graph();
  const Rows rows = trace_->pass(at.pass).rows;
  if (at.step < int(graph.steps().size())) {
    const Tensor& out = *graph.steps()[size_t(at.step)];
    run_step(graph, out, rows, *trace_, [&](const Tensor& tensor) { return trace_->writable(tensor); });
  } else {
    choose(rows);
  }
  trace_->publish_step();
}

bool Executor::step() {
  const StepPlace at = trace_->place(trace_->published());
  if (at.pass == trace_->pass_count() && !begin_next_pass()) return false;
  compute(at);
  return true;
}

bool Executor::run_pass() {
  StepPlace at = trace_->place(trace_->published());
  if (at.pass == trace_->pass_count() && !begin_next_pass()) return false;
  for (const int steps = trace_->steps_a_pass(); at.step < steps; ++at.step) compute(at);
  return true;
}

}  // namespace orrery
