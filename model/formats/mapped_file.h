#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace orrery {

/// A file's bytes, mapped read-only into memory: opening costs the same whatever its size. Move-only owner.
class MappedFile {
 public:
  /// Throws Error naming the file if it is missing, unreadable or no regular file (a pipe would block).
  explicit MappedFile(const std::filesystem::path& path);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept : data_(other.data_), size_(other.size_) {
    other.data_ = nullptr;
    other.size_ = 0;
  }
  MappedFile& operator=(MappedFile&&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

/// Whether there is a file or folder. Throws Error naming it where nobody can know, as in a folder that may
/// not be entered.
bool is_there(const std::filesystem::path& path);

/// The whole text of a file. Throws Error naming it if it cannot be read or holds more than `most` bytes.
std::string read_text_file(const std::filesystem::path& path, size_t most);

}  // namespace orrery
