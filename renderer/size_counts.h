#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace orrery {

/// Sizes of numbers are counted in bins of 1/16 octave from 2^-24 to 2^16.
struct SizeBins {
  static constexpr int shift = 19, first = (127 - 24) << 4, count = 40 << 4;
  /// Of the bits of a number that is not negative.
  static int of(int bits) { return std::clamp((bits >> shift) - first, 0, count - 1); }
};

/// Counts sizes of many numbers: four lists in turn, because a count that was just raised cannot be raised
/// again at once.
class SizeCounts {
 public:
  void clear() {
    for (auto& list : lists_) std::ranges::fill(list, 0);
  }
  /// Returns the largest size.
  float add(const float* numbers, int count) {
    std::uint16_t places[512];
    int largest = 0;
    for (int done = 0; done < count; done += 512) {
      const int some = std::min(512, count - done);
      for (int i = 0; i < some; ++i) {
        const int bits = int(std::bit_cast<std::uint32_t>(numbers[done + i]) & 0x7fffffffu);
        largest = std::max(largest, bits);
        places[i] = std::uint16_t(SizeBins::of(bits));
      }
      for (int i = 0; i < some; ++i) ++lists_[i % 4][places[i]];
    }
    return std::bit_cast<float>(largest);
  }
  void add_to(std::vector<std::uint32_t>& histogram) const {
    for (int bin = 0; bin < SizeBins::count; ++bin)
      for (const auto& list : lists_) histogram[size_t(bin)] += list[bin];
  }

 private:
  std::uint32_t lists_[4][SizeBins::count] = {};
};

}  // namespace orrery
