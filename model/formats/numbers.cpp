#include "model/formats/numbers.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "model/formats/quantized_blocks.h"

namespace orrery {

namespace {

constexpr std::array<NumberLayout, size_t(NumberType::other)> layouts = {{{"F32", 1, 4},
                                                                          {"F16", 1, 2},
                                                                          {"BF16", 1, 2},
                                                                          {"F64", 1, 8},
                                                                          {"Q8_0", 32, 34},
                                                                          {"Q4_0", 32, 18},
                                                                          {"Q4_1", 32, 20},
                                                                          {"Q5_0", 32, 22},
                                                                          {"Q5_1", 32, 24},
                                                                          {"Q4_K", 256, 144},
                                                                          {"Q5_K", 256, 176},
                                                                          {"Q6_K", 256, 210}}};

template <class Number>
Number load(const std::byte* place) {
  Number number;
  std::memcpy(&number, place, sizeof number);
  return number;
}

float plain_number(NumberType type, const std::byte* place) {
  if (type == NumberType::F16) return half_to_float(load<std::uint16_t>(place));
  if (type == NumberType::BF16) return std::bit_cast<float>(std::uint32_t(load<std::uint16_t>(place)) << 16);
  return float(load<double>(place));
}

}  // namespace

const NumberLayout& layout_of(NumberType type) { return layouts.at(size_t(type)); }

NumberType number_type(const std::string& name) {
  for (size_t i = 0; i < layouts.size(); ++i)
    if (name == layouts[i].name) return NumberType(i);
  return NumberType::other;
}

float half_to_float(std::uint16_t half) {
  // Shifting puts exponent and mantissa in place; the product with 2^112 mends the exponent's bias and turns
  // subnormal halves into normal numbers.
  std::uint32_t sign = std::uint32_t(half & 0x8000) << 16, magnitude = std::uint32_t(half & 0x7fff) << 13;
  float value = std::bit_cast<float>(magnitude) * 0x1p112f;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((half & 0x7c00) == 0x7c00) bits = magnitude | 0x7f800000;  // infinite or no number
  return std::bit_cast<float>(bits | sign);
}

void convert_numbers(NumberType type, const std::byte* data, std::int64_t first, int count, float* out) {
  if (count == 0) return;  // where pointers may be null
  if (type == NumberType::F32) {
    std::memcpy(out, data + first * 4, size_t(count) * 4);
    return;
  }
  const NumberLayout& layout = layout_of(type);
  if (!is_quantized(type)) {
    for (int i = 0; i < count; ++i) out[i] = plain_number(type, data + (first + i) * layout.bytes);
    return;
  }
  float block[largest_block];
  for (int done = 0; done < count;) {
    const std::int64_t place = first + done;
    const int inside = int(place % layout.values), taken = std::min(count - done, layout.values - inside);
    decode_block(type, data + place / layout.values * layout.bytes, block);
    std::copy_n(block + inside, taken, out + done);
    done += taken;
  }
}

}  // namespace orrery
