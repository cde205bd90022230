#pragma once
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"

namespace orrery {

/// Whether texts such as <|endoftext|> stand for their special token or for their characters.
enum class SpecialTokens { matched, plain };

/// Reads the text of a tokenizer.json: characters, `{"type": "char", "tokens": [...]}`, or Hugging Face's
/// (BPE, Unigram or WordPiece). Throws Error naming `file` and what is wrong, or the type that cannot be
/// read. `vocabulary` and `left_out`: see open_tokenizer.
std::shared_ptr<const Tokenizer> read_tokenizer_json(std::string_view text, const std::string& file,
                                                     int vocabulary = 0x7fffffff,
                                                     std::vector<std::string>* left_out = nullptr);

/// Opens a tokenizer that stands alone: a folder with one, a tokenizer.json, vocab.txt, RWKV's vocabulary or
/// tokenizer.bin, or one of GPT-2's two files beside the other. Throws Error naming what is wrong, or that it
/// is none of these.
std::shared_ptr<const Tokenizer> open_tokenizer_alone(const std::filesystem::path& path);

/// Reads GPT-2's own pair of files: vocab.json or encoder.json, and merges.txt or vocab.bpe.
std::shared_ptr<const Tokenizer> read_gpt2_tokenizer(std::string_view vocabulary,
                                                     const std::string& vocabulary_file,
                                                     std::string_view merges, const std::string& merges_file,
                                                     SpecialTokens special = SpecialTokens::matched);

/// A Hugging Face tokenizer.json, already parsed; used by read_tokenizer_json.
std::shared_ptr<const Tokenizer> read_hugging_face(const nlohmann::json& json, const std::string& file,
                                                   int vocabulary, std::vector<std::string>* left_out);

/// Reads BERT's vocab.txt: a token a line, its number the id. `configuration` is tokenizer_config.json
/// (do_lower_case, strip_accents, tokenize_chinese_chars), or null for BERT's own choices. Throws Error.
std::shared_ptr<const Tokenizer> read_word_piece_vocabulary(std::string_view vocabulary,
                                                            const std::string& file,
                                                            const nlohmann::json& configuration);

}  // namespace orrery
