#pragma once
#include "model/analysis/matrix.h"
#include "model/progress.h"
#include "model/tensor.h"

namespace orrery {

/// Principal component analysis of the rows of a matrix.
struct PrincipalComponents {
  Matrix positions;               ///< [rows, components]: each row less the mean, along the components
  Matrix directions;              ///< [components, cols], orthonormal; the largest number of each is positive
  std::vector<double> explained;  ///< share of the whole variance, one a component, falling
  std::vector<double> mean;       ///< [cols]
};

/// The first `count` components (fewer where the matrix has fewer), from an exact eigen decomposition in
/// double. Throws Cancelled.
Finding<PrincipalComponents> principal_components(const MatrixView& matrix, int count, Progress& progress);

}  // namespace orrery
