#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "model/model.h"
#include "model/sampler.h"

namespace orrery {

/// One pass through the network: the prompt (prefill) or one more token (decode), then the choice of the next
/// token.
struct Pass {
  Rows rows;                  ///< rows that this pass computes
  SamplingSettings sampling;  ///< how its token was chosen
  int chosen = -1;            ///< id of the chosen token; valid once the pass is complete
  bool forced = false;        ///< a person chose it
};

/// A place in a recording: `step` of graph.steps() in `pass`; step == graph.steps().size() is the choice of a
/// token.
struct StepPlace {
  int pass = 0, step = 0;
  bool operator==(const StepPlace&) const = default;
};

/// Append-only recording of one run. The worker appends and publishes a step counter (release); readers load
/// it once a frame (acquire) and read only what is published. Matrices never move: capacity is fixed at
/// construction and memory is touched only as rows are written.
class Trace : public Values {
 public:
  /// An empty recording of at most `capacity` tokens (at most the model's context).
  Trace(std::shared_ptr<const Model> model, int capacity);
  /// A recording that starts with the first `rows` rows of another (an edited prompt): no passes yet.
  Trace(const Trace& other, int rows);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  // Any thread.
  const Model& model() const { return *model_; }
  const std::shared_ptr<const Model>& shared_model() const { return model_; }
  const Graph& graph() const { return model_->graph(); }
  int capacity() const { return capacity_; }
  /// Differs from that of every other recording of this process; never 0. For caches: an address may come
  /// again.
  std::uint64_t id() const { return id_; }
  /// Steps that are complete; everything up to here may be read.
  std::uint64_t published() const { return published_.load(std::memory_order_acquire); }
  int steps_a_pass() const { return int(graph().steps().size()) + 1; }
  StepPlace place(std::uint64_t step) const {
    return {int(step / steps_a_pass()), int(step % steps_a_pass())};
  }
  std::uint64_t step_number(StepPlace place) const {
    return std::uint64_t(place.pass) * steps_a_pass() + place.step;
  }
  int pass_count() const { return pass_count_.load(std::memory_order_acquire); }  ///< passes begun
  const Pass& pass(int index) const { return passes_[size_t(index)]; }
  /// Rows of a tensor that hold values after `steps` published steps (weights: all).
  int rows_known(const Tensor& tensor, std::uint64_t steps) const;
  /// Tokens that the input holds after `steps` steps.
  int token_count(std::uint64_t steps) const { return rows_known(graph().tokens(), steps); }
  int token(int row) const { return int(view(graph().tokens())(row, 0)); }
  std::vector<int> ids(int rows) const;  ///< the first `rows` tokens
  /// Rows taken over from another recording, known before the first pass.
  int kept_rows() const { return kept_rows_; }
  /// The sample of a complete pass, recomputed exactly from its logits.
  Sample sample_of(int pass) const;
  /// The logits of the last row of a pass [V]; the pass must have computed them.
  std::vector<float> logits_of(int pass) const;

  // The worker's thread alone (Executor).
  void begin_pass(const std::vector<int>& ids, const SamplingSettings& sampling);
  MutableView writable(const Tensor& tensor) { return writable_[size_t(tensor.index)]; }
  void set_choice(int id, bool forced);
  void publish_step() {  // no other thread writes it, so that nothing need be locked
    published_.store(published_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }
  /// A copy of the first `passes` passes in which the last one's choice is `id`: forced, unless it was taken
  /// there already.
  static std::shared_ptr<Trace> fork(const Trace& other, int passes, int id);
  /// A copy up to pass `pass`, whose token is to be drawn (again) with other settings. What the other has not
  /// published of it is computed once more.
  static std::shared_ptr<Trace> fork_before_choice(const Trace& other, int pass,
                                                   const SamplingSettings& sampling);

 private:
  float* allocate(size_t bytes);
  void release();
  void copy_rows(const Trace& other, int rows);
  static std::shared_ptr<Trace> copy(const Trace& other, int passes);

  std::shared_ptr<const Model> model_;
  const std::uint64_t id_;
  int capacity_ = 0, kept_rows_ = 0;
  struct Block {
    float* data = nullptr;
    size_t bytes = 0;
  };
  std::vector<Block> blocks_;
  std::vector<MutableView> writable_;
  std::vector<Pass> passes_;
  std::atomic<int> pass_count_{0};
  std::atomic<std::uint64_t> published_{0};
};

}  // namespace orrery
