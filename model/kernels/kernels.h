#pragma once
#include "model/tensor.h"

namespace orrery {

enum class Activation;

/// The inner loops of the ops: functions over plain memory that know nothing of tensors, allocate nothing for
/// a single row and never throw. One source (loops.cpp) is compiled twice, for every processor and for those
/// with AVX2 and FMA; the results of the two may differ in the last bits. Matrices are row-major (col_stride
/// 1) and never overlap.
struct Kernels {
  const char* name;
  /// y = x Wᵀ (+ bias): x [m,k], W [n,k], bias [n] or null, y [m,n]. One row: one dot product an output.
  void (*project)(MatrixView x, MatrixView weight, const float* bias, MutableView y);
  /// y += x Wᵀ.
  void (*add_projection)(MatrixView x, MatrixView weight, MutableView y);
  /// y = Σ weights[r] * rows[r]: weights [m], rows [m,n], y [n].
  void (*mix_rows)(const float* weights, MatrixView rows, float* y);
  /// y = exp(x - max x), divided by its sum.
  void (*softmax)(const float* x, int count, float* y);
  /// y = f(x), number by number.
  void (*activate)(Activation function, const float* x, int count, float* y);
  // The norms' in double arithmetic: x and its mean may nearly cancel.
  double (*mean)(const float* x, int count);
  /// The mean of (x - from)².
  double (*mean_square)(const float* x, int count, double from);
  /// y = (x - mean) / divisor.
  void (*standardize)(const float* x, int count, double mean, double divisor, float* y);
};

/// The fastest that this processor runs; the baseline's if the environment says ORRERY_KERNELS=baseline.
/// Chosen once.
const Kernels& kernels();
/// What every processor runs.
const Kernels& baseline_kernels();
/// For AVX2 and FMA; null where the processor has not both or the build has no such code.
const Kernels* fast_kernels();

}  // namespace orrery
