#include "model/alibi.h"

#include <bit>
#include <cmath>

namespace orrery {

std::vector<double> alibi_slopes_bloom(int heads) {
  const int power = int(std::bit_floor(unsigned(heads)));
  std::vector<double> slopes;
  for (int i = 0; i < power; ++i) slopes.push_back(std::exp2(-8.0 * (i + 1) / power));
  // The heads beyond the power of two take every other slope of twice as many.
  for (int i = 0; i < heads - power; ++i) slopes.push_back(std::exp2(-8.0 * (2 * i + 1) / (2 * power)));
  return slopes;
}

std::vector<double> alibi_slopes_mpt(int heads, double most) {
  const int power = int(std::bit_ceil(unsigned(heads)));
  std::vector<double> slopes;
  const auto slope = [&](int i) { return std::exp2(-most * (i + 1) / power); };
  if (power == heads) {
    for (int i = 0; i < heads; ++i) slopes.push_back(slope(i));
    return slopes;
  }
  for (int i = 1; i < power; i += 2) slopes.push_back(slope(i));
  for (int i = 0; i < power; i += 2) slopes.push_back(slope(i));
  slopes.resize(size_t(heads));
  return slopes;
}

}  // namespace orrery
