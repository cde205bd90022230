#include "model/plain_executor.h"

#include <algorithm>

#include "model/run_step.h"

namespace orrery {
namespace {

/// Whether some op reads earlier rows of `tensor`.
bool has_history(const Graph& graph, const Tensor& tensor) {
  for (const Tensor* reader : graph.readers(tensor))
    for (size_t i = 0; i < reader->inputs.size(); ++i)
      if (reader->inputs[i] == &tensor && reader->op->reads_history(int(i))) return true;
  return false;
}

/// The step after which nobody reads `tensor` any more. A loop's steps take turns, so all of it must be over.
int last_reader(const Graph& graph, const Tensor& tensor) {
  const auto readers = graph.readers(tensor), steps = graph.steps();
  if (readers.empty()) return -1;
  int step = readers.back()->step;
  const int loop = readers.back()->loop;
  while (loop >= 0 && step + 1 < int(steps.size()) && steps[size_t(step) + 1]->loop == loop) ++step;
  return step;
}

struct Slot {
  size_t index, size;
};

}  // namespace

PlainExecutor::PlainExecutor(std::shared_ptr<const Model> model, int capacity, int most_rows)
    : model_(std::move(model)), capacity_(std::clamp(capacity, 1, model_->graph().capacity())) {
  // Rows of a pass lie behind each other from the first row of the buffer on. A pass that does not begin at
  // row 0 is fed row by row, so that one row (with a stride of 0) serves every row number.
  most_rows_ = std::clamp(most_rows, 1, capacity_);
  const Graph& graph = model_->graph();
  places_.resize(graph.tensors().size());
  const auto cols = [&](const Tensor& tensor) {
    return size_t(tensor.cols.axis == Axis::source ? std::min(tensor.cols.size, capacity_)
                                                   : tensor.cols.size);
  };
  const auto allocate = [&](size_t numbers) {
    memory_.push_back(std::make_unique<float[]>(numbers));
    bytes_ += numbers * sizeof(float);
    return memory_.back().get();
  };
  places_[size_t(graph.tokens().index)] = {allocate(size_t(capacity_)), true};

  std::vector<Slot> free;
  std::vector<std::vector<Slot>> ends(graph.steps().size());  // slots whose last reader is that step
  for (const Tensor* tensor : graph.steps()) {
    Place& place = places_[size_t(tensor->index)];
    if (has_history(graph, *tensor)) {
      place = {allocate(size_t(capacity_) * cols(*tensor)), true};
    } else {
      const size_t need = size_t(most_rows_) * cols(*tensor);
      auto fits = std::ranges::find_if(free, [&](const Slot& slot) { return slot.size >= need; });
      Slot slot;
      if (fits == free.end()) {
        allocate(need);
        slot = {memory_.size() - 1, need};
      } else {
        slot = *fits;
        free.erase(fits);
      }
      place = {memory_[slot.index].get(), false};
      const int last = last_reader(graph, *tensor);
      if (last >= 0) ends[size_t(last)].push_back(slot);
    }
    for (const Slot& slot : ends[size_t(tensor->step)]) free.push_back(slot);
  }
  for (const Tensor* tensor : graph.tensors()) {
    if (tensor->role == Role::weight) {
      views_.push_back(model_->weight(*tensor));
    } else {
      const int width = int(cols(*tensor));
      views_.push_back({places_[size_t(tensor->index)].data, capacity_, width, width, 1});
    }
  }
}

void PlainExecutor::point_views(int rows) {
  for (size_t i = 0; i < places_.size(); ++i)
    if (places_[i].data && !places_[i].kept) views_[i].row_stride = rows == 1 ? 0 : views_[i].cols;
}

void PlainExecutor::take(const Values& recording, int rows) {
  if (rows > capacity_)
    throw Error(say("the prompt has {0} tokens, but the model's context holds {1}", rows, capacity_));
  for (const Tensor* tensor : model_->graph().tensors()) {
    const Place& place = places_[size_t(tensor->index)];
    if (!place.kept) continue;
    const MatrixView from = recording.view(*tensor);
    const size_t cols = size_t(views_[size_t(tensor->index)].cols),
                 shared = std::min(cols, size_t(from.cols));
    for (int row = 0; row < rows; ++row) std::copy_n(from.row(row), shared, place.data + size_t(row) * cols);
  }
  tokens_ = rows;
}

std::span<const float> PlainExecutor::feed(std::span<const int> ids) {
  const Graph& graph = model_->graph();
  if (ids.empty()) throw Error(say("the prompt is empty: type at least one token"));
  if (int(ids.size()) > capacity_ - tokens_)
    throw Error(say("the prompt has {0} tokens, but the model's context holds {1}",
                    std::int64_t(ids.size()) + tokens_, capacity_));
  for (int id : ids)
    if (id < 0 || id >= model_->vocabulary_size())
      throw Error(say("token id {0} is outside the vocabulary of {1}", id, model_->vocabulary_size()));
  std::span<const float> logits;
  while (!ids.empty()) {
    const int rows = tokens_ == 0 ? std::min(int(ids.size()), most_rows_) : 1;
    point_views(rows);
    float* input = places_[size_t(graph.tokens().index)].data;
    for (int i = 0; i < rows; ++i) input[tokens_ + i] = float(ids[size_t(i)]);
    const Rows range{tokens_, tokens_ + rows};
    const auto writable = [&](const Tensor& out) {
      const MatrixView& view = views_[size_t(out.index)];
      return MutableView{places_[size_t(out.index)].data, view.rows, view.cols, view.row_stride,
                         view.col_stride};
    };
    for (const Tensor* out : graph.steps()) run_step(graph, *out, range, *this, writable);
    tokens_ += rows;
    ids = ids.subspan(size_t(rows));
    const MatrixView& view = views_[size_t(graph.logits().index)];
    logits = {view.row(tokens_ - 1), size_t(view.cols)};
  }
  return logits;
}

}  // namespace orrery
