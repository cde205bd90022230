#pragma once
#include "model/tensor.h"

namespace orrery {

/// Kernels::project, shared among threads where it is worth that. How it is cut does not depend on how many
/// threads there are, so that the numbers do not either.
void project(MatrixView x, MatrixView weight, const float* bias, MutableView y);

}  // namespace orrery
