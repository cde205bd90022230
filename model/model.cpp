#include "model/model.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>

#include "model/parallel.h"

namespace orrery {
namespace {

std::string model_name(const std::filesystem::path& path) {
  std::filesystem::path clean = path.lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  std::string stem = std::filesystem::is_directory(path) ? clean.filename().string() : clean.stem().string();
  return stem == "model" && clean.has_parent_path() ? clean.parent_path().filename().string() : stem;
}

const Architecture& architecture_of(const Config& config) {
  const std::string type = config.text("model_type", "");
  if (type.empty()) throw Error(say("{0}: the field 'model_type' is missing", config.file()));
  if (const Architecture* found = find_architecture(type)) return *found;
  throw Error(say("{0}: model_type '{1}' is an architecture that Orrery does not know", config.file(), type));
}

/// Pages of 2 MiB, where the system has them, for memory that is used as a whole: a matrix is then read
/// without looking up thousands of pages. A hint, which may fail.
void ask_for_large_pages(void* memory, size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t page = std::uintptr_t(1) << 21;
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + page - 1) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / page * page;
  if (end > begin + page) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

/// Tensors that files have though a network is whole without them: buffers that can be computed, a head that
/// is tied to the table, and the architecture's own.
bool can_be_left_out(std::string_view name, const Architecture& architecture) {
  for (const char* ending : {".inv_freq", ".attention.bias", ".attention.masked_bias"})
    if (name.ends_with(ending)) return true;
  for (const char* head : {"lm_head.weight", "embed_out.weight", "head.weight"})
    if (name == head) return true;
  return std::ranges::find(architecture.needless, name) != architecture.needless.end();
}

}  // namespace

void Model::allocate(const std::function<void(const Tensor&, MutableView)>& fill) {
  constexpr size_t line = 16;  // numbers in a line of the cache: every weight begins with one
  std::vector<size_t> begins;
  size_t total = 0;
  for (const Tensor* tensor : graph_.tensors()) {
    begins.push_back(total);
    if (tensor->role != Role::weight) continue;
    const size_t count = size_t(tensor->rows.size) * size_t(tensor->cols.size);
    parameter_count_ += std::int64_t(count);
    total += (count + line - 1) / line * line;
  }
  storage_.push_back(std::make_unique_for_overwrite<float[]>(total + line));
  float* first = storage_.back().get();
  ask_for_large_pages(first, (total + line) * sizeof(float));
  first += (line - reinterpret_cast<std::uintptr_t>(first) / sizeof(float) % line) % line;
  weights_.resize(graph_.tensors().size());
  stored_as_.resize(graph_.tensors().size(), NumberType::other);
  for (const Tensor* tensor : graph_.tensors()) {
    if (tensor->role != Role::weight) continue;
    const int rows = tensor->rows.size, cols = tensor->cols.size;
    float* data = first + begins[size_t(tensor->index)];
    MutableView view{data, rows, cols, cols, 1};
    if (tensor->columns_contiguous) view = {data, rows, cols, 1, rows};
    fill(*tensor, view);
    weights_[size_t(tensor->index)] = {data, rows, cols, view.row_stride, view.col_stride};
  }
}

std::optional<Message> left_out_note(const Model& model) {
  const std::vector<std::string>& names = model.left_out();
  if (names.empty()) return std::nullopt;
  return say(
      "{0} holds tensors that are not read ({1} in all, such as {2}): the numbers may differ from those that "
      "the "
      "model was trained to give.",
      model.weights_file().string(), names.size(), names.front());
}

Graph build_graph(const Checkpoint& checkpoint) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : checkpoint.tensors) names.push_back(name);
  return architecture_of(checkpoint.config).build(checkpoint.config, names);
}

std::shared_ptr<const Model> Model::load(const std::filesystem::path& path, Progress& progress) {
  Checkpoint checkpoint = open_checkpoint(path);
  progress.report(0.01f);
  auto model = std::make_shared<Model>();
  model->architecture_ = &architecture_of(checkpoint.config);
  model->graph_ = build_graph(checkpoint);
  model->config_ = checkpoint.config;
  model->generation_ = checkpoint.generation;
  model->sampling_ = sampling_wishes(checkpoint.generation);
  model->ends_ = text_ends(checkpoint.generation, checkpoint.config);
  model->format_ = checkpoint.format;
  model->path_ = path;
  model->name_ = model_name(path);
  model->weights_file_ = checkpoint.weights_file;
  model->weights_files_ = checkpoint.weights_files;
  model->tokenizer_ = checkpoint.tokenizer;
  model->ignored_ = checkpoint.ignored;

  // Nothing is allocated for a checkpoint that lacks a tensor: its configuration may lie about sizes.
  std::set<std::string> used;
  for (const Tensor* tensor : model->graph_.tensors()) {
    if (tensor->role != Role::weight) continue;
    check_weight(checkpoint, *tensor);
    used.insert(tensor->source.name);
  }
  for (const auto& [name, tensor] : checkpoint.tensors)
    if (!used.contains(name)) {
      model->ignored_.push_back(name);
      if (!can_be_left_out(name, *model->architecture_)) model->left_out_.push_back(name);
    }
  if (model->tokenizer_ && model->tokenizer_->size() > model->vocabulary_size())
    throw Error(say("{0}: the tokenizer has {1} tokens, but vocab_size is {2}", checkpoint.config.file(),
                    model->tokenizer_->size(), model->vocabulary_size()));
  std::vector<std::pair<const Tensor*, MutableView>> weights;
  model->allocate([&](const Tensor& tensor, MutableView view) { weights.emplace_back(&tensor, view); });
  std::atomic<int> read{0};
  const int threads = model->parameter_count_ < (1 << 22) ? 1 : thread_count();
  in_parallel(int(weights.size()), threads, [&](int i) {
    const Tensor& tensor = *weights[size_t(i)].first;
    read_weight(checkpoint, tensor, weights[size_t(i)].second.data);
    model->stored_as_[size_t(tensor.index)] = checkpoint.tensors.at(tensor.source.name).type;
    progress.report(0.01f + 0.99f * float(++read) / float(weights.size()));
  });
  progress.report(1);
  return model;
}

std::shared_ptr<const Model> Model::make(Graph graph, const Config& config,
                                         const std::function<void(const Tensor&, MutableView)>& fill) {
  auto model = std::make_shared<Model>();
  model->graph_ = std::move(graph);
  model->config_ = config;
  model->ends_ = text_ends({}, config);
  model->architecture_ = find_architecture(config.text("model_type", ""));
  model->name_ = config.text("name", "made");
  model->allocate(fill);
  return model;
}

std::string Model::token_text(int id) const {
  if (!tokenizer_) return "#" + std::to_string(id);
  return display_token(tokenizer_->bytes(id));
}

}  // namespace orrery
