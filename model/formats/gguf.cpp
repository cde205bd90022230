#include "model/formats/gguf.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>

#include "model/formats/byte_reader.h"
#include "model/formats/json.h"
#include "model/formats/safetensors.h"
#include "model/tokenizer.h"

namespace orrery {

namespace {

constexpr std::uint32_t gguf_magic = 0x46554747;  // "GGUF"
constexpr size_t longest_key = 65535, longest_name = 256, longest_text = 64 << 20, most_values = 20'000'000;
constexpr std::uint32_t most_dimensions = 4, text_type = 8, list_type = 9;

/// GGML's names of its types, by number.
const char* type_name(std::uint32_t type) {
  static constexpr const char* names[] = {
      "F32",     "F16",   "Q4_0",   "Q4_1",  "",      "",       "Q5_0", "Q5_1",    "Q8_0",
      "Q8_1",    "Q2_K",  "Q3_K",   "Q4_K",  "Q5_K",  "Q6_K",   "Q8_K", "IQ2_XXS", "IQ2_XS",
      "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS", "I8",   "I16",     "I32",
      "I64",     "F64",   "IQ1_M",  "BF16",  "",      "",       "",     "TQ1_0",   "TQ2_0"};
  return type < std::size(names) ? names[type] : "";
}

/// The decimal number that was meant: the shortest that rounds to this one. 1e-05, not 9.99999974e-06.
double meant(float number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  double result = number;
  if (std::isfinite(number)) std::from_chars(text, end, result);
  return result;
}

class GgufReader {
 public:
  GgufReader(std::span<const std::byte> bytes, const std::string& file)
      : bytes_(bytes), file_(file), reader_(bytes, file) {}

  Gguf read(nlohmann::json& metadata) {
    if (reader_.read<std::uint32_t>() != gguf_magic) throw Error(say("{0} is no GGUF file.", file_));
    Gguf result;
    const auto version = reader_.read<std::uint32_t>();
    if (version != 2 && version != 3)
      throw Error(say("{0} has version {1} of GGUF; versions 2 and 3 can be read.", file_, version));
    result.version = int(version);
    const auto tensors = reader_.read<std::uint64_t>(), keys = reader_.read<std::uint64_t>();
    // A key with its value has 13 bytes at least, a tensor's entry 24.
    if (tensors > reader_.left() / 24 || keys > reader_.left() / 13)
      throw Error(say("{0} announces {1} keys and {2} tensors, which are more than it can hold.", file_, keys,
                      tensors));
    metadata = nlohmann::json::object();
    for (std::uint64_t i = 0; i < keys; ++i) read_key(metadata);
    std::vector<std::uint64_t> places;
    for (std::uint64_t i = 0; i < tensors; ++i) places.push_back(read_entry(result.tensors.emplace_back()));
    place_tensors(result.tensors, places, alignment(metadata));
    return result;
  }

 private:
  std::string text(size_t longest, const char* what) {
    const auto length = reader_.read<std::uint64_t>();
    if (length > longest)
      throw Error(say("{0}: {1} has {2} bytes; {3} is the most.", file_, what, length, longest));
    std::string text(reader_.text(length));
    check_utf8(text, file_);
    return text;
  }

  void read_key(nlohmann::json& metadata) {
    key_ = text(longest_key, "a key");
    const auto type = reader_.read<std::uint32_t>();
    nlohmann::json value = read_value(type, 0);
    if (!metadata.emplace(key_, std::move(value)).second)
      throw Error(say("{0}: the name {1} occurs twice.", file_, json_excerpt(key_)));
  }

  nlohmann::json read_value(std::uint32_t type, int depth) {
    if (++values_ > most_values) throw Error(say("{0} holds more than {1} values.", file_, most_values));
    switch (type) {
      case 0:
        return reader_.read<std::uint8_t>();
      case 1:
        return reader_.read<std::int8_t>();
      case 2:
        return reader_.read<std::uint16_t>();
      case 3:
        return reader_.read<std::int16_t>();
      case 4:
        return reader_.read<std::uint32_t>();
      case 5:
        return reader_.read<std::int32_t>();
      case 6:
        return meant(reader_.read<float>());
      case 7:
        return reader_.read<std::uint8_t>() != 0;
      case text_type:
        return text(longest_text, key_.c_str());
      case list_type:
        return read_list(depth);
      case 10:
        return reader_.read<std::uint64_t>();
      case 11:
        return reader_.read<std::int64_t>();
      case 12:
        return reader_.read<double>();
      default:
        throw Error(say("{0}: the key {1} has the unknown type {2}.", file_, json_excerpt(key_), type));
    }
  }

  nlohmann::json read_list(int depth) {
    constexpr int deepest = 4;
    const auto type = reader_.read<std::uint32_t>();
    const auto count = reader_.read<std::uint64_t>();
    if (depth >= deepest || count > reader_.left())  // every element has a byte at least
      throw Error(say("{0}: the key {1} holds a list of {2} values, which the file cannot hold.", file_,
                      json_excerpt(key_), count));
    nlohmann::json list = nlohmann::json::array();
    for (std::uint64_t i = 0; i < count; ++i) list.push_back(read_value(type, depth + 1));
    return list;
  }

  /// Returns where the tensor's data start, as the file says it.
  std::uint64_t read_entry(GgufTensor& tensor) {
    tensor.name = text(longest_name, "a tensor's name");
    if (!names_.insert(tensor.name).second)
      throw Error(say("{0}: the name {1} occurs twice.", file_, json_excerpt(tensor.name)));
    const auto dimensions = reader_.read<std::uint32_t>();
    if (dimensions > most_dimensions) fail(tensor, "shape");
    for (std::uint32_t i = 0; i < dimensions; ++i) {
      const auto size = reader_.read<std::uint64_t>();
      if (size > std::uint64_t(std::numeric_limits<std::int64_t>::max())) fail(tensor, "shape");
      tensor.shape.push_back(std::int64_t(size));
    }
    std::ranges::reverse(tensor.shape);
    const auto type = reader_.read<std::uint32_t>();
    tensor.type_name = type_name(type);
    if (tensor.type_name.empty())
      throw Error(
          say("{0}: the tensor {1} has the unknown type {2}.", file_, json_excerpt(tensor.name), type));
    tensor.type = number_type(tensor.type_name);
    return reader_.read<std::uint64_t>();
  }

  [[noreturn]] void fail(const GgufTensor& tensor, const char* field) const {
    throw Error(say("{0}: the tensor {1} has no valid {2}.", file_, json_excerpt(tensor.name), field));
  }

  std::uint64_t alignment(const nlohmann::json& metadata) const {
    const auto found = metadata.find("general.alignment");
    if (found == metadata.end()) return 32;
    const bool fits = found->is_number_unsigned() && found->get<std::uint64_t>() >= 1 &&
                      found->get<std::uint64_t>() <= 1 << 20;
    if (!fits)
      throw Error(say("{0}: the field {1} must be a whole number from {2} to {3}, not {4}.", file_,
                      "general.alignment", 1, 1 << 20, json_excerpt(*found)));
    return found->get<std::uint64_t>();
  }

  void place_tensors(std::vector<GgufTensor>& tensors, const std::vector<std::uint64_t>& places,
                     std::uint64_t alignment) {
    const std::uint64_t start = (reader_.at() + alignment - 1) / alignment * alignment;
    const std::uint64_t held = bytes_.size() > start ? bytes_.size() - start : 0;
    for (size_t i = 0; i < tensors.size(); ++i) {
      GgufTensor& tensor = tensors[i];
      if (tensor.type == NumberType::other) continue;  // whoever wants it is told so
      const std::uint64_t size = size_of(tensor);
      if (places[i] % alignment != 0) fail(tensor, "offset");
      if (places[i] > held || size > held - places[i])
        throw Error(
            say("{0}: the tensor {1} lies at bytes {2} to {3}, but the file holds {4} bytes of data (is it "
                "truncated?).",
                file_, json_excerpt(tensor.name), places[i], places[i] + size, held));
      tensor.data = bytes_.subspan(size_t(start + places[i]), size_t(size));
    }
  }

  std::uint64_t size_of(const GgufTensor& tensor) const {
    const NumberLayout& layout = layout_of(tensor.type);
    std::uint64_t size = 1;
    for (std::int64_t dimension : tensor.shape)
      if (__builtin_mul_overflow(size, std::uint64_t(dimension), &size) || size > std::uint64_t(INT64_MAX))
        fail(tensor, "shape");
    const std::int64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
    if (row % layout.values != 0)
      throw Error(
          say("{0}: rows of the tensor {1} have {2} numbers, which is no multiple of the {3} of a block of "
              "{4}.",
              file_, json_excerpt(tensor.name), row, layout.values, layout.name));
    if (__builtin_mul_overflow(size / unsigned(layout.values), unsigned(layout.bytes), &size))
      fail(tensor, "shape");
    return size;
  }

  std::span<const std::byte> bytes_;
  const std::string& file_;
  ByteReader reader_;
  std::string key_;
  size_t values_ = 0;
  std::set<std::string> names_;
};

}  // namespace

Gguf read_gguf(std::span<const std::byte> bytes, const std::string& file, nlohmann::json& metadata) {
  return GgufReader(bytes, file).read(metadata);
}

bool is_gguf(std::span<const std::byte> bytes) {
  return bytes.size() >= 4 && ByteReader(bytes, "").read<std::uint32_t>() == gguf_magic;
}

}  // namespace orrery
