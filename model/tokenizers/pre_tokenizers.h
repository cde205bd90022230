#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/tokenizers/aligned_text.h"
#include "model/tokenizers/pattern.h"

namespace orrery {

/// A step that cuts pieces of a text into smaller ones.
using PreTokenizer = std::function<std::vector<AlignedText>(const AlignedText&)>;

/// What becomes of the matches at which a piece is cut; names as in Hugging Face's files.
enum class SplitBehavior { removed, isolated, contiguous, merged_with_previous, merged_with_next };

/// Cuts at `matches`, which follow each other; what is between them are pieces of their own. `invert` takes
/// what is between for the matches.
std::vector<AlignedText> split(const AlignedText& text, const std::vector<TextRange>& matches,
                               SplitBehavior behavior, bool invert = false);

/// GPT-2's: a space is put before a text that has none, if asked for, and the text cut by GPT-2's pattern,
/// if asked for. The pieces stay bytes of UTF-8: byte characters are the vocabulary's business.
PreTokenizer byte_level_pre_tokenizer(bool add_prefix_space, bool use_pattern);
PreTokenizer split_pre_tokenizer(Pattern pattern, SplitBehavior behavior, bool invert);
/// SentencePiece's: spaces become ▁ (or another sign), one is put before the text, and every word begins with
/// one.
enum class PrefixScheme { always, first, never };
PreTokenizer metaspace_pre_tokenizer(std::string replacement, PrefixScheme scheme, bool cut);
PreTokenizer bert_pre_tokenizer();

/// The steps of a tokenizer.json's field "pre_tokenizer", and whether the vocabulary is in byte characters.
struct PreTokenizers {
  std::vector<PreTokenizer> steps;
  bool byte_level = false;
};
/// Throws Error naming `file` and the type that cannot be read.
PreTokenizers read_pre_tokenizers(const nlohmann::json& json, const std::string& file);

}  // namespace orrery
