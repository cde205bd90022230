#include "model/analysis/logit_lens.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/analysis/anatomy.h"
#include "model/analysis/replay.h"

namespace orrery {
namespace {

/// log softmax of one row of logits.
std::vector<double> log_probabilities(const float* logits, int count) {
  std::vector<double> result(logits, logits + count);
  const double largest = *std::max_element(result.begin(), result.end());
  double sum = 0;
  for (double logit : result) sum += std::exp(logit - largest);
  const double shift = largest + std::log(sum);
  for (double& logit : result) logit -= shift;
  return result;
}

LensCell read_cell(const std::vector<double>& here, const std::vector<double>& end, int final_id,
                   int top_count) {
  LensCell cell;
  const size_t count = here.size();
  const double own = here[size_t(final_id)];
  for (size_t id = 0; id < count; ++id) {
    const double chance = std::exp(here[id]), at_end = std::exp(end[id]);
    if (here[id] > own) ++cell.rank;
    if (chance > 0) cell.entropy -= chance * here[id];
    if (at_end > 0) cell.divergence += at_end * (end[id] - here[id]);
  }
  cell.final_chance = std::exp(own);
  cell.top.resize(count);
  std::iota(cell.top.begin(), cell.top.end(), 0);
  const size_t kept = std::min(count, size_t(std::max(0, top_count)));
  std::partial_sort(cell.top.begin(), cell.top.begin() + std::ptrdiff_t(kept), cell.top.end(),
                    [&](int a, int b) {
                      const double left = here[size_t(a)], right = here[size_t(b)];
                      return left != right ? left > right : a < b;
                    });
  cell.top.resize(kept);
  cell.top.shrink_to_fit();
  for (int id : cell.top) cell.probabilities.push_back(float(std::exp(here[size_t(id)])));
  return cell;
}

/// The rows in pieces: the passes that computed them, cut where a piece would need too much memory.
std::vector<Rows> pieces(const Trace& trace, int rows) {
  constexpr int numbers = 4 << 20;  // logits of one piece
  const int most = std::max(1, numbers / std::max(1, trace.graph().logits().cols.size));
  std::vector<Rows> result;
  const auto add = [&](int begin, int end) {
    for (int at = begin; at < end; at += most) result.push_back({at, std::min(end, at + most)});
  };
  int done = std::min(rows, trace.kept_rows());
  add(0, done);
  for (int i = 0; i < trace.pass_count() && done < rows; ++i) {
    const Rows pass = trace.pass(i).rows;
    add(std::max(done, pass.begin), std::min(pass.end, rows));
    done = std::max(done, std::min(pass.end, rows));
  }
  return result;
}

}  // namespace

Finding<LensTable> logit_lens(const Trace& trace, int rows, int top_count, bool with_middles,
                              Progress& progress) {
  LensTable table;
  table.states = stream_states(trace.graph(), with_middles);
  if (table.states.empty()) return say("This model has no residual stream.");
  const Tensor& logits = trace.graph().logits();
  Replay replay(trace, *table.states.back(), logits);
  if (!replay.possible()) return say("This model does not read its output from the residual stream alone.");
  table.rows = rows;
  table.cells.resize(table.states.size() * size_t(rows));
  table.final_ids.resize(size_t(rows));
  const auto all = pieces(trace, rows);
  float done = 0;
  for (const Rows& piece : all) {
    std::vector<std::vector<double>> end(size_t(piece.count()));
    for (size_t s = table.states.size(); s-- > 0;) {
      const MatrixView view = replay.run(trace.view(*table.states[s]), piece);
      for (int row = 0; row < piece.count(); ++row) {
        const std::vector<double> here = log_probabilities(view.row(row), view.cols);
        if (s + 1 == table.states.size()) {
          end[size_t(row)] = here;
          table.final_ids[size_t(piece.begin + row)] =
              int(std::max_element(here.begin(), here.end()) - here.begin());
        }
        table.cells[s * size_t(rows) + size_t(piece.begin + row)] =
            read_cell(here, end[size_t(row)], table.final_ids[size_t(piece.begin + row)], top_count);
        progress.report(done / float(all.size()));
      }
    }
    ++done;
  }
  return table;
}

}  // namespace orrery
