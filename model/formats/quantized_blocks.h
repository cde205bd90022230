#pragma once
#include <cstddef>

#include "model/formats/numbers.h"

namespace orrery {

constexpr int largest_block = 256;  ///< numbers

/// The numbers of one block of a quantized type (GGML's ggml-common.h and ggml-quants.c; reference section
/// 15.2): layout_of(type).bytes are read, layout_of(type).values written.
void decode_block(NumberType type, const std::byte* block, float* out);

}  // namespace orrery
