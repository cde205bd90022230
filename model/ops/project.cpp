#include "model/ops/project.h"

#include <algorithm>

#include "model/ops/op_support.h"
#include "model/parallel.h"

namespace orrery {
namespace {

// Shorter work is done before another thread has woken up.
constexpr double worth_of_one_row = 1e6, worth_of_rows = 16e6;  // floating point operations
// Whole groups of what the kernels do at a time (4 outputs of one row; 24 of many), so that cutting changes
// no number, or hardly any.
constexpr int outputs_a_part = 192, rows_a_part = 96;

}  // namespace

void project(MatrixView x, MatrixView weight, const float* bias, MutableView y) {
  const double work = 2.0 * x.rows * weight.rows * weight.cols;
  const auto some = [&](int first, int count, int output, int outputs) {
    MatrixView from = part(x, first, count), by = part(weight, output, outputs);
    MutableView to = part(y, first, count);
    to.data += output, to.cols = outputs;
    kernels().project(from, by, bias ? bias + output : nullptr, to);
  };
  if (work < (x.rows > 1 ? worth_of_rows : worth_of_one_row)) return kernels().project(x, weight, bias, y);
  // Few outputs of many rows: each part has all outputs of some rows.
  const bool by_rows = x.rows >= 2 * rows_a_part && weight.rows < 2 * outputs_a_part;
  const int whole = by_rows ? x.rows : weight.rows, size = by_rows ? rows_a_part : outputs_a_part;
  in_parallel((whole + size - 1) / size, thread_count(), [&](int i) {
    const int first = i * size, count = std::min(size, whole - first);
    if (by_rows)
      some(first, count, 0, weight.rows);
    else
      some(0, x.rows, first, count);
  });
}

}  // namespace orrery
