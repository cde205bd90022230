// Who reads a cell, and what a cell reads: in every architecture.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "model/derivation.h"
#include "tests/support/every_architecture.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

std::shared_ptr<const Trace> recording(const std::string& folder) {
  return run_model(load_model(folder), 5, 3);
}

bool reads(const Trace& trace, const Tensor& out, int row, int col, const Cell& cell) {
  if (out.op->masked(row, col)) return false;
  return std::ranges::any_of(out.op->reads(out, {&out, row, col}, trace), [&](const Region& region) {
    return region.tensor == cell.tensor && cell.row >= region.row && cell.row < region.row + region.rows &&
           cell.col >= region.col && cell.col < region.col + region.cols;
  });
}

/// The first, the last and one between, of those that are known.
std::vector<Cell> some_cells(const Trace& trace, const Tensor& tensor) {
  const int rows = std::min(trace.rows_known(tensor, trace.published()), trace.view(tensor).rows);
  const int cols = trace.view(tensor).cols;
  std::vector<Cell> cells = {{&tensor, 0, 0}};
  for (const Cell& cell : {Cell{&tensor, std::min(3, rows - 1), cols / 2}, Cell{&tensor, rows - 1, cols - 1},
                           Cell{&tensor, rows / 2, std::min(2, cols - 1)}})
    if (rows > 0 && std::ranges::find(cells, cell) == cells.end()) cells.push_back(cell);
  return cells;
}

/// The numbers of a run, but for one.
class Edited : public Values {
 public:
  Edited(const Values& values, const Cell& cell, float number) : Values(values) {
    const MatrixView old = view(*cell.tensor);
    const size_t count = size_t((old.rows - 1) * old.row_stride + (old.cols - 1) * old.col_stride) + 1;
    numbers_.assign(old.data, old.data + count);
    MatrixView& mine = views_[size_t(cell.tensor->index)];
    mine.data = numbers_.data();
    numbers_[size_t(cell.row * mine.row_stride + cell.col * mine.col_stride)] = number;
  }

 private:
  std::vector<float> numbers_;
};

/// A row of `out`, computed by its kernel from these values and the rows of `out` before it.
std::vector<float> computed_row(const Tensor& out, int row, const Values& values) {
  const MatrixView all = values.view(out);
  std::vector<float> numbers(size_t(all.rows) * size_t(all.cols));
  for (int r = 0; r < row; ++r)
    std::copy_n(all.row(r), all.cols, numbers.data() + size_t(r) * size_t(all.cols));
  out.op->run(out, {row, row + 1}, {numbers.data(), all.rows, all.cols, all.cols, 1}, values);
  const float* from = numbers.data() + size_t(row) * size_t(all.cols);
  return {from, from + all.cols};
}

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Another number for a cell, one that can stand there.
float other_number(const Trace& trace, const Cell& cell) {
  const auto old = float(trace.at(cell));
  if (cell.tensor->role == Role::input) return float((int(old) + 1) % trace.model().vocabulary_size());
  if (cell.tensor->op && cell.tensor->op->name() == "choose experts")
    return float((int(old) + 1) % cell.tensor->inputs[0]->cols.size);
  return old + 1.5f;
}

}  // namespace

TEST_CASE("who reads a cell is what asking every cell finds, in every architecture") {
  for (const std::string& folder : every_architecture()) {
    const auto trace = recording(folder);
    for (const Tensor* tensor : trace->graph().tensors()) {
      if (tensor->layer > 1) continue;  // further layers are like the second
      for (const Cell& cell : some_cells(*trace, *tensor)) {
        const std::vector<Reader> readers = readers_of(*trace, trace->published(), cell);
        size_t found = 0;
        for (const Tensor* out : trace->graph().readers(*tensor)) {
          if (found > 0 && readers[found - 1].tensor == out) continue;
          const Reader* told =
              found < readers.size() && readers[found].tensor == out ? &readers[found] : nullptr;
          int wrong = 0;
          for (int row = 0; row < trace->rows_known(*out, trace->published()); ++row)
            for (int col = 0; col < trace->view(*out).cols; ++col)
              wrong += reads(*trace, *out, row, col, cell) != (told && told->contains(row, col));
          INFO(folder, ": ", tensor->name, " [", cell.row, ", ", cell.col, "] read by ", out->name);
          CHECK(wrong == 0);
          found += told != nullptr;
        }
        CHECK(found == readers.size());
      }
    }
  }
}

TEST_CASE("a kernel's result changes only where the changed number is said to be read") {
  struct Count {
    int read = 0, changed = 0;
  };
  std::map<std::string, Count> counts;  // by op and input
  for (const std::string& folder : every_architecture()) {
    const auto trace = recording(folder);
    for (const Tensor* out : trace->graph().steps()) {
      if (out->layer > 1 || out->head > 1) continue;
      const int rows = trace->rows_known(*out, trace->published());
      std::vector<std::vector<float>> before;
      for (int row = 0; row < rows; ++row) before.push_back(computed_row(*out, row, *trace));
      for (size_t input = 0; input < out->inputs.size(); ++input)
        for (const Cell& cell : some_cells(*trace, *out->inputs[input])) {
          const Edited edited(*trace, cell, other_number(*trace, cell));
          Count& count = counts[out->op->name() + " " + std::to_string(std::min<size_t>(input, 6))];
          for (int row = 0; row < rows; ++row) {
            const std::vector<float> after = computed_row(*out, row, edited);
            for (int col = 0; col < int(after.size()); ++col) {
              const bool changed = !same(after[size_t(col)], before[size_t(row)][size_t(col)]);
              const bool read = reads(*trace, *out, row, col, cell);
              count.read += read;
              count.changed += changed;
              if (!changed || read) continue;
              INFO(folder, ": ", out->name, " [", row, ", ", col, "] does not say that it reads ",
                   cell.tensor->name, " [", cell.row, ", ", cell.col, "]");
              REQUIRE(read);
            }
          }
        }
    }
  }
  for (const auto& counted : counts) {
    const Count& count = counted.second;
    CAPTURE(counted.first);
    CHECK((count.read == 0) == (count.changed == 0));  // nor is it said of an input that never matters
  }
}
