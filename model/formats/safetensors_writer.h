#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace orrery {

/// A tensor that will be written: what the header has to say about it.
struct SafetensorsTensor {
  enum class Type { F32, F16, BF16, I64 };
  std::string name;
  Type type = Type::F32;
  std::vector<std::int64_t> shape;
};

/// Writes a safetensors file as its numbers come, holding none of them: the header first, then every tensor's
/// numbers in the order of the list. A file that is not finished is removed.
class SafetensorsWriter {
 public:
  /// `called`: what sentences call the file, where it gets its own name only when it is complete. Throws
  /// Error naming the file and the reason if it cannot be written, or a tensor's name that occurs twice.
  SafetensorsWriter(std::filesystem::path path, const std::vector<SafetensorsTensor>& tensors,
                    const std::map<std::string, std::string>& metadata,
                    const std::filesystem::path& called = {});
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  /// The next numbers, any count at a time. Throws Error naming the file if it cannot be written.
  void write(std::span<const float> numbers);
  void write(std::span<const std::int64_t> numbers);
  void write(std::span<const std::byte> numbers);  ///< as they stand in the file
  /// Call after the last number. Throws Error if the file could not be written; std::logic_error if numbers
  /// are missing.
  void finish();

 private:
  void write_bytes(const void* data, std::uint64_t size);
  void discard();
  [[noreturn]] void fail();

  std::filesystem::path path_, called_;
  std::ofstream file_;
  std::uint64_t left_ = 0;  // bytes of numbers still to come
  bool finished_ = false;
};

}  // namespace orrery
