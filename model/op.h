#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/figure.h"
#include "model/message.h"
#include "model/tensor.h"

namespace orrery {

/// Read access to the numbers of a run: every weight and every row that was computed.
class Values {
 public:
  MatrixView view(const Tensor& tensor) const { return views_[size_t(tensor.index)]; }
  double at(const Cell& cell) const { return view(*cell.tensor)(cell.row, cell.col); }

 protected:
  std::vector<MatrixView> views_;  ///< by Tensor::index
};

/// One summand of an explanation: a product of cells, or one cell with a factor of its own.
struct Term {
  std::vector<Cell> cells;     ///< the numbers that are multiplied, in order of reading
  std::vector<double> values;  ///< their values, then any factor that is no cell
  double value = 0;            ///< what the term adds to the result
  /// Where the term is no product of its values: how it comes from them, a literal with places for them, e.g.
  /// "exp({0} − {1})".
  const char* form = nullptr;
};

/// How the terms of an act come together.
enum class Fold { sum, maximum };

/// One act of a computation that is more than one sum: softmax's maximum, its exponentials, its division.
struct Act {
  Message words;   ///< what happens, e.g. "The largest score of the row"
  Message symbol;  ///< the name of what comes out, as the formula calls it, e.g. "max"
  Fold fold = Fold::sum;
  std::vector<Term> terms;  ///< taken one by one, in order
  double value = 0;         ///< what comes out
};

/// How one cell came about.
struct Explanation {
  Message words;    ///< one sentence
  Message formula;  ///< one line of mathematics without numbers, e.g. "q · k / √d"
  std::vector<Term>
      terms;         ///< the summands in order, where the op is a sum (may be long; the shower folds it)
  double value = 0;  ///< recomputed with double arithmetic
  /// The acts in order, where the op is not one sum; the last one's value is `value`. Animation and cards
  /// show them; empty: `terms` are all.
  std::vector<Act> acts;
  std::function<double(double)> curve;  ///< where a function is applied to one number: that function
};

/// An operation that computes one tensor from others, everything about it in one file: shape rule, kernel,
/// explanation, cost. Ops have no state; one op object may run on any rows. Thread: run on the worker only,
/// the rest on any.
class Op {
 public:
  virtual ~Op() = default;
  /// The op's short name in lower case, e.g. "linear".
  virtual std::string name() const = 0;
  /// One sentence of what the op does to make `out`, for the caption.
  virtual Message sentence(const Tensor& out) const = 0;
  /// Rows and columns of the result. Throws Error if the inputs do not fit.
  struct Shape {
    Dim rows, cols;
  };
  virtual Shape shape(std::span<const Tensor* const> inputs) const = 0;
  /// Computes the rows `rows` of `out` into `result` (the whole matrix). All rows before and, for the inputs,
  /// including `rows` are there in `values`; of inputs that a later step of the graph computes, only the rows
  /// before. A row that the network leaves out (an expert that was not chosen) becomes NaN: not computed.
  virtual void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const = 0;
  /// Explains a computed cell; `value` agrees with the kernel's number to 1e-5 of that number or, where
  /// summands cancel each other, of the sum of their magnitudes: the kernels add in single precision.
  virtual Explanation explain(const Tensor& out, const Cell& cell, const Values& values) const = 0;
  /// Floating point operations for one row, at token `row`.
  virtual double cost(const Tensor& out, int row) const = 0;
  /// True if rows before the one computed are read from that input (keys, values, a carried state): an
  /// executor that keeps no trace must keep those.
  virtual bool reads_history(int /*input*/) const { return false; }
  /// True if rows depend on where the pass that computes them ends (a rotation that knows how long the text
  /// is): they hold in their own recording only.
  virtual bool reads_pass_end() const { return false; }
  /// True for cells that the causal mask excludes: drawn as masked, never as zero.
  virtual bool masked(int /*row*/, int /*col*/) const { return false; }
  /// The cells that a computed cell was computed from, all of them and no others; none where it is masked.
  /// Drives highlight, arrows and animation; cheap, because it is asked of many cells to find who reads one:
  /// those are, for every op, some rows with some columns of each.
  virtual std::vector<Region> reads(const Tensor& out, const Cell& cell, const Values& values) const = 0;
  /// What a small drawing beside a computed cell's arithmetic shows, where there is one.
  virtual Figure figure(const Tensor& /*out*/, const Cell& /*cell*/, const Values& /*values*/) const {
    return {};
  }
};

}  // namespace orrery
