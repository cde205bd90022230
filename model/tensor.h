#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "model/message.h"

namespace orrery {

class Op;

/// What a row or a column of a matrix counts. The layout takes directions from it, labels take words, ops
/// check it.
enum class Axis { token, source, position, channel, feature, head, vocabulary, unit, expert, state, tap };

struct Dim {
  Axis axis;
  int size;
  /// A state that is carried from token to token is a matrix itself, written out row after row: this is the
  /// length of its rows. 0: the dimension is plain.
  int inner = 0;
  bool operator==(const Dim&) const = default;
};

enum class Role { weight, input, activation };

/// Which family of things a tensor belongs to; shown as the colour of its frame.
enum class Kind { activation, weight, norm, attention, embedding };

/// Where a weight's numbers stand in a checkpoint: the part [row, row + rows) x [column, column + cols) of
/// the matrix `name`, whose whole shape must be [file_rows, file_cols]. One-dimensional checkpoint tensors
/// count as one row; of three-dimensional ones all dimensions but the last count as rows.
struct WeightSource {
  std::string name;
  int file_rows = 0, file_cols = 0;
  int row = 0, column = 0;
  bool transposed =
      false;  ///< the file holds [out, in] where the graph says [in, out]; offsets and shape are the file's
};

/// A named matrix of the network: an activation has one row per token, a weight one row per input feature.
/// Immutable once the graph is built.
struct Tensor {
  int index = 0;     ///< place in Graph::tensors()
  std::string name;  ///< hook name, for one head's part with ".head{h}" at its end
  Message label;     ///< what people call it: "Query weights"; empty: the name serves
  Dim rows, cols;
  Role role = Role::activation;
  Kind kind = Kind::activation;
  const Op* op = nullptr;  ///< what computes it; null for weights and the input
  std::vector<const Tensor*> inputs;
  int group = 0;       ///< index in Graph::groups()
  int step = -1;       ///< place in Graph::steps(); -1 where nothing computes it
  int head = -1;       ///< which head it belongs to; -1 where it belongs to all
  int layer = -1;      ///< which layer; -1 outside of layers
  int loop = -1;       ///< steps with the same number go through the tokens together (Graph::loop)
  bool spine = false;  ///< one state of the residual stream
  /// A weight whose columns are contiguous in memory (checkpoint's [out, in]), so that one output is one dot
  /// product over contiguous numbers; otherwise its rows are.
  bool columns_contiguous = false;
  WeightSource source;  ///< weights only
};

struct Cell {
  const Tensor* tensor = nullptr;
  int row = 0, col = 0;
  bool operator==(const Cell&) const = default;
};

/// A rectangle of cells of one tensor.
struct Region {
  const Tensor* tensor = nullptr;
  int row = 0, col = 0, rows = 1, cols = 1;
  bool operator==(const Region&) const = default;
};

/// Rows [begin, end) of activations: the tokens that one pass computes.
struct Rows {
  int begin = 0, end = 0;
  int count() const { return end - begin; }
};

/// Numbers of one matrix in memory, with strides in elements.
template <class Number>
struct BasicView {
  Number* data = nullptr;
  int rows = 0, cols = 0;
  std::ptrdiff_t row_stride = 0, col_stride = 1;

  Number& operator()(int row, int col) const { return data[row * row_stride + col * col_stride]; }
  Number* row(int row) const { return data + row * row_stride; }
};
using MatrixView = BasicView<const float>;
using MutableView = BasicView<float>;

}  // namespace orrery
