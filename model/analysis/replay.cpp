#include "model/analysis/replay.h"

#include <algorithm>
#include <cstdint>

namespace orrery {

Replay::Replay(const Trace& trace, const Tensor& from, const Tensor& to)
    : Values(trace), trace_(trace), from_(from), to_(to), memory_(trace.graph().tensors().size()) {
  const auto steps = trace.graph().steps();
  std::vector<bool> changed(memory_.size()), wanted(memory_.size());
  changed[size_t(from.index)] = true;
  for (int step = from.step + 1; step <= to.step; ++step)
    for (const Tensor* input : steps[size_t(step)]->inputs)
      if (changed[size_t(input->index)]) changed[size_t(steps[size_t(step)]->index)] = true;
  possible_ = changed[size_t(to.index)];
  wanted[size_t(to.index)] = true;
  for (int step = to.step; step > from.step; --step) {
    const Tensor& tensor = *steps[size_t(step)];
    if (!wanted[size_t(tensor.index)] || !changed[size_t(tensor.index)]) continue;
    for (size_t i = 0; i < tensor.inputs.size(); ++i) {
      const Tensor& input = *tensor.inputs[i];
      wanted[size_t(input.index)] = true;
      const bool again = changed[size_t(input.index)];
      if (again ? tensor.op->reads_history(int(i)) : input.role != Role::weight) possible_ = false;
    }
    steps_.push_back(&tensor);
  }
  std::reverse(steps_.begin(), steps_.end());
}

/// Memory for rows of a tensor, aligned as the recording's: vectorised sums then run in the same order.
MutableView Replay::place(const Tensor& tensor, Rows rows) {
  constexpr std::uintptr_t line = 64;
  const MatrixView original = trace_.view(tensor);
  std::vector<float>& memory = memory_[size_t(tensor.index)];
  memory.resize(size_t(rows.count()) * size_t(original.cols) + 2 * line / sizeof(float));
  const auto wanted = reinterpret_cast<std::uintptr_t>(original.row(rows.begin)) % line;
  const auto have = reinterpret_cast<std::uintptr_t>(memory.data()) % line;
  float* data = memory.data() + (wanted + line - have) % line / sizeof(float);
  views_[size_t(tensor.index)] = {data, rows.count(), original.cols, original.cols, 1};
  return {data, rows.count(), original.cols, original.cols, 1};
}

MatrixView Replay::run(const MatrixView& source, Rows rows) {
  const MutableView input = place(from_, rows);
  for (int row = 0; row < rows.count(); ++row)
    std::copy_n(source.row(rows.begin + row), input.cols, input.row(row));
  for (const Tensor* step : steps_) step->op->run(*step, {0, rows.count()}, place(*step, rows), *this);
  return view(to_);
}

}  // namespace orrery
