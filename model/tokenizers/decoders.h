#pragma once
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace orrery {

/// A step from tokens' texts back to the text. `at_start`: the first is the first of the whole text; else it
/// is one by itself, and what is done at borders between tokens is left out.
using Decoder = std::function<void(std::vector<std::string>& tokens, bool at_start)>;

Decoder byte_level_decoder();
/// ▁ becomes a space, but for those of the first token where `drop_first`.
Decoder metaspace_decoder(std::string replacement, bool drop_first);
/// Words get a space before them; with `clean_up` none before signs and endings ("n't"). A token by itself
/// gets none if it is Chinese: what a model writes token by token has no spaces there.
Decoder word_piece_decoder(std::string continuation, bool clean_up);
Decoder byte_fallback_decoder();
/// ▁ becomes a space, <0x0A> its byte, and one space before the text is dropped: SentencePiece's.
std::vector<Decoder> sentence_piece_decoders(bool drop_first_space);

/// The field "decoder" of a tokenizer.json. Throws Error naming `file` and the type that cannot be read.
std::vector<Decoder> read_decoders(const nlohmann::json& json, const std::string& file);

}  // namespace orrery
