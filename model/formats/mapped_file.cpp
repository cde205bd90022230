#include "model/formats/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "model/message.h"

namespace orrery {

namespace {

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

Error unreadable(const std::filesystem::path& path) {
  return Error(say("{0} cannot be read: {1}.", path.string(), std::strerror(errno)));
}

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to must not hang.
  Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info;
  if (file.number < 0 || fstat(file.number, &info) != 0) throw unreadable(path);
  if (!S_ISREG(info.st_mode)) throw Error(say("{0} is not a regular file.", path.string()));
  if (info.st_size == 0) return;  // nothing can be mapped; the span stays empty
  void* memory = mmap(nullptr, size_t(info.st_size), PROT_READ, MAP_PRIVATE, file.number, 0);
  if (memory == MAP_FAILED) throw unreadable(path);
  data_ = static_cast<const std::byte*>(memory);
  size_ = size_t(info.st_size);
}

MappedFile::~MappedFile() {
  if (data_) munmap(const_cast<std::byte*>(data_), size_);
}

bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::none)
    throw Error(say("{0} cannot be read: {1}.", path.string(), error.message()));
  return std::filesystem::exists(status);
}

std::string read_text_file(const std::filesystem::path& path, size_t most) {
  MappedFile file(path);
  if (file.bytes().size() > most)
    throw Error(say("{0} is too large: {1} bytes, {2} at most.", path.string(), file.bytes().size(), most));
  return std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
}

}  // namespace orrery
