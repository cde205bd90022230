#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizers/aligned_text.h"

namespace orrery {

/// GPT-2's pattern (reference: tokenization_gpt2.py of huggingface/transformers).
inline constexpr char gpt2_pattern[] =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// Each digit by itself, the rest as GPT-2 cuts it: SmolLM's two steps in one.
inline constexpr char digits_then_gpt2_pattern[] =
    R"(\p{N}|'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+)";
/// BLOOM's.
inline constexpr char bloom_pattern[] = R"( ?[^(\s|.,!?…。，、।۔،)]+)";

/// LLaMA 3's, as its tokenizer.json has it; that of GPT-4 says the same in other words.
inline constexpr char llama3_pattern[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

/// What a tokenizer file searches for: a text as it is, or a regular expression in the dialect of Hugging
/// Face's tokenizers (Oniguruma), of which PCRE2 reads what such files use. Immutable.
class Pattern {
 public:
  static Pattern literal(std::string text);
  /// Throws Error naming `file` if the expression is too long or cannot be read.
  static Pattern expression(std::string_view expression, const std::string& file);

  /// All matches from left to right, none of them empty. The work is bounded whatever the expression: throws
  /// Error where that is not enough. `text` is valid UTF-8.
  std::vector<TextRange> find_all(std::string_view text) const;

 private:
  struct Code;
  std::string literal_;
  std::shared_ptr<const Code> code_;
};

}  // namespace orrery
