#pragma once
#include <string>
#include <vector>

#include "model/tokenizers/sentence_piece.h"

namespace orrery {

/// A GGUF file's tokenizer as the text of Hugging Face's tokenizer.json. SentencePiece's scores become
/// merges: two tokens that together are a token, the highest score first. Throws Error naming `file` if its
/// kind cannot be expressed.
std::string write_hugging_face(const GgufTokenizer& source, const std::string& file);

/// Characters by id as the text of a tokenizer.json: a BPE without merges.
std::string write_hugging_face(const std::vector<std::string>& characters);

}  // namespace orrery
