#include "model/hugging_face_folder.h"

#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "model/formats/safetensors_writer.h"
#include "model/message.h"

namespace orrery {

namespace {

namespace fs = std::filesystem;

/// Whether the bytes may be taken over as they are, and as what.
bool stays(const StoredTensor& tensor) {
  return tensor.plain() && (tensor.type == NumberType::F16 || tensor.type == NumberType::BF16);
}
SafetensorsTensor::Type written_type(const StoredTensor& tensor) {
  if (!stays(tensor)) return SafetensorsTensor::Type::F32;
  return tensor.type == NumberType::F16 ? SafetensorsTensor::Type::F16 : SafetensorsTensor::Type::BF16;
}

void check_finite(const StoredTensor& tensor, std::span<const float> numbers) {
  for (float number : numbers)
    if (!std::isfinite(number))
      throw Error(
          say("{0}: the tensor {1} holds {2}; weights must be finite.", tensor.file, tensor.name, number));
}

void write_rows(SafetensorsWriter& file, const StoredTensor& tensor) {
  std::vector<float> row(static_cast<size_t>(tensor.cols()));
  for (std::int64_t i = 0; i < tensor.rows(); ++i) {
    read_numbers(tensor, i, 0, int(row.size()), row.data());
    check_finite(tensor, row);
    file.write(row);
  }
}

/// The file's rows are our columns: the whole matrix is needed.
void write_transposed(SafetensorsWriter& file, const StoredTensor& tensor) {
  const size_t rows = size_t(tensor.rows()), cols = size_t(tensor.cols());
  std::vector<float> line(rows), matrix(rows * cols);
  for (size_t col = 0; col < cols; ++col) {
    read_numbers(tensor, std::int64_t(col), 0, int(rows), line.data());
    check_finite(tensor, line);
    for (size_t row = 0; row < rows; ++row) matrix[row * cols + col] = line[row];
  }
  file.write(matrix);
}

void write_tensor(SafetensorsWriter& file, const StoredTensor& tensor) {
  if (stays(tensor)) {
    const size_t numbers = size_t(tensor.rows() * tensor.cols());
    file.write(std::span(tensor.data, numbers * size_t(layout_of(tensor.type).bytes)));
  } else if (tensor.transposed) {
    write_transposed(file, tensor);
  } else {
    write_rows(file, tensor);
  }
}

/// Files that are being written: all of them, or none stays. They were not there before.
class NewFiles {
 public:
  explicit NewFiles(fs::path folder) : folder_(std::move(folder)) {}
  ~NewFiles() {
    std::error_code ignored;
    if (!complete_)
      for (const std::string& name : names_) fs::remove(folder_ / name, ignored);
  }
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;

  void add(const std::string& name) { names_.push_back(name); }
  void write(const std::string& name, const std::string& text) {
    add(name);
    std::ofstream file(folder_ / name, std::ios::binary);
    file << text;
    file.close();
    if (!file) fail(name, std::strerror(errno));
  }
  void copy(const fs::path& from, const std::string& name) {
    add(name);
    std::error_code error;
    if (!fs::copy_file(from / name, folder_ / name, error)) fail(name, error.message());
  }
  std::vector<std::string> complete() {
    complete_ = true;
    return names_;
  }

 private:
  [[noreturn]] void fail(const std::string& name, const std::string& reason) const {
    throw Error(say("{0} cannot be written: {1}", (folder_ / name).string(), reason));
  }

  fs::path folder_;
  std::vector<std::string> names_;
  bool complete_ = false;
};

/// Those of the files that lie beside the weights and not in the new folder, which may be the same.
std::vector<std::string> files_beside(const fs::path& from, const fs::path& to,
                                      std::span<const char* const> names) {
  std::vector<std::string> found;
  std::error_code error;
  for (const char* name : names)
    if (fs::is_regular_file(from / name, error) && !fs::equivalent(from / name, to / name, error))
      found.push_back(name);
  return found;
}

void refuse_existing(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path, error)) throw Error(say("{0} is there already: name a new folder.", path.string()));
}

}  // namespace

std::vector<TensorUse> tensor_uses(const Checkpoint& checkpoint, const Graph& graph) {
  using State = TensorUse::State;
  std::vector<TensorUse> uses;
  std::set<std::string> seen;
  for (const Tensor* tensor : graph.tensors()) {
    if (tensor->role != Role::weight || !seen.insert(tensor->source.name).second) continue;
    const auto found = checkpoint.tensors.find(tensor->source.name);
    if (found == checkpoint.tensors.end())
      uses.push_back({tensor->source.name, State::missing});
    else
      uses.push_back({found->first, State::read, &found->second});
  }
  for (const auto& [name, stored] : checkpoint.tensors)
    if (!seen.contains(name)) uses.push_back({name, State::ignored, &stored});
  for (const std::string& name : checkpoint.ignored) uses.push_back({name, State::ignored});
  return uses;
}

std::vector<std::string> write_hugging_face_folder(const Checkpoint& checkpoint, const Graph& graph,
                                                   const fs::path& weights, Progress& progress) {
  const fs::path folder = weights.has_parent_path() ? weights.parent_path() : fs::path(".");
  std::vector<SafetensorsTensor> contents;
  std::vector<const StoredTensor*> tensors;
  for (const Tensor* tensor : graph.tensors())
    if (tensor->role == Role::weight) check_weight(checkpoint, *tensor);
  for (const TensorUse& use : tensor_uses(checkpoint, graph)) {
    if (use.state != TensorUse::State::read) continue;
    contents.push_back({use.stored->name, written_type(*use.stored), use.stored->shape});
    tensors.push_back(use.stored);
  }
  const fs::path from = checkpoint.weights_file.parent_path();
  std::vector<std::string> tokenizer;  // its files, which are taken over as they are
  if (!checkpoint.tokenizer_json) tokenizer = files_beside(from, folder, tokenizer_files);
  const bool generation = !checkpoint.generation.json().empty() &&
                          !files_beside(from, folder, std::array{"generation_config.json"}).empty();
  std::error_code error;
  fs::create_directories(folder, error);
  refuse_existing(weights);
  refuse_existing(folder / "config.json");
  refuse_existing(folder / "tokenizer.json");
  if (generation) refuse_existing(folder / "generation_config.json");
  for (const std::string& name : tokenizer) refuse_existing(folder / name);

  NewFiles files(folder);
  SafetensorsWriter file(weights, contents, {{"format", "pt"}});
  for (size_t i = 0; i < tensors.size(); ++i) {
    write_tensor(file, *tensors[i]);
    progress.report(float(i + 1) / float(tensors.size()));
  }
  file.finish();
  files.add(weights.filename().string());
  files.write("config.json", checkpoint.config.json().dump(1, ' ') + "\n");
  if (checkpoint.tokenizer_json) files.write("tokenizer.json", checkpoint.tokenizer_json());
  for (const std::string& name : tokenizer) files.copy(from, name);
  if (generation) files.write("generation_config.json", checkpoint.generation.json().dump(1, ' ') + "\n");
  return files.complete();
}

}  // namespace orrery
