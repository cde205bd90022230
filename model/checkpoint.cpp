#include "model/checkpoint.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "model/formats/json.h"
#include "model/formats/mapped_file.h"
#include "model/formats/safetensors.h"
#include "model/message.h"

namespace orrery {

namespace {

namespace fs = std::filesystem;

constexpr size_t largest_config = 16 << 20;  // bytes

/// The weights of a folder: model.safetensors, else its only .safetensors file.
fs::path find_weights(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "model.safetensors", error)) return folder / "model.safetensors";
  std::vector<fs::path> found;
  for (fs::directory_iterator place(folder, error), end; !error && place != end; place.increment(error))
    if (place->path().extension() == ".safetensors") found.push_back(place->path());
  if (error) throw Error(say("{0} cannot be read: {1}.", folder.string(), error.message()));
  if (found.empty() && fs::exists(folder / "model.safetensors.index.json", error))
    throw Error(say("{0}: weights that are split over several files cannot be read.",
                    (folder / "model.safetensors.index.json").string()));
  if (found.empty()) throw Error(say("{0} holds no weights: no .safetensors file.", folder.string()));
  if (found.size() > 1)
    throw Error(say("{0} holds several .safetensors files, none named model.safetensors: name one of them.",
                    folder.string()));
  return found.front();
}

Config read_config(const fs::path& folder) {
  fs::path file = folder / "config.json";
  std::error_code error;
  if (!fs::exists(file, error))
    throw Error(say("{0} has no config.json, which says what model the weights belong to.", folder.string()));
  nlohmann::json json = parse_json(read_text_file(file, largest_config), file.string());
  if (!json.is_object()) throw Error(say("{0} holds no JSON object.", file.string()));
  return Config(std::move(json), file.string());
}

NumberType number_type(const std::string& name) {
  if (name == "F32") return NumberType::F32;
  if (name == "F16") return NumberType::F16;
  if (name == "BF16") return NumberType::BF16;
  return NumberType::other;
}

/// torch.compile puts `_orig_mod.` before every name, the language-model head's class `transformer.`.
std::string plain_name(std::string_view name) {
  for (std::string_view prefix : {"_orig_mod.", "transformer."})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return std::string(name);
}

/// Older exports save the causal mask as if it were a weight.
bool is_mask_buffer(std::string_view name) {
  return name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias");
}

void add_tensors(Checkpoint& checkpoint, std::vector<SafetensorsEntry> entries) {
  for (SafetensorsEntry& entry : entries) {
    std::string name = plain_name(entry.name);
    if (is_mask_buffer(name)) {
      checkpoint.ignored.push_back(std::move(name));
      continue;
    }
    StoredTensor tensor{number_type(entry.type), entry.type, std::move(entry.shape), entry.data.data()};
    if (!checkpoint.tensors.emplace(name, std::move(tensor)).second)
      throw Error(say("{0}: the tensor {1} occurs twice, with and without a prefix.",
                      checkpoint.weights_file.string(), json_excerpt(name)));
  }
}

/// A token beyond the vocabulary would have no embedding.
void check_vocabulary(const Checkpoint& checkpoint) {
  if (!checkpoint.tokenizer || !checkpoint.config.has("vocab_size")) return;
  int size = checkpoint.config.integer("vocab_size", 1, 1 << 30);
  if (checkpoint.tokenizer->size() > size)
    throw Error(say("{0}: vocab_size is {1}, but the tokenizer has {2} tokens.", checkpoint.config.file(),
                    size, checkpoint.tokenizer->size()));
}

float half_to_float(std::uint16_t half) {
  // Shifting puts exponent and mantissa in place; the product with 2^112 mends the exponent's bias and turns
  // subnormal halves into normal numbers.
  std::uint32_t sign = std::uint32_t(half & 0x8000) << 16, magnitude = std::uint32_t(half & 0x7fff) << 13;
  float value = std::bit_cast<float>(magnitude) * 0x1p112f;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((half & 0x7c00) == 0x7c00) bits = magnitude | 0x7f800000;  // infinite or no number
  return std::bit_cast<float>(bits | sign);
}

/// Converts `count` numbers from number `first` of the tensor on.
void convert(const StoredTensor& tensor, std::int64_t first, int count, float* out) {
  if (tensor.type == NumberType::F32) {
    std::memcpy(out, tensor.data + first * 4, size_t(count) * 4);
    return;
  }
  for (int i = 0; i < count; ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, tensor.data + (first + i) * 2, 2);
    out[i] = tensor.type == NumberType::F16 ? half_to_float(bits)
                                            : std::bit_cast<float>(std::uint32_t(bits) << 16);
  }
}

const StoredTensor& find_tensor(const Checkpoint& checkpoint, const WeightSource& source) {
  std::string file = checkpoint.weights_file.string();
  auto found = checkpoint.tensors.find(source.name);
  if (found == checkpoint.tensors.end())
    throw Error(say("{0}: the tensor {1} is missing.", file, source.name));
  const StoredTensor& stored = found->second;
  const size_t dimensions = stored.shape.size();
  const bool matrix = dimensions == 2 || dimensions == 3, list = dimensions == 1;
  if (!(matrix || (list && source.file_rows == 1)) || stored.rows() != source.file_rows ||
      stored.cols() != source.file_cols) {
    std::int64_t wanted[] = {source.file_rows, source.file_cols};
    std::span<const std::int64_t> shape(wanted);
    if (source.file_rows == 1 && !matrix) shape = shape.subspan(1);
    throw Error(say("{0}: the tensor {1} has the shape {2}, but the configuration asks for {3}.", file,
                    source.name, shape_text(stored.shape), shape_text(shape)));
  }
  if (stored.type == NumberType::other)
    throw Error(say("{0}: the tensor {1} has the type {2}; weights must be F32, F16 or BF16.", file,
                    source.name, stored.type_name));
  return stored;
}

}  // namespace

std::int64_t StoredTensor::rows() const {
  std::int64_t product = 1;
  for (size_t i = 0; i + 1 < shape.size(); ++i) product *= shape[i];
  return product;
}

std::int64_t StoredTensor::cols() const { return shape.empty() ? 1 : shape.back(); }

Checkpoint open_checkpoint(const fs::path& path) {
  std::error_code error;
  fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) throw Error(say("There is no file or folder {0}.", path.string()));
  Checkpoint checkpoint;
  checkpoint.path = path;
  fs::path folder = path;
  if (!fs::is_directory(status)) folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  checkpoint.config = read_config(folder);
  checkpoint.weights_file = fs::is_directory(status) ? find_weights(folder) : path;

  auto file = std::make_shared<MappedFile>(checkpoint.weights_file);
  SafetensorsHeader header = read_safetensors(file->bytes(), checkpoint.weights_file.string());
  checkpoint.metadata = std::move(header.metadata);
  add_tensors(checkpoint, std::move(header.tensors));
  checkpoint.files.push_back(std::move(file));
  checkpoint.tokenizer = open_tokenizer(folder);
  check_vocabulary(checkpoint);
  return checkpoint;
}

void check_weight(const Checkpoint& checkpoint, const Tensor& tensor) {
  const WeightSource& source = tensor.source;
  find_tensor(checkpoint, source);
  int rows = tensor.rows.size, cols = tensor.cols.size;
  if (source.transposed) std::swap(rows, cols);  // the part as it lies in the file
  if (source.row < 0 || source.column < 0 || source.row > source.file_rows - rows ||
      source.column > source.file_cols - cols)
    throw Error(say("{0}: the tensor {1} of shape [{2}, {3}] has no part for {4}.",
                    checkpoint.weights_file.string(), source.name, source.file_rows, source.file_cols,
                    tensor.name));
}

void read_weight(const Checkpoint& checkpoint, const Tensor& tensor, float* out) {
  check_weight(checkpoint, tensor);
  const WeightSource& source = tensor.source;
  const StoredTensor& stored = find_tensor(checkpoint, source);
  int rows = tensor.rows.size, cols = tensor.cols.size;
  if (source.transposed) std::swap(rows, cols);
  // One row of the file becomes one row or one column of the graph's matrix, which in memory is either
  // contiguous or strided.
  bool contiguous = source.transposed == tensor.columns_contiguous;
  std::ptrdiff_t row_step = contiguous ? cols : 1, step = contiguous ? 1 : rows;
  std::vector<float> line(static_cast<size_t>(cols));
  for (int row = 0; row < rows; ++row) {
    convert(stored, std::int64_t(source.row + row) * source.file_cols + source.column, cols, line.data());
    for (int column = 0; column < cols; ++column) {
      if (!std::isfinite(line[size_t(column)]))
        throw Error(say("{0}: the tensor {1} holds {2} in row {3}, column {4}; weights must be finite.",
                        checkpoint.weights_file.string(), source.name, line[size_t(column)], source.row + row,
                        source.column + column));
      out[row * row_step + column * step] = line[size_t(column)];
    }
  }
}

}  // namespace orrery
