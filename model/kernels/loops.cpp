// Compiled once for each instruction set (CMakeLists.txt), each time in a namespace ORRERY_LOOPS of its own;
// so is Eigen (-DEigen=...), because the linker merges templates of one name, whatever they were compiled
// for. Nothing else may leave this file: no inline function and no template of the standard library that is
// not inlined (tools/check_kernels.py looks).
#include <Eigen/Core>

#include "model/kernels/kernels.h"
#include "model/ops.h"

#ifndef ORRERY_LOOPS
#define ORRERY_LOOPS loops_baseline
#define ORRERY_LOOPS_NAME "baseline"
#endif

namespace orrery::ORRERY_LOOPS {
namespace {

using RowVectors = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Inputs = Eigen::Map<const RowVectors, 0, Eigen::OuterStride<>>;
using Outputs = Eigen::Map<RowVectors, 0, Eigen::OuterStride<>>;
using Row = Eigen::Map<const Eigen::RowVectorXf>;
using Numbers = Eigen::Map<const Eigen::ArrayXf>;
using Results = Eigen::Map<Eigen::ArrayXf>;

Inputs map(MatrixView m) { return {m.data, m.rows, m.cols, Eigen::OuterStride<>(m.row_stride)}; }
Outputs map(MutableView m) { return {m.data, m.rows, m.cols, Eigen::OuterStride<>(m.row_stride)}; }

constexpr int lanes = Eigen::internal::packet_traits<float>::size;
using Lanes = Eigen::Array<float, lanes, 1>;
using Load = Eigen::Map<const Lanes>;

/// y[f] += x · row f of the weights. Four rows at a time, because their sums do not wait for each other.
void add_dots(const float* x, const MatrixView& weight, float* y) {
  const int whole = weight.cols / lanes * lanes;
  int f = 0;
  for (; f + 4 <= weight.rows; f += 4) {
    const float* w = weight.data + f * weight.row_stride;
    const std::ptrdiff_t next = weight.row_stride;
    Lanes a = Lanes::Zero(), b = a, c = a, d = a;
    for (int i = 0; i < whole; i += lanes) {
      const Lanes in = Load(x + i);
      a += in * Load(w + i);
      b += in * Load(w + next + i);
      c += in * Load(w + 2 * next + i);
      d += in * Load(w + 3 * next + i);
    }
    Eigen::Array4f sums(a.sum(), b.sum(), c.sum(), d.sum());
    for (int i = whole; i < weight.cols; ++i)
      sums += x[i] * Eigen::Array4f(w[i], w[next + i], w[2 * next + i], w[3 * next + i]);
    Eigen::Map<Eigen::Array4f>(y + f) += sums;
  }
  for (; f < weight.rows; ++f) {
    const float* w = weight.data + f * weight.row_stride;
    Lanes a = Lanes::Zero();
    for (int i = 0; i < whole; i += lanes) a += Load(x + i) * Load(w + i);
    float sum = a.sum();
    for (int i = whole; i < weight.cols; ++i) sum += x[i] * w[i];
    y[f] += sum;
  }
}

void project(MatrixView x, MatrixView weight, const float* bias, MutableView y) {
  if (x.rows > 1) {
    map(y).noalias() = map(x) * map(weight).transpose();
    if (bias) map(y).rowwise() += Row(bias, y.cols);
  } else {
    for (int f = 0; f < y.cols; ++f) y.data[f] = bias ? bias[f] : 0;
    add_dots(x.data, weight, y.data);
  }
}

void add_projection(MatrixView x, MatrixView weight, MutableView y) {
  if (x.rows > 1)
    map(y).noalias() += map(x) * map(weight).transpose();
  else
    add_dots(x.data, weight, y.data);
}

void mix_rows(const float* weights, MatrixView rows, float* y) {
  Eigen::Map<Eigen::RowVectorXf>(y, rows.cols).noalias() = Row(weights, rows.rows) * map(rows);
}

// What a number becomes must not depend on where it stands in memory: the same text gives the same recording,
// bit for bit. So functions go over blocks on the stack, whose places in vectors are always the same.
constexpr int block_size = 64;
using Block = Eigen::Array<float, block_size, 1>;

/// y = function(x), block by block; the last one's rest is made of zeros. The function gets a block and how
/// many of its numbers count.
template <class Function>
void in_blocks(const float* x, int count, float* y, Function function) {
  for (int done = 0; done < count; done += block_size) {
    const int some = count - done < block_size ? count - done : block_size;
    Block block = Block::Zero();
    for (int i = 0; i < some; ++i) block[i] = x[done + i];
    function(block, some);
    for (int i = 0; i < some; ++i) y[done + i] = block[i];
  }
}

void softmax(const float* x, int count, float* y) {
  const float largest = Numbers(x, count).maxCoeff();
  float sum = 0;
  in_blocks(x, count, y, [&](Block& block, int some) {
    block = (block - largest).exp();
    for (int i = some; i < block_size; ++i) block[i] = 0;
    sum += block.sum();
  });
  Results(y, count) /= sum;
}

/// ln(erfc(z) / t) + z² for t = 1 / (1 + z/2): interpolated at Chebyshev's nodes on (0, 1], to 1e-7.
template <class Array>
auto erfc_exponent(const Array& t) {
  return -1.26551223f +
         t * (1.00002368f +
              t * (0.374091962f +
                   t * (0.0967841713f +
                        t * (-0.186287996f +
                             t * (0.278867945f +
                                  t * (-1.13520382f +
                                       t * (1.48851575f + t * (-0.822152173f + t * 0.170872766f))))))));
}

// Written as for one number in ops/activate.cpp; GELU as max(x, 0) - |x| erfc(|x|/√2) / 2, which loses no
// digits where x is negative.
Block activated(Activation function, const Block& x) {
  switch (function) {
    case Activation::gelu: {
      const Block z = x.abs() * 0.707106781f, t = (1 + 0.5f * z).inverse();
      return x.max(0.f) - 0.5f * x.abs() * t * (erfc_exponent(t) - z.square()).exp();
    }
    case Activation::gelu_tanh:
    case Activation::gelu_fast:  // the same function with its constants rounded otherwise
      return x / (1 + (-1.59576912f * (x + 0.044715f * x.cube())).exp());
    case Activation::quick_gelu:
      return x / (1 + (-1.702f * x).exp());
    case Activation::silu:
      return x / (1 + (-x).exp());
    case Activation::relu:
      return x.max(0.f);
    case Activation::squared_relu:
      return x.max(0.f).square();
    case Activation::tanh:
      return x.tanh();
    case Activation::sigmoid:
      return (1 + (-x).exp()).inverse();
    case Activation::softplus:
      return x.max(0.f) + (-x.abs()).exp().log1p();
  }
  return x;
}

void activate(Activation function, const float* x, int count, float* y) {
  in_blocks(x, count, y, [function](Block& block, int) { block = activated(function, block); });
}

/// The mean of term(x), summed in eight lanes, which become vectors.
template <class Term>
double mean_of(const float* x, int count, Term term) {
  double lanes[8] = {}, sum = 0;
  int done = 0;
  for (; done + 8 <= count; done += 8)
    for (int lane = 0; lane < 8; ++lane) lanes[lane] += term(x[done + lane]);
  for (; done < count; ++done) sum += term(x[done]);
  for (double lane : lanes) sum += lane;
  return sum / count;
}

double mean(const float* x, int count) {
  return mean_of(x, count, [](double number) { return number; });
}

double mean_square(const float* x, int count, double from) {
  return mean_of(x, count, [from](double number) { return (number - from) * (number - from); });
}

void standardize(const float* x, int count, double mean, double divisor, float* y) {
  Results(y, count) = ((Numbers(x, count).cast<double>() - mean) / divisor).cast<float>();
}

}  // namespace

extern const Kernels table;
const Kernels table{ORRERY_LOOPS_NAME, project, add_projection, mix_rows,   softmax,
                    activate,          mean,    mean_square,    standardize};

}  // namespace orrery::ORRERY_LOOPS
