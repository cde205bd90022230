#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/tokenizer.h"

namespace orrery {

/// The kinds of token that SentencePiece and GGUF know.
enum class TokenType { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

/// The tokenizer of a GGUF file: its keys tokenizer.ggml.*, as they stand there and not yet checked.
struct GgufTokenizer {
  std::string model;                ///< "gpt2", "llama"
  std::string pre;                  ///< of gpt2: how text is cut before; empty: as GPT-2 does
  std::vector<std::string> tokens;  ///< by id
  std::vector<float> scores;        ///< of llama, by id
  std::vector<int> token_types;     ///< by id, or empty: all normal
  std::vector<std::string> merges;  ///< of gpt2: "left right", by rank
  int beginning_id = -1, unknown_id = -1;
  bool add_beginning = false;    ///< callers give true for llama if the file says nothing
  bool add_space_prefix = true;  ///< of llama

  TokenType type(size_t id) const {
    return id < token_types.size() ? TokenType(token_types[id]) : TokenType::normal;
  }
};

/// Throws Error naming `file` and what is wrong or cannot be read.
std::shared_ptr<const Tokenizer> make_gguf_tokenizer(const GgufTokenizer& source, const std::string& file);

/// The regular expression that cuts text before a byte-level BPE, for a value of tokenizer.ggml.pre. Throws
/// Error naming `file` if it is not known.
std::string gguf_pattern(const std::string& pre, const std::string& file);
/// Whether a piece that is a token is that token, whatever the merges.
bool gguf_ignores_merges(const GgufTokenizer& source);

/// Reads llama2.c's tokenizer.bin: for each token its score, length and bytes; spaces are spaces already.
/// Throws Error naming `file`.
std::shared_ptr<const Tokenizer> read_llama2c_tokenizer(std::span<const std::byte> bytes,
                                                        const std::string& file);

}  // namespace orrery
