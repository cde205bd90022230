#pragma once
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "model/message.h"

namespace orrery {

/// Walks through the bytes of an untrusted file, little-endian; what would lie beyond the end is an Error
/// that names the file and the place.
class ByteReader {
 public:
  ByteReader(std::span<const std::byte> bytes, std::string file, size_t at = 0)
      : bytes_(bytes), file_(std::move(file)), at_(at) {}

  size_t at() const { return at_; }
  size_t left() const { return at_ < bytes_.size() ? bytes_.size() - at_ : 0; }

  template <class Number>
  Number read() {
    Number number;
    std::memcpy(&number, take(sizeof number).data(), sizeof number);
    return number;
  }
  std::span<const std::byte> take(std::uint64_t count) {
    if (count > left())
      throw Error(
          say("{0} ends too early: {1} bytes are missing behind byte {2}.", file_, count - left(), at_));
    std::span<const std::byte> taken = bytes_.subspan(at_, size_t(count));
    at_ += size_t(count);
    return taken;
  }
  std::string_view text(std::uint64_t count) {
    std::span<const std::byte> taken = take(count);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  std::span<const std::byte> bytes_;
  std::string file_;
  size_t at_;
};

}  // namespace orrery
