#pragma once
#include "model/checkpoint.h"
#include "model/graph.h"

namespace orrery {

/// What became of a tensor that a checkpoint holds or that its network asks for.
struct TensorUse {
  enum class State { read, ignored, missing };
  std::string name;
  State state;
  const StoredTensor* stored = nullptr;  ///< null for what the checkpoint lacks or ignores from the start
};

/// Every tensor, those that the network reads first, in its order.
std::vector<TensorUse> tensor_uses(const Checkpoint& checkpoint, const Graph& graph);

/// Writes a checkpoint as Hugging Face's files: `weights` with what the network reads, under Hugging Face's
/// names and in its order; config.json and the tokenizer's files beside it. F16 and BF16 stay what they are,
/// everything else becomes F32. Returns the names of the files. Throws Error naming a file that cannot be
/// written or is there already, or a tensor that does not fit; or Cancelled.
std::vector<std::string> write_hugging_face_folder(const Checkpoint& checkpoint, const Graph& graph,
                                                   const std::filesystem::path& weights, Progress& progress);

}  // namespace orrery
