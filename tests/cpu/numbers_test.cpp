#include "model/formats/numbers.h"

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "model/stored_tensor.h"

using namespace orrery;

namespace {

/// A block of zeros but for some bytes.
struct NumberBlock {
  NumberType type;
  std::vector<std::uint8_t> bytes;

  explicit NumberBlock(NumberType type) : type(type), bytes(size_t(layout_of(type).bytes)) {}
  NumberBlock& put(size_t place, std::vector<std::uint8_t> values) {
    std::copy(values.begin(), values.end(), bytes.begin() + std::ptrdiff_t(place));
    return *this;
  }
  float at(int place) const {
    float number = 0;
    convert_numbers(type, reinterpret_cast<const std::byte*>(bytes.data()), place, 1, &number);
    return number;
  }
};

// Halves: 0.5, 1, 2, -1.
const std::vector<std::uint8_t> one_half = {0x00, 0x38}, one = {0x00, 0x3C}, two = {0x00, 0x40},
                                minus = {0x00, 0xBC};

}  // namespace

TEST_CASE("blocks of 32 numbers, computed by hand") {
  const NumberBlock q8 = NumberBlock(NumberType::Q8_0).put(0, one_half).put(2, {0xFD}).put(33, {0x7F});
  CHECK(q8.at(0) == -1.5f);  // 0.5 * -3
  CHECK(q8.at(31) == 63.5f);
  CHECK(q8.at(1) == 0);
  const NumberBlock q4 = NumberBlock(NumberType::Q4_0).put(0, two).put(2, {0x1F});
  CHECK(q4.at(0) == 14);    // 2 * (15 - 8)
  CHECK(q4.at(16) == -14);  // 2 * (1 - 8)
  const NumberBlock q41 = NumberBlock(NumberType::Q4_1).put(0, one_half).put(2, minus).put(4, {0x2A});
  CHECK(q41.at(0) == 4);   // 0.5 * 10 - 1
  CHECK(q41.at(16) == 0);  // 0.5 * 2 - 1
  const NumberBlock q5 = NumberBlock(NumberType::Q5_0).put(0, one).put(2, {1, 0, 0, 0}).put(6, {0x03});
  CHECK(q5.at(0) == 3);     // 3 + 16 - 16
  CHECK(q5.at(16) == -16);  // 0 - 16
  const NumberBlock q51 =
      NumberBlock(NumberType::Q5_1).put(0, one).put(2, two).put(4, {0, 0, 1, 0}).put(8, {0x21});
  CHECK(q51.at(0) == 3);    // 1 + 2
  CHECK(q51.at(16) == 20);  // 2 + 16 + 2
}

TEST_CASE("blocks of 256 numbers, computed by hand") {
  // Sub-block 0: scale 2, minimum 3; sub-block 1: 1 and 4; sub-block 4: 10 + 16 and 5 + 32.
  const std::vector<std::uint8_t> scales = {0x42, 1, 0, 0, 0x83, 4, 0, 0, 0x5A};
  const NumberBlock q4 =
      NumberBlock(NumberType::Q4_K).put(0, one).put(2, one).put(4, scales).put(16, {0x97}).put(80, {0x03});
  CHECK(q4.at(0) == 11);    // 2 * 7 - 3
  CHECK(q4.at(32) == 5);    // 1 * 9 - 4
  CHECK(q4.at(128) == 41);  // 26 * 3 - 37
  const NumberBlock q5 = NumberBlock(NumberType::Q5_K)
                             .put(0, one)
                             .put(2, one)
                             .put(4, scales)
                             .put(16, {0x11})
                             .put(48, {0x97})
                             .put(112, {0x03});
  CHECK(q5.at(0) == 43);     // 2 * (7 + 16) - 3
  CHECK(q5.at(32) == 5);     // 1 * 9 - 4
  CHECK(q5.at(128) == 457);  // 26 * (3 + 16) - 37
  const NumberBlock q6 = NumberBlock(NumberType::Q6_K)
                             .put(0, {0x2D})
                             .put(32, {0x05})
                             .put(128, {0x93})
                             .put(192, {2, 0, 1, 0, 0xFD})
                             .put(208, one_half);
  CHECK(q6.at(0) == 29);      // 0.5 * 2 * (13 + 48 - 32)
  CHECK(q6.at(32) == -13.5);  // 0.5 * 1 * (5 - 32)
  CHECK(q6.at(64) == 21);     // 0.5 * -3 * (2 + 16 - 32)
  CHECK(q6.at(96) == 0);
}

TEST_CASE("numbers are taken from anywhere, across blocks") {
  std::vector<std::uint8_t> bytes;
  for (int block = 0; block < 3; ++block) {
    const NumberBlock one_block = NumberBlock(NumberType::Q8_0).put(0, one).put(2, {std::uint8_t(block)});
    bytes.insert(bytes.end(), one_block.bytes.begin(), one_block.bytes.end());
  }
  float numbers[40];
  convert_numbers(NumberType::Q8_0, reinterpret_cast<const std::byte*>(bytes.data()), 30, 40, numbers);
  CHECK(numbers[2] == 1);   // number 32
  CHECK(numbers[34] == 2);  // number 64
  CHECK(numbers[0] == 0);
}

TEST_CASE("orders and rules of rows are undone") {
  const float held[] = {0, 1, 2, 3, 4, 5, 6, 7};
  StoredTensor tensor;
  tensor.shape = {8};
  tensor.data = reinterpret_cast<const std::byte*>(held);
  const auto read = [&] {
    std::vector<float> numbers(8);
    read_numbers(tensor, 0, 0, 8, numbers.data());
    return numbers;
  };
  tensor.order = RowOrder::pairs;
  tensor.heads = 2;  // 0 1 2 3 of a head are two pairs: (0 1) (2 3); apart: 0 2 | 1 3
  CHECK(read() == std::vector<float>{0, 2, 1, 3, 4, 6, 5, 7});
  tensor.shape = {8, 1};  // the same as rows
  float third = 0;
  read_numbers(tensor, 5, 0, 1, &third);
  CHECK(third == 6);
  tensor.order = RowOrder::as_named;
  tensor.shape = {8};
  tensor.rule = NumberRule::plus_one;
  CHECK(read() == std::vector<float>{-1, 0, 1, 2, 3, 4, 5, 6});
  const float fused[] = {0, 1, 2, 3, 4, 5};  // q0 q1 k0 k1 v0 v1
  tensor.rule = NumberRule::as_named;
  tensor.data = reinterpret_cast<const std::byte*>(fused);
  tensor.shape = {6};
  tensor.order = RowOrder::parts;
  std::vector<float> numbers(6);
  read_numbers(tensor, 0, 0, 6, numbers.data());
  CHECK(numbers == std::vector<float>{0, 2, 4, 1, 3, 5});  // q0 k0 v0 q1 k1 v1
  tensor.order = RowOrder::as_named;
  tensor.shape = {};  // one number
  float single = -1;
  read_numbers(tensor, 0, 0, 1, &single);
  CHECK(single == 0);
}
