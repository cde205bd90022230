#pragma once
#include "model/trace.h"

namespace orrery {

/// Runs a stretch of the network again with other numbers in one place, through the ops that the graph holds:
/// so what comes out is what this model would make of them, whatever its architecture. One thread.
class Replay : private Values {
 public:
  /// The steps from after `from` up to `to`.
  Replay(const Trace& trace, const Tensor& from, const Tensor& to);

  /// Whether `to` comes from `from` and weights alone, each row from its own row: only such stretches can be
  /// run.
  bool possible() const { return possible_; }
  /// Puts `source`'s rows (of the recording's numbering) where `from` stands and computes `to`. Row 0 of the
  /// result is rows.begin; valid until the next call. With the rows of one pass and its own numbers the
  /// result is bit for bit what the pass computed.
  MatrixView run(const MatrixView& source, Rows rows);

 private:
  MutableView place(const Tensor& tensor, Rows rows);

  const Trace& trace_;
  const Tensor &from_, &to_;
  std::vector<const Tensor*> steps_;
  std::vector<std::vector<float>> memory_;  // by Tensor::index
  bool possible_ = true;
};

}  // namespace orrery
