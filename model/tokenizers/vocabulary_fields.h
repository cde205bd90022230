#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "model/tokenizers/bpe.h"
#include "model/tokenizers/pipeline.h"

namespace orrery {

/// A JSON object of token and id. Throws Error naming `file`.
TokenList read_vocabulary(const nlohmann::json& vocabulary, const std::string& file);
/// A merge of a tokenizer.json: "left right" or ["left", "right"]. Throws Error naming its number.
void read_merge(const nlohmann::json& merge, BpeOptions& options);
/// Fills in what every byte-level BPE has: model and decoder.
std::shared_ptr<const Tokenizer> make_byte_level_bpe(PipelineParts parts, BpeOptions options);

}  // namespace orrery
