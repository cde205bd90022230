#pragma once
#include <nlohmann/json_fwd.hpp>

#include "model/formats/zip_archive.h"
#include "model/stored_tensor.h"

namespace orrery {

/// A checkpoint that torch.save wrote.
struct TorchCheckpoint {
  std::vector<StoredTensor> tensors;
  std::vector<std::string> ignored;                ///< names of what is no tensor
  std::vector<std::vector<std::byte>> rearranged;  ///< owns the numbers of tensors that were views
};

/// Reads the tensors of a ZIP archive with a pickle, and into `settings` the checkpoint's `model_args`
/// (nanoGPT's train.py; null if there are none). Weights are those under `model`, or the whole dictionary.
/// Throws Error naming `file` and the tensor.
TorchCheckpoint read_torch_checkpoint(std::span<const std::byte> bytes, const std::string& file,
                                      nlohmann::json& settings);

/// The characters by id of nanoGPT's meta.pkl. Throws Error naming `file`.
std::vector<std::string> read_nanogpt_characters(std::span<const std::byte> bytes, const std::string& file);

}  // namespace orrery
