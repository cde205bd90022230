#pragma once
#include <optional>
#include <vector>

#include "model/message.h"

namespace orrery {

/// A table of double numbers, row after row: what analyses give back.
struct Matrix {
  int rows = 0, cols = 0;
  std::vector<double> numbers;

  Matrix() = default;
  Matrix(int rows, int cols) : rows(rows), cols(cols), numbers(size_t(rows) * size_t(cols)) {}
  double& operator()(int row, int col) { return numbers[size_t(row) * size_t(cols) + size_t(col)]; }
  double operator()(int row, int col) const { return numbers[size_t(row) * size_t(cols) + size_t(col)]; }
};

/// What an analysis found, or one sentence why it makes no sense for this model or this place.
template <class Result>
struct Finding {
  std::optional<Result> result;
  Message why_not;

  Finding(Result found) : result(std::move(found)) {}
  Finding(Message reason) : why_not(std::move(reason)) {}
  explicit operator bool() const { return result.has_value(); }
  const Result& operator*() const { return *result; }
  const Result* operator->() const { return &*result; }
};

}  // namespace orrery
