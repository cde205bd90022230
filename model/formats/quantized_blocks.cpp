#include "model/formats/quantized_blocks.h"

#include <cstdint>
#include <cstring>

namespace orrery {

namespace {

using Byte = unsigned char;

float half_at(const Byte* place) { return half_to_float(std::uint16_t(place[0] | place[1] << 8)); }

/// d, then 32 signed bytes.
void decode_q8_0(const Byte* block, float* out) {
  const float d = half_at(block);
  for (int i = 0; i < 32; ++i) out[i] = d * float(std::int8_t(block[2 + i]));
}

/// 32 small integers: the low halves of 16 bytes, then the high ones; `high` adds a fifth bit to each.
void decode_32(const Byte* nibbles, std::uint32_t high, float d, float offset, float* out) {
  for (int i = 0; i < 16; ++i) {
    const unsigned low = (nibbles[i] & 15u) | ((high >> i & 1) << 4);
    const unsigned top = (nibbles[i] >> 4 & 15u) | ((high >> (i + 16) & 1) << 4);
    out[i] = d * float(low) + offset;
    out[i + 16] = d * float(top) + offset;
  }
}

std::uint32_t bits_at(const Byte* place) {
  return std::uint32_t(place[0]) | std::uint32_t(place[1]) << 8 | std::uint32_t(place[2]) << 16 |
         std::uint32_t(place[3]) << 24;
}

/// Six-bit scale and minimum of the sub-block `j` of 8, packed into 12 bytes.
struct ScaleMinimum {
  float scale, minimum;
};
ScaleMinimum scale_minimum(const Byte* packed, int j) {
  if (j < 4) return {float(packed[j] & 63), float(packed[j + 4] & 63)};
  return {float((packed[j + 4] & 15) | (packed[j - 4] >> 6) << 4),
          float((packed[j + 4] >> 4) | (packed[j] >> 6) << 4)};
}

/// Eight sub-blocks of 32 numbers with a scale and a minimum each: Q4_K, and with a fifth bit from `high`
/// Q5_K.
void decode_k45(const Byte* block, const Byte* high, const Byte* nibbles, float* out) {
  const float d = half_at(block), least = half_at(block + 2);
  for (int j = 0; j < 8; ++j) {
    const ScaleMinimum part = scale_minimum(block + 4, j);
    const float scale = d * part.scale, minimum = least * part.minimum;
    const Byte* bytes = nibbles + 32 * (j / 2);
    for (int i = 0; i < 32; ++i) {
      int number = j % 2 ? bytes[i] >> 4 : bytes[i] & 15;
      if (high && high[i] >> j & 1) number += 16;
      out[32 * j + i] = scale * float(number) - minimum;
    }
  }
}

/// Two halves of 128 numbers: four bits in `low`, two in `high`, a signed scale for every 16.
void decode_q6_k(const Byte* block, float* out) {
  const float d = half_at(block + 208);
  for (int half = 0; half < 2; ++half) {
    const Byte *low = block + 64 * half, *high = block + 128 + 32 * half, *scales = block + 192 + 8 * half;
    for (int quarter = 0; quarter < 4; ++quarter)
      for (int i = 0; i < 32; ++i) {
        const Byte nibbles = low[i + 32 * (quarter % 2)];
        const int bits = (quarter < 2 ? nibbles & 15 : nibbles >> 4) | (high[i] >> 2 * quarter & 3) << 4;
        const float scale = d * float(std::int8_t(scales[i / 16 + 2 * quarter]));
        out[128 * half + 32 * quarter + i] = scale * float(bits - 32);
      }
  }
}

}  // namespace

void decode_block(NumberType type, const std::byte* data, float* out) {
  const Byte* block = reinterpret_cast<const Byte*>(data);
  const float d = half_at(block);
  switch (type) {
    case NumberType::Q8_0:
      return decode_q8_0(block, out);
    case NumberType::Q4_0:
      return decode_32(block + 2, 0, d, -8 * d, out);
    case NumberType::Q4_1:
      return decode_32(block + 4, 0, d, half_at(block + 2), out);
    case NumberType::Q5_0:
      return decode_32(block + 6, bits_at(block + 2), d, -16 * d, out);
    case NumberType::Q5_1:
      return decode_32(block + 8, bits_at(block + 4), d, half_at(block + 2), out);
    case NumberType::Q4_K:
      return decode_k45(block, nullptr, block + 16, out);
    case NumberType::Q5_K:
      return decode_k45(block, block + 16, block + 48, out);
    case NumberType::Q6_K:
      return decode_q6_k(block, out);
    default:
      return;
  }
}

}  // namespace orrery
