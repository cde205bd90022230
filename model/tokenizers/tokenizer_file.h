#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

// Parts of a tokenizer.json with every field that Hugging Face's tokenizers write, in their order.

/// The whole file around a model; what else there may be is null.
nlohmann::ordered_json tokenizer_file(nlohmann::ordered_json model);
/// A BPE with neither tokens nor merges yet.
nlohmann::ordered_json bpe_model();
/// Bytes as characters; `use_regex`: cuts words as GPT-2 does, too.
nlohmann::ordered_json byte_level(bool use_regex);
/// Cuts words by a pattern, then bytes as characters.
nlohmann::ordered_json byte_level_after(const std::string& pattern);

}  // namespace orrery
