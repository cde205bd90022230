#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "model/tokenizers/aligned_text.h"
#include "model/tokenizers/pattern.h"

namespace orrery {

/// A step that changes a text before it is cut. Throws Error where its work would have no bound.
using Normalizer = std::function<AlignedText(const AlignedText&)>;

/// Unicode's normal forms.
enum class NormalForm { nfc, nfd, nfkc, nfkd };
AlignedText normal_form(const AlignedText& text, NormalForm form);

AlignedText lower_case(const AlignedText& text);
/// Drops what `drop` says of a character's code point.
AlignedText without(const AlignedText& text, bool (*drop)(int));
/// Puts `with` in the place of every match; the whole then may be 16 times as long at most.
AlignedText replaced(const AlignedText& text, const Pattern& pattern, std::string_view with);

/// BERT's: which of its four steps are done.
struct BertNormalizerOptions {
  bool clean = true, separate_ideographs = true, strip_accents = true, lower_case = true;
};
AlignedText bert_normalized(const AlignedText& text, const BertNormalizerOptions& options);

/// SentencePiece's own table of replacements, as T5 has it: `table` is precompiled_charsmap in base64. Throws
/// Error naming `file`.
Normalizer precompiled_normalizer(std::string_view table, const std::string& file);

/// The field "normalizer" of a tokenizer.json, in order. Throws Error naming `file` and the type that cannot
/// be read.
std::vector<Normalizer> read_normalizers(const nlohmann::json& json, const std::string& file);
/// A {"String": ...} or {"Regex": ...}.
Pattern read_pattern(const nlohmann::json& json, const std::string& file);

}  // namespace orrery
