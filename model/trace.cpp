#include "model/trace.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

namespace orrery {
namespace {

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

Trace::Trace(std::shared_ptr<const Model> model, int capacity)
    : model_(std::move(model)), id_(next_id()), capacity_(std::clamp(capacity, 1, graph().capacity())) {
  passes_.reserve(size_t(capacity_) + 1);
  // A matrix over the tokens' sources never needs more columns than there are tokens.
  const auto cols_of = [&](const Tensor& tensor) {
    return tensor.cols.axis == Axis::source ? std::min(tensor.cols.size, capacity_) : tensor.cols.size;
  };
  constexpr size_t line = 16;  // numbers in a line of the cache: every matrix begins with one
  const auto numbers_of = [&](const Tensor& tensor) {
    return (size_t(capacity_) * size_t(cols_of(tensor)) + line - 1) / line * line;
  };
  size_t numbers = 0;
  for (const Tensor* tensor : graph().tensors())
    if (tensor->role != Role::weight) numbers += numbers_of(*tensor);
  float* place = allocate(numbers * sizeof(float));
  for (const Tensor* tensor : graph().tensors()) {
    if (tensor->role == Role::weight) {
      views_.push_back(model_->weight(*tensor));
      writable_.emplace_back();
      continue;
    }
    const int cols = cols_of(*tensor);
    writable_.push_back({place, capacity_, cols, cols, 1});
    views_.push_back({place, capacity_, cols, cols, 1});
    place += numbers_of(*tensor);
  }
}

/// Anonymous memory is handed out page by page as it is written, so a large context costs nothing until it is
/// used. What is small anyway is asked for in large pages: the fewer, the less a step waits for one.
float* Trace::allocate(size_t bytes) {
  constexpr size_t small = size_t(128) << 20;
  void* data =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED)
    throw Error(say("not enough memory for a recording of {0} tokens; choose a smaller context", capacity_));
#ifdef MADV_HUGEPAGE
  if (bytes <= small) madvise(data, bytes, MADV_HUGEPAGE);  // a hint, which may fail
#endif
  blocks_.push_back({static_cast<float*>(data), bytes});
  return static_cast<float*>(data);
}

Trace::Trace(const Trace& other, int rows) : Trace(other.model_, other.capacity_) { copy_rows(other, rows); }

Trace::~Trace() { release(); }

void Trace::release() {
  for (const Block& block : blocks_) munmap(block.data, block.bytes);
  blocks_.clear();
}

void Trace::copy_rows(const Trace& other, int rows) {
  kept_rows_ = rows;
  for (const Tensor* tensor : graph().tensors()) {
    if (tensor->role == Role::weight) continue;
    const MatrixView from = other.view(*tensor);
    const MutableView to = writable(*tensor);
    for (int row = 0; row < rows; ++row) {
      // Columns of later sources are masked in every kept row; where the capacities differ they are filled
      // like the last.
      const int shared = std::min(from.cols, to.cols);
      std::memcpy(to.row(row), from.row(row), size_t(shared) * sizeof(float));
      if (to.cols > shared) std::fill(to.row(row) + shared, to.row(row) + to.cols, from(row, from.cols - 1));
    }
  }
}

int Trace::rows_known(const Tensor& tensor, std::uint64_t steps) const {
  if (tensor.role == Role::weight) return tensor.rows.size;
  const StepPlace at = place(steps);
  const int begun = pass_count();
  if (at.pass < begun && at.step > tensor.step) return pass(at.pass).rows.end;
  const int last = std::min(at.pass, begun) - 1;
  return last >= 0 ? pass(last).rows.end : kept_rows_;
}

std::vector<int> Trace::ids(int rows) const {
  std::vector<int> result;
  for (int row = 0; row < rows; ++row) result.push_back(token(row));
  return result;
}

std::vector<float> Trace::logits_of(int index) const {
  const MatrixView view = this->view(graph().logits());
  const float* row = view.row(pass(index).rows.end - 1);
  return {row, row + view.cols};
}

Sample Trace::sample_of(int index) const {
  const Pass& pass = this->pass(index);
  Sample result = sample(logits_of(index), pass.sampling, ids(pass.rows.end));
  if (pass.forced) result.id = pass.chosen;
  return result;
}

void Trace::begin_pass(const std::vector<int>& ids, const SamplingSettings& sampling) {
  const int first = passes_.empty() ? kept_rows_ : passes_.back().rows.end;
  const MutableView input = writable(graph().tokens());
  for (size_t i = 0; i < ids.size(); ++i) input(first + int(i), 0) = float(ids[i]);
  passes_.push_back(Pass{{first, first + int(ids.size())}, sampling});
  pass_count_.store(int(passes_.size()), std::memory_order_release);
}

void Trace::set_choice(int id, bool forced) {
  passes_.back().chosen = id;
  passes_.back().forced = forced;
}

std::shared_ptr<Trace> Trace::copy(const Trace& other, int passes) {
  auto result = std::make_shared<Trace>(other.model_, other.capacity_);
  result->copy_rows(other, other.pass(passes - 1).rows.end);
  result->kept_rows_ = other.kept_rows_;
  for (int i = 0; i < passes; ++i) result->passes_.push_back(other.pass(i));
  result->pass_count_.store(passes, std::memory_order_release);
  return result;
}

std::shared_ptr<Trace> Trace::fork(const Trace& other, int passes, int id) {
  auto result = copy(other, passes);
  if (other.pass(passes - 1).chosen != id) result->set_choice(id, true);
  result->published_.store(result->step_number({passes, 0}), std::memory_order_release);
  return result;
}

std::shared_ptr<Trace> Trace::fork_before_choice(const Trace& other, int pass,
                                                 const SamplingSettings& sampling) {
  auto result = copy(other, pass + 1);
  result->passes_.back().sampling = sampling;
  result->set_choice(-1, false);
  const std::uint64_t choice = result->step_number({pass, int(result->graph().steps().size())});
  result->published_.store(std::min(other.published(), choice), std::memory_order_release);
  return result;
}

}  // namespace orrery
