#pragma once
#include <nlohmann/json_fwd.hpp>

#include "model/config.h"
#include "model/formats/gguf.h"
#include "model/stored_tensor.h"
#include "model/tokenizers/sentence_piece.h"

namespace orrery {

/// Gives the tensors of a GGUF file the names, shapes and orders that Hugging Face's files have, and fills
/// `settings` as the config.json that would stand beside them. `metadata` are the file's keys and values.
/// Throws Error naming the file and the architecture, key or tensor that cannot be read.
std::vector<StoredTensor> read_gguf_model(const Gguf& gguf, const Config& metadata, nlohmann::json& settings);

/// The tokenizer of a GGUF file, as its keys have it; one without a `model` has none. Throws Error naming
/// file and key.
GgufTokenizer read_gguf_tokenizer(const Config& metadata);

}  // namespace orrery
