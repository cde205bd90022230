#pragma once
#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/architecture.h"
#include "model/checkpoint.h"
#include "model/generation.h"
#include "model/message.h"

namespace orrery {

/// A network with its weights: immutable once loaded, shared by all threads.
class Model {
 public:
  /// Loads a folder or file. Throws Error (a sentence naming file and field) or Cancelled.
  static std::shared_ptr<const Model> load(const std::filesystem::path& path, Progress& progress);
  /// A model from a graph and a function that fills each weight (tests, benchmarks).
  static std::shared_ptr<const Model> make(Graph graph, const Config& config,
                                           const std::function<void(const Tensor&, MutableView)>& fill);

  const Graph& graph() const { return graph_; }
  const Config& config() const { return config_; }
  const Architecture& architecture() const { return *architecture_; }
  const Tokenizer* tokenizer() const { return tokenizer_.get(); }  ///< null: tokens are shown as ids
  const std::string& name() const { return name_; }                ///< the folder's or file's name
  const std::filesystem::path& path() const { return path_; }
  const std::filesystem::path& weights_file() const { return weights_file_; }
  /// What the file is called as a format, e.g. "GGUF 3"; empty for made models.
  const std::string& format() const { return format_; }
  /// How the file holds a weight's numbers; `other` for what is no weight of a file.
  NumberType stored_as(const Tensor& tensor) const { return stored_as_[size_t(tensor.index)]; }
  /// generation_config.json; empty where there is none.
  const Config& generation() const { return generation_; }
  /// What that file says about drawing tokens, and the ids with which a text ends: see model/generation.h.
  const SamplingWishes& sampling() const { return sampling_; }
  const std::vector<int>& ends() const { return ends_; }
  bool ends_text(int id) const { return std::find(ends_.begin(), ends_.end(), id) != ends_.end(); }
  /// What the files hold and nothing reads: buffers, other things than tensors, tensors.
  const std::vector<std::string>& ignored() const { return ignored_; }
  /// Those of them without which the numbers may be others than those that the model was trained to give.
  const std::vector<std::string>& left_out() const { return left_out_; }
  std::int64_t parameter_count() const { return parameter_count_; }  ///< each checkpoint number once
  int vocabulary_size() const { return graph_.logits().cols.size; }
  MatrixView weight(const Tensor& tensor) const { return weights_[size_t(tensor.index)]; }
  /// The token as drawn: its text with signs for white space, or "#17" without a tokenizer.
  std::string token_text(int id) const;
  /// SHA-256 of the weights file in hex, of several those behind each other (reads all of them; empty for
  /// made models). Throws Error.
  std::string weights_sha256() const;

  Model() = default;  ///< empty; use load() or make()

 private:
  Graph graph_;
  Config config_, generation_;
  SamplingWishes sampling_;
  std::vector<int> ends_;
  const Architecture* architecture_ = nullptr;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::string name_, format_;
  std::filesystem::path path_, weights_file_;
  std::vector<std::filesystem::path> weights_files_;
  std::vector<NumberType> stored_as_;  // by Tensor::index
  std::vector<std::string> ignored_, left_out_;
  std::vector<MatrixView> weights_;  // by Tensor::index
  std::vector<std::unique_ptr<float[]>> storage_;
  std::int64_t parameter_count_ = 0;

  void allocate(const std::function<void(const Tensor&, MutableView)>& fill);
};

/// A sentence that says so of a model that left something out; none for others.
std::optional<Message> left_out_note(const Model& model);

/// The network that a checkpoint's configuration describes. Throws Error naming file and field.
Graph build_graph(const Checkpoint& checkpoint);

}  // namespace orrery
