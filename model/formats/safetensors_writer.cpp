#include "model/formats/safetensors_writer.h"

#include <bit>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model/formats/json.h"
#include "model/message.h"

namespace orrery {

static_assert(std::endian::native == std::endian::little, "the file's numbers are little-endian");

namespace {

struct TypeLayout {
  const char* name;
  unsigned size;
};
constexpr TypeLayout written_layouts[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8}};  // by Type

/// The header: length, JSON, and spaces up to a multiple of 8, so that the numbers are aligned.
std::string header_of(const std::vector<SafetensorsTensor>& tensors,
                      const std::map<std::string, std::string>& metadata, std::uint64_t& data_size) {
  nlohmann::json json = nlohmann::json::object();
  if (!metadata.empty()) json["__metadata__"] = metadata;
  data_size = 0;
  for (const SafetensorsTensor& tensor : tensors) {
    const TypeLayout& layout = written_layouts[size_t(tensor.type)];
    std::uint64_t begin = data_size, size = layout.size;
    for (std::int64_t dimension : tensor.shape) size *= std::uint64_t(dimension);
    data_size += size;
    if (json.contains(tensor.name)) throw Error(say("The tensor {0} would be written twice.", tensor.name));
    json[tensor.name] = {
        {"dtype", layout.name}, {"shape", tensor.shape}, {"data_offsets", {begin, data_size}}};
  }
  // A prompt in the metadata may hold anything; bytes that are no text are replaced.
  std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');
  std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + text;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::filesystem::path path,
                                     const std::vector<SafetensorsTensor>& tensors,
                                     const std::map<std::string, std::string>& metadata,
                                     const std::filesystem::path& called)
    : path_(std::move(path)), called_(called.empty() ? path_ : called) {
  std::uint64_t size = 0;
  std::string header = header_of(tensors, metadata, size);
  file_.open(path_, std::ios::binary);
  if (!file_) fail();
  left_ = header.size() + size;
  write_bytes(header.data(), header.size());
}

SafetensorsWriter::~SafetensorsWriter() {
  if (!finished_) discard();
}

void SafetensorsWriter::discard() {
  file_.close();
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path_, ignored)) std::filesystem::remove(path_, ignored);
}

void SafetensorsWriter::fail() {
  const Error error(say("{0} cannot be written: {1}", called_.string(), std::strerror(errno)));
  if (file_.is_open()) discard();  // no destructor follows where the constructor fails
  throw error;
}

void SafetensorsWriter::write(std::span<const float> numbers) {
  write_bytes(numbers.data(), numbers.size_bytes());
}

void SafetensorsWriter::write(std::span<const std::int64_t> numbers) {
  write_bytes(numbers.data(), numbers.size_bytes());
}

void SafetensorsWriter::write(std::span<const std::byte> numbers) {
  write_bytes(numbers.data(), numbers.size());
}

void SafetensorsWriter::write_bytes(const void* data, std::uint64_t size) {
  if (size > left_) throw std::logic_error("more numbers than the header announces");
  left_ -= size;
  file_.write(static_cast<const char*>(data), std::streamsize(size));
  if (!file_) fail();
}

void SafetensorsWriter::finish() {
  if (left_ != 0) throw std::logic_error("fewer numbers than the header announces");
  file_.close();
  if (!file_) fail();
  finished_ = true;
}

}  // namespace orrery
