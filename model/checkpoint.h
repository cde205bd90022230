#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/progress.h"
#include "model/stored_tensor.h"
#include "model/tensor.h"
#include "model/tokenizer.h"

namespace orrery {

/// What a model file or folder holds: the same whatever its format. Move-only owner of the mapped files.
struct Checkpoint {
  std::filesystem::path path;          ///< as given
  std::filesystem::path weights_file;  ///< the file that holds the weights, or says which files hold them
  std::vector<std::filesystem::path> weights_files;  ///< all that hold weights
  std::string format;                                ///< e.g. "safetensors", "GGUF 3"
  Config config;
  Config generation;                            ///< generation_config.json; empty where there is none
  std::map<std::string, StoredTensor> tensors;  ///< names without `transformer.` and `_orig_mod.`
  std::map<std::string, std::string> metadata;  ///< safetensors `__metadata__`
  std::vector<std::string> ignored;             ///< tensors that are no weights (mask buffers)
  std::shared_ptr<const Tokenizer> tokenizer;   ///< null if the model has none
  /// Writes the tokenizer that lies inside of the file as a tokenizer.json; empty where tokenizer files lie
  /// beside it.
  std::function<std::string()> tokenizer_json;
  std::vector<std::shared_ptr<void>> files;  ///< keeps the mapped memory alive
};

/// Opens a model: a folder or one file of it, in any of the formats of model/formats. A folder holds
/// model.safetensors or its index, a pytorch_model.bin, ckpt.pt, .pth, .gguf or llama2.c's .bin; config.json
/// where the format has no configuration of its own; and tokenizer files. Only headers are read; the weights
/// are memory-mapped. Throws Error with a sentence naming file and field.
Checkpoint open_checkpoint(const std::filesystem::path& path);

/// Reads a tokenizer from a model folder: tokenizer.json (characters or Hugging Face's), vocab.json or
/// encoder.json + merges.txt or vocab.bpe, vocab.txt (WordPiece), RWKV's vocabulary, llama2.c's
/// tokenizer.bin; null if the folder has none of these. Of a tokenizer.json, added tokens that a model of
/// `vocabulary` tokens does not know stay out, and their texts are added to `left_out`.
std::shared_ptr<const Tokenizer> open_tokenizer(const std::filesystem::path& folder,
                                                int vocabulary = 0x7fffffff,
                                                std::vector<std::string>* left_out = nullptr);

/// What the file with RWKV's own vocabulary is called.
inline constexpr char world_vocabulary_file[] = "rwkv_vocab_v20230424.txt";
/// The files of a model folder that open_tokenizer reads, and those that describe their special tokens.
inline constexpr const char* tokenizer_files[] = {"tokenizer.json",
                                                  "tokenizer_config.json",
                                                  "special_tokens_map.json",
                                                  "vocab.json",
                                                  "merges.txt",
                                                  "encoder.json",
                                                  "vocab.bpe",
                                                  "vocab.txt",
                                                  world_vocabulary_file,
                                                  "tokenizer.bin"};

/// Checks that the checkpoint has the tensor that `tensor.source` names, in its shape and a number type that
/// can be read. Throws Error naming tensor, both shapes and the file.
void check_weight(const Checkpoint& checkpoint, const Tensor& tensor);

/// Converts the part that `source` names to F32, as graph rows x cols in the memory order of `tensor`
/// (columns_contiguous or not). Checks first, as check_weight does; throws Error naming the tensor if a
/// number is no number.
void read_weight(const Checkpoint& checkpoint, const Tensor& tensor, float* out);

}  // namespace orrery
