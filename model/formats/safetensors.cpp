#include "model/formats/safetensors.h"

#include <algorithm>
#include <array>
#include <limits>

#include "model/formats/json.h"
#include "model/message.h"

namespace orrery {

namespace {

constexpr std::uint64_t longest_header = 100'000'000;  // the limit of the reference implementation

/// Bytes of one number of a type; 0 for an unknown type.
std::uint64_t number_size(const std::string& type) {
  struct Type {
    const char* name;
    std::uint64_t size;
  };
  static constexpr std::array types = {
      Type{"F32", 4}, Type{"F16", 2}, Type{"BF16", 2},    Type{"I64", 8},    Type{"U8", 1},  Type{"BOOL", 1},
      Type{"I8", 1},  Type{"I16", 2}, Type{"U16", 2},     Type{"I32", 4},    Type{"U32", 4}, Type{"U64", 8},
      Type{"F64", 8}, Type{"C64", 8}, Type{"F8_E4M3", 1}, Type{"F8_E5M2", 1}};
  for (const Type& known : types)
    if (type == known.name) return known.size;
  return 0;
}

std::uint64_t read_little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (size_t i = 8; i-- > 0;) value = value << 8 | std::uint64_t(bytes[i]);
  return value;
}

bool multiply(std::uint64_t& product, std::uint64_t factor) {
  return !__builtin_mul_overflow(product, factor, &product) &&
         product <= std::uint64_t(std::numeric_limits<std::int64_t>::max());
}

/// One entry of the header, its range checked against `data`.
SafetensorsEntry read_entry(const std::string& name, const nlohmann::json& fields,
                            std::span<const std::byte> data, const std::string& file) {
  auto fail = [&](const char* field) {
    return Error(say("{0}: the tensor {1} has no valid {2}.", file, json_excerpt(name), field));
  };
  if (!fields.is_object()) throw fail("entry");
  auto type = fields.find("dtype"), shape = fields.find("shape"), offsets = fields.find("data_offsets");
  if (type == fields.end() || !type->is_string()) throw fail("dtype");
  if (shape == fields.end() || !shape->is_array()) throw fail("shape");
  if (offsets == fields.end() || !offsets->is_array() || offsets->size() != 2 ||
      !(*offsets)[0].is_number_unsigned() || !(*offsets)[1].is_number_unsigned())
    throw fail("data_offsets");

  SafetensorsEntry entry{name, type->get<std::string>(), {}, {}};
  std::uint64_t size = number_size(entry.type);
  if (size == 0)
    throw Error(
        say("{0}: the tensor {1} has the unknown type {2}.", file, json_excerpt(name), json_excerpt(*type)));
  for (const nlohmann::json& dimension : *shape) {
    if (!dimension.is_number_unsigned() || !multiply(size, dimension.get<std::uint64_t>()))
      throw fail("shape");
    entry.shape.push_back(dimension.get<std::int64_t>());
  }
  auto begin = (*offsets)[0].get<std::uint64_t>(), end = (*offsets)[1].get<std::uint64_t>();
  if (begin > end || end > data.size()) {
    throw Error(
        say("{0}: the tensor {1} lies at bytes {2} to {3}, but the file holds {4} bytes of data (is it "
            "truncated?).",
            file, json_excerpt(name), begin, end, data.size()));
  }
  if (end - begin != size) {
    throw Error(say("{0}: the tensor {1} of type {2} and shape {3} needs {4} bytes, but has {5}.", file,
                    json_excerpt(name), entry.type, shape_text(entry.shape), size, end - begin));
  }
  entry.data = data.subspan(begin, end - begin);
  return entry;
}

/// Ranges must follow each other without holes or overlap, from the start of the data to its end.
void check_ranges(std::vector<SafetensorsEntry>& tensors, std::span<const std::byte> data,
                  const std::string& file) {
  auto place = [](const SafetensorsEntry& entry) {
    return std::pair(entry.data.data(), entry.data.data() + entry.data.size());
  };
  std::stable_sort(tensors.begin(), tensors.end(),
                   [&](const auto& left, const auto& right) { return place(left) < place(right); });
  const std::byte* end = data.data();
  for (const SafetensorsEntry& entry : tensors) {
    if (entry.data.data() != end)
      throw Error(say("{0}: the data of the tensor {1} does not start where the data before it ends.", file,
                      json_excerpt(entry.name)));
    end = entry.data.data() + entry.data.size();
  }
  if (end != data.data() + data.size()) {
    throw Error(say("{0} holds {1} bytes that belong to no tensor.", file, data.data() + data.size() - end));
  }
}

}  // namespace

SafetensorsHeader read_safetensors(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.empty()) throw Error(say("{0} is empty.", file));
  if (bytes.size() < 8)
    throw Error(say("{0} is too short for a safetensors file: {1} bytes.", file, bytes.size()));
  std::uint64_t length = read_little_endian(bytes);
  if (length > longest_header || length > bytes.size() - 8)
    throw Error(
        say("{0} is no safetensors file, or it is truncated: its header should have {1} bytes, but the "
            "file has {2}.",
            file, length, bytes.size()));
  std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  if (!text.starts_with('{'))
    throw Error(say("{0} is no safetensors file: its header is no JSON object.", file));
  nlohmann::json json = parse_json(text, file, {.depth = 4, .values = 5'000'000});

  SafetensorsHeader header;
  std::span<const std::byte> data = bytes.subspan(8 + length);
  for (const auto& [name, fields] : json.items()) {
    if (name != "__metadata__") {
      header.tensors.push_back(read_entry(name, fields, data, file));
      continue;
    }
    if (!fields.is_object()) throw Error(say("{0}: __metadata__ must hold texts only.", file));
    for (const auto& [key, value] : fields.items()) {
      if (!value.is_string()) throw Error(say("{0}: __metadata__ must hold texts only.", file));
      header.metadata[key] = value.get<std::string>();
    }
  }
  check_ranges(header.tensors, data, file);
  return header;
}

std::string shape_text(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i) text += ", ";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

}  // namespace orrery
