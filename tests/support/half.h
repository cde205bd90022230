#pragma once
#include <bit>
#include <cstdint>
#include <limits>

namespace orrery::test {

/// The number without its sign that a half holds; the tests' numbers are normal ones, zero and infinity.
inline float from_half(std::uint32_t half) {
  if ((half & 0x7fff) == 0x7c00) return std::numeric_limits<float>::infinity();
  return std::bit_cast<float>((half & 0x7fff) << 13) * 0x1p112f;
}

}  // namespace orrery::test
