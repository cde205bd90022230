#pragma once
#include "model/graph.h"

namespace orrery {

/// Computes the rows `rows` of a step's tensor; `writable(tensor)` is where a tensor's numbers go. The first
/// step of a loop computes the whole loop, token by token; nothing is left to do for the others. Rows that
/// were computed for a step that is not published yet must not be read before it is.
template <class Writable>
void run_step(const Graph& graph, const Tensor& out, Rows rows, const Values& values, Writable writable) {
  if (out.loop < 0) {
    out.op->run(out, rows, writable(out), values);
    return;
  }
  const auto steps = graph.steps();
  const size_t first = size_t(out.step);
  if (first > 0 && steps[first - 1]->loop == out.loop) return;
  for (int row = rows.begin; row < rows.end; ++row)
    for (size_t step = first; step < steps.size() && steps[step]->loop == out.loop; ++step)
      steps[step]->op->run(*steps[step], {row, row + 1}, writable(*steps[step]), values);
}

}  // namespace orrery
