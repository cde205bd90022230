#include "model/tokenizers/sentence_piece.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "model/formats/json.h"
#include "model/message.h"
#include "model/tokenizers/json_fields.h"
#include "model/tokenizers/vocabulary_fields.h"

namespace orrery {

namespace {

constexpr float no_score = std::numeric_limits<float>::quiet_NaN();

Normalizer replace(std::string from, std::string to) {
  return [pattern = Pattern::literal(std::move(from)), to = std::move(to)](const AlignedText& text) {
    return replaced(text, pattern, to);
  };
}

Normalizer prepend(std::string before) {
  return [before = std::move(before)](const AlignedText& text) {
    AlignedText result;
    result.put(before, text.place(0, 0));
    result.keep(text, 0, text.text().size());
    return result;
  };
}

void check_lists(const GgufTokenizer& source, const std::string& file) {
  if (!source.token_types.empty() && source.token_types.size() != source.tokens.size())
    throw Error(say("{0}: the list {1} has {2} entries for {3} tokens.", file, "tokenizer.ggml.token_type",
                    source.token_types.size(), source.tokens.size()));
  if (source.model == "llama" && source.scores.size() != source.tokens.size())
    throw Error(say("{0}: the list {1} has {2} entries for {3} tokens.", file, "tokenizer.ggml.scores",
                    source.scores.size(), source.tokens.size()));
}

/// SentencePiece's BPE: scores in place of merges, ▁ or another sign in place of spaces.
std::shared_ptr<const Tokenizer> make_scored(PipelineParts parts, const std::vector<float>& scores,
                                             int unknown) {
  BpeOptions options;
  options.byte_fallback = true;
  options.fuse_unknown = true;
  options.unknown = unknown;
  std::string file = parts.file;
  parts.make_model = [&](const Vocabulary& vocabulary) {
    return std::make_unique<Bpe>(Bpe::scored(vocabulary, scores, options, file));
  };
  return std::make_shared<PipelineTokenizer>(std::move(parts));
}

std::shared_ptr<const Tokenizer> make_llama(const GgufTokenizer& source, PipelineParts parts) {
  std::vector<float> scores = source.scores;
  for (size_t id = 0; id < scores.size(); ++id) {
    TokenType type = source.type(id);
    bool in_text = type == TokenType::normal || type == TokenType::user_defined || type == TokenType::unused;
    if (in_text && !std::isfinite(scores[id]))
      throw Error(say("{0}: the token {1} has no valid score.", parts.file, json_excerpt(source.tokens[id])));
    if (!in_text || type == TokenType::user_defined) scores[id] = no_score;
  }
  if (source.add_space_prefix) parts.normalizers.push_back(prepend("▁"));
  parts.normalizers.push_back(replace(" ", "▁"));
  parts.decoders = sentence_piece_decoders(source.add_space_prefix);
  return make_scored(std::move(parts), scores, source.unknown_id);
}

std::shared_ptr<const Tokenizer> make_gpt2(const GgufTokenizer& source, PipelineParts parts) {
  BpeOptions options;
  options.merges_file = parts.file;
  for (const std::string& merge : source.merges) {
    check_utf8(merge, parts.file);
    read_merge(merge, options);
  }
  options.ignore_merges = gguf_ignores_merges(source);
  parts.pre_tokenizers = {split_pre_tokenizer(
      Pattern::expression(gguf_pattern(source.pre, parts.file), parts.file), SplitBehavior::isolated, false)};
  return make_byte_level_bpe(std::move(parts), std::move(options));
}

}  // namespace

// The patterns are those of the models' own tokenizer.json.
std::string gguf_pattern(const std::string& pre, const std::string& file) {
  for (const char* name : {"", "default", "gpt-2", "gpt2", "mpt", "olmo", "phi-2", "jina-en"})
    if (pre == name) return gpt2_pattern;
  for (const char* name : {"llama-bpe", "llama3", "llama-v3", "dbrx", "smaug-bpe"})
    if (pre == name) return llama3_pattern;
  if (pre == "qwen2" || pre == "stablelm2" || pre == "deepseek-r1-qwen") {
    std::string pattern = llama3_pattern;
    return pattern.replace(pattern.find("{1,3}"), 5, "");
  }
  if (pre == "smollm") return digits_then_gpt2_pattern;
  if (pre == "bloom" || pre == "gpt3-finnish") return bloom_pattern;
  refuse_part(file, "tokenizer.ggml.pre", pre);
}

bool gguf_ignores_merges(const GgufTokenizer& source) {
  return source.pre == "llama-bpe" || source.pre == "llama3" || source.pre == "llama-v3";
}

std::shared_ptr<const Tokenizer> make_gguf_tokenizer(const GgufTokenizer& source, const std::string& file) {
  check_lists(source, file);
  PipelineParts parts;
  parts.file = file;
  for (size_t id = 0; id < source.tokens.size(); ++id) {
    const std::string& text = source.tokens[id];
    check_utf8(text, file);
    TokenType type = source.type(id);
    bool added = type == TokenType::control || type == TokenType::user_defined;
    if (added && !text.empty())
      parts.added.push_back({text, int(id)});
    else
      parts.tokens.emplace_back(text, (long long)id);
  }
  if (source.add_beginning && source.beginning_id >= 0) parts.prefix = {source.beginning_id};
  if (source.model == "llama") return make_llama(source, std::move(parts));
  if (source.model == "gpt2") return make_gpt2(source, std::move(parts));
  refuse_part(file, "tokenizer", source.model);
}

std::shared_ptr<const Tokenizer> read_llama2c_tokenizer(std::span<const std::byte> bytes,
                                                        const std::string& file) {
  constexpr int beginning = 1, end = 2, first_byte = 3, byte_count = 256;
  constexpr std::uint32_t longest = 1024;
  PipelineParts parts;
  parts.file = file;
  std::vector<float> scores;
  auto fail = [&] { throw Error(say("{0} is no tokenizer of llama2.c (byte {1}).", file, bytes.size())); };
  for (size_t at = 4; at < bytes.size();) {
    float score;
    std::uint32_t length;
    if (bytes.size() - at < 8) fail();
    std::memcpy(&score, bytes.data() + at, 4);
    std::memcpy(&length, bytes.data() + at + 4, 4);
    at += 8;
    if (length > longest || length > bytes.size() - at || !std::isfinite(score)) fail();
    std::string text(reinterpret_cast<const char*>(bytes.data() + at), length);
    at += length;
    check_utf8(text, file);
    int id = int(scores.size());
    // Special tokens and bytes are reached by their ids alone, never by merging characters.
    scores.push_back(id < first_byte + byte_count ? no_score : score);
    if (id == beginning || id == end)
      parts.added.push_back({id == beginning ? "<s>" : "</s>", id});
    else
      parts.tokens.emplace_back(text, id);
  }
  if (scores.size() < first_byte + byte_count) fail();
  parts.prefix = {beginning};
  parts.normalizers = {prepend(" ")};
  parts.decoders = sentence_piece_decoders(true);
  return make_scored(std::move(parts), scores, 0);
}

}  // namespace orrery
