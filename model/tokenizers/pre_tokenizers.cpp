#include "model/tokenizers/pre_tokenizers.h"

#include <algorithm>

#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/json_fields.h"
#include "model/tokenizers/normalizers.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

using nlohmann::json;

/// Every character of a kind is a match of its own.
std::vector<TextRange> characters(std::string_view text, bool (*kind)(int)) {
  std::vector<TextRange> matches;
  for_each_character(text, [&](size_t begin, size_t end, int point) {
    if (kind(point)) matches.push_back({begin, end});
  });
  return matches;
}

PreTokenizer split_at(bool (*kind)(int), SplitBehavior behavior) {
  return [=](const AlignedText& text) { return split(text, characters(text.text(), kind), behavior); };
}

AlignedText with_prefix(const AlignedText& text, std::string_view prefix) {
  AlignedText result;
  result.put(prefix, text.place(0, 0));
  result.keep(text, 0, text.text().size());
  return result;
}

SplitBehavior read_behavior(const json& step, SplitBehavior otherwise, const std::string& file) {
  const json& value = member(step, "behavior");
  if (value.is_null()) return otherwise;
  if (value == "Removed") return SplitBehavior::removed;
  if (value == "Isolated") return SplitBehavior::isolated;
  if (value == "Contiguous") return SplitBehavior::contiguous;
  if (value == "MergedWithPrevious") return SplitBehavior::merged_with_previous;
  if (value == "MergedWithNext") return SplitBehavior::merged_with_next;
  throw Error(say("{0}: the option {1} cannot be read.", file, "behavior"));
}

PreTokenizer read_metaspace(const json& step, const std::string& file) {
  std::string scheme = text_of(member(step, "prepend_scheme"));
  if (scheme.empty()) scheme = member(step, "add_prefix_space") == false ? "never" : "always";
  if (scheme != "always" && scheme != "first" && scheme != "never")
    throw Error(say("{0}: the option {1} cannot be read.", file, "prepend_scheme"));
  std::string replacement = text_of(member(step, "replacement"));
  if (replacement.empty()) replacement = "▁";
  return metaspace_pre_tokenizer(replacement,
                                 scheme == "always"  ? PrefixScheme::always
                                 : scheme == "first" ? PrefixScheme::first
                                                     : PrefixScheme::never,
                                 member(step, "split") != false);
}

void add_step(const json& step, const std::string& file, PreTokenizers& result) {
  constexpr size_t most = 64;
  const std::string type = text_of(member(step, "type"));
  if (result.steps.size() >= most)
    throw Error(say("{0}: {1} has more than {2} steps.", file, "pre_tokenizer", most));
  if (type == "Sequence" && member(step, "pretokenizers").is_array()) {
    for (const json& inner : member(step, "pretokenizers")) add_step(inner, file, result);
    return;
  }
  // What comes behind it would see byte characters in place of the text.
  if (result.byte_level) refuse_part(file, "pre_tokenizer", step);
  if (type == "ByteLevel") {
    result.byte_level = true;
    result.steps.push_back(byte_level_pre_tokenizer(member(step, "add_prefix_space") == true,
                                                    member(step, "use_regex") != false));
  } else if (type == "Split") {
    result.steps.push_back(split_pre_tokenizer(read_pattern(member(step, "pattern"), file),
                                               read_behavior(step, SplitBehavior::isolated, file),
                                               member(step, "invert") == true));
  } else if (type == "Metaspace") {
    result.steps.push_back(read_metaspace(step, file));
  } else if (type == "Whitespace") {
    result.steps.push_back(
        split_pre_tokenizer(Pattern::expression(R"(\w+|[^\w\s]+)", file), SplitBehavior::removed, true));
  } else if (type == "WhitespaceSplit") {
    result.steps.push_back(split_at(is_white_space, SplitBehavior::removed));
  } else if (type == "BertPreTokenizer") {
    result.steps.push_back(bert_pre_tokenizer());
  } else if (type == "Digits") {
    bool single = member(step, "individual_digits") == true;
    result.steps.push_back(split_at(is_number, single ? SplitBehavior::isolated : SplitBehavior::contiguous));
  } else if (type == "Punctuation") {
    result.steps.push_back(split_at(is_punctuation, read_behavior(step, SplitBehavior::isolated, file)));
  } else {
    refuse_part(file, "pre_tokenizer", step);
  }
}

/// A range and whether it is a match.
struct Cut {
  TextRange range;
  bool match;
};

/// Joins a match to the piece before it, unless that is a match too (reference: tokenizers'
/// NormalizedString).
void merge_matches(std::vector<Cut>& cuts) {
  std::vector<Cut> merged;
  bool after_match = false;
  for (const Cut& cut : cuts) {
    if (cut.match && !after_match && !merged.empty()) {
      merged.back().range.begin = std::min(merged.back().range.begin, cut.range.begin);
      merged.back().range.end = std::max(merged.back().range.end, cut.range.end);
    } else {
      merged.push_back(cut);
    }
    after_match = cut.match;
  }
  cuts = std::move(merged);
}

void merge_contiguous(std::vector<Cut>& cuts) {
  std::vector<Cut> merged;
  for (const Cut& cut : cuts)
    if (!merged.empty() && merged.back().match == cut.match)
      merged.back().range.end = cut.range.end;
    else
      merged.push_back(cut);
  cuts = std::move(merged);
}

}  // namespace

std::vector<AlignedText> split(const AlignedText& text, const std::vector<TextRange>& matches,
                               SplitBehavior behavior, bool invert) {
  std::vector<Cut> cuts;
  size_t end = 0;
  for (const TextRange& match : matches) {
    if (match.begin > end) cuts.push_back({{end, match.begin}, invert});
    cuts.push_back({match, !invert});
    end = match.end;
  }
  if (end < text.text().size()) cuts.push_back({{end, text.text().size()}, invert});
  if (behavior == SplitBehavior::removed) std::erase_if(cuts, [](const Cut& cut) { return cut.match; });
  if (behavior == SplitBehavior::contiguous) merge_contiguous(cuts);
  if (behavior == SplitBehavior::merged_with_previous) merge_matches(cuts);
  if (behavior == SplitBehavior::merged_with_next) {
    std::reverse(cuts.begin(), cuts.end());
    merge_matches(cuts);
    std::reverse(cuts.begin(), cuts.end());
  }
  std::vector<AlignedText> pieces;
  pieces.reserve(cuts.size());
  for (const Cut& cut : cuts) pieces.push_back(text.slice(cut.range.begin, cut.range.end));
  return pieces;
}

PreTokenizer byte_level_pre_tokenizer(bool add_prefix_space, bool use_pattern) {
  static const Pattern pattern = Pattern::expression(gpt2_pattern, "GPT-2");
  return [=](const AlignedText& given) {
    AlignedText text = add_prefix_space && given.text()[0] != ' ' ? with_prefix(given, " ") : given;
    if (!use_pattern) return std::vector<AlignedText>{text};
    return split(text, pattern.find_all(text.text()), SplitBehavior::isolated);
  };
}

PreTokenizer split_pre_tokenizer(Pattern pattern, SplitBehavior behavior, bool invert) {
  return [pattern = std::move(pattern), behavior, invert](const AlignedText& text) {
    return split(text, pattern.find_all(text.text()), behavior, invert);
  };
}

PreTokenizer metaspace_pre_tokenizer(std::string replacement, PrefixScheme scheme, bool cut) {
  return [=, sign = Pattern::literal(replacement)](const AlignedText& given) {
    static const Pattern space = Pattern::literal(" ");
    AlignedText text;
    size_t end = 0;
    for (const TextRange& match : space.find_all(given.text())) {
      text.keep(given, end, match.begin);
      text.put(replacement, given.place(match.begin, match.end));
      end = match.end;
    }
    text.keep(given, end, given.text().size());
    bool wanted =
        scheme == PrefixScheme::always || (scheme == PrefixScheme::first && text.place(0, 0).begin == 0);
    if (wanted && !text.text().starts_with(replacement)) text = with_prefix(text, replacement);
    if (!cut) return std::vector<AlignedText>{text};
    return split(text, sign.find_all(text.text()), SplitBehavior::merged_with_next);
  };
}

PreTokenizer bert_pre_tokenizer() {
  return [](const AlignedText& text) {
    std::vector<AlignedText> pieces;
    for (const AlignedText& word : split_at(is_white_space, SplitBehavior::removed)(text))
      for (AlignedText& piece : split_at(is_punctuation, SplitBehavior::isolated)(word))
        pieces.push_back(std::move(piece));
    return pieces;
  };
}

PreTokenizers read_pre_tokenizers(const json& value, const std::string& file) {
  PreTokenizers result;
  if (!value.is_null()) add_step(value, file, result);
  return result;
}

}  // namespace orrery
