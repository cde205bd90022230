#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace orrery {

/// How files of weights write numbers. The Q types are GGML's: blocks of small integers with a scale.
enum class NumberType { F32, F16, BF16, F64, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K, other };

/// What one block of a type is made of; plain numbers are blocks of one.
struct NumberLayout {
  const char* name;
  int values, bytes;
};

/// The layout of a type that can be read; `other` has none and must not be asked for.
const NumberLayout& layout_of(NumberType type);
/// The type of that name, as safetensors and GGML spell it.
NumberType number_type(const std::string& name);
/// Whether numbers come back as nearby ones only: they were rounded to small integers.
inline bool is_quantized(NumberType type) { return type >= NumberType::Q8_0 && type != NumberType::other; }

/// Converts `count` numbers from number `first` on; `data` is unaligned and little-endian.
void convert_numbers(NumberType type, const std::byte* data, std::int64_t first, int count, float* out);

float half_to_float(std::uint16_t half);

}  // namespace orrery
