#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "model/tokenizer.h"

namespace orrery {

/// Reads the text of a tokenizer.json: characters, `{"type": "char", "tokens": [...]}`. Throws Error naming
/// `file` and what is wrong, or the type that cannot be read.
std::shared_ptr<const Tokenizer> read_tokenizer_json(std::string_view text, const std::string& file);

}  // namespace orrery
