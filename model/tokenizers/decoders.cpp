#include "model/tokenizers/decoders.h"

#include "model/message.h"
#include "model/tokenizers/byte_characters.h"
#include "model/tokenizers/json_fields.h"
#include "model/tokenizers/normalizers.h"
#include "model/tokenizers/token_model.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

using nlohmann::json;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty()) return;
  for (size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
    text.replace(at, from.size(), to);
}

Decoder replace_decoder(Pattern pattern, std::string with) {
  return [=](std::vector<std::string>& tokens, bool) {
    for (std::string& token : tokens) token = replaced(AlignedText(token, 0), pattern, with).text();
  };
}

void fuse(std::vector<std::string>& tokens, bool) {
  std::string whole;
  for (const std::string& token : tokens) whole += token;
  tokens = {whole};
}

Decoder strip_decoder(std::string content, size_t left, size_t right) {
  return [=](std::vector<std::string>& tokens, bool at_start) {
    if (content.empty() || !at_start) return;
    for (std::string& token : tokens) {
      for (size_t i = 0; i < left && token.starts_with(content); ++i) token.erase(0, content.size());
      for (size_t i = 0; i < right && token.ends_with(content); ++i)
        token.resize(token.size() - content.size());
    }
  };
}

/// What a Python function of BERT's makes of English text, in its order.
void clean_up(std::string& text) {
  constexpr const char* changes[][2] = {{" .", "."},   {" ?", "?"},     {" !", "!"},    {" ,", ","},
                                        {" ' ", "'"},  {" n't", "n't"}, {" 'm", "'m"},  {" do not", " don't"},
                                        {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}};
  for (const auto& change : changes) replace_all(text, change[0], change[1]);
}

/// Whether a token is written in Chinese, which has no spaces between words.
bool is_chinese(std::string_view token) {
  const int point = code_point(token);
  const bool sign = (point >= 0x3000 && point < 0x3040) || (point >= 0xff00 && point < 0xfff0);
  return is_ideograph(point) || sign;
}

size_t count_field(const json& step, const char* name) {
  const json& value = member(step, name);
  return value.is_number_unsigned() ? value.get<size_t>() : 0;
}

void add_decoder(const json& step, const std::string& file, std::vector<Decoder>& steps) {
  constexpr size_t most = 64;
  const std::string type = text_of(member(step, "type"));
  if (steps.size() >= most) throw Error(say("{0}: {1} has more than {2} steps.", file, "decoder", most));
  if (type == "Sequence" && member(step, "decoders").is_array()) {
    for (const json& inner : member(step, "decoders")) add_decoder(inner, file, steps);
  } else if (type == "ByteLevel") {
    steps.push_back(byte_level_decoder());
  } else if (type == "Metaspace") {
    std::string sign = text_of(member(step, "replacement"));
    bool never = member(step, "prepend_scheme") == "never" || member(step, "add_prefix_space") == false;
    steps.push_back(metaspace_decoder(sign.empty() ? "▁" : sign, !never));
  } else if (type == "Replace") {
    steps.push_back(
        replace_decoder(read_pattern(member(step, "pattern"), file), text_field(step, "content", file)));
  } else if (type == "ByteFallback") {
    steps.push_back(byte_fallback_decoder());
  } else if (type == "Fuse") {
    steps.push_back(fuse);
  } else if (type == "Strip") {
    steps.push_back(strip_decoder(text_field(step, "content", file), count_field(step, "start"),
                                  count_field(step, "stop")));
  } else if (type == "WordPiece") {
    const json& prefix = member(step, "prefix");
    steps.push_back(word_piece_decoder(prefix.is_string() ? prefix.get<std::string>() : "##",
                                       member(step, "cleanup") != false));
  } else {
    refuse_part(file, "decoder", step);
  }
}

}  // namespace

Decoder byte_level_decoder() {
  return [](std::vector<std::string>& tokens, bool) {
    for (std::string& token : tokens)
      if (std::string bytes; from_byte_characters(token, bytes)) token = bytes;
  };
}

Decoder metaspace_decoder(std::string replacement, bool drop_first) {
  return [=](std::vector<std::string>& tokens, bool at_start) {
    for (size_t i = 0; i < tokens.size(); ++i)
      replace_all(tokens[i], replacement, i == 0 && at_start && drop_first ? "" : " ");
  };
}

Decoder word_piece_decoder(std::string continuation, bool with_clean_up) {
  return [=](std::vector<std::string>& tokens, bool at_start) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      bool first = at_start && i == 0;
      if (!first && tokens[i].starts_with(continuation))
        tokens[i].erase(0, continuation.size());
      else if (!first && (at_start || !is_chinese(tokens[i])))
        tokens[i].insert(0, " ");
      if (with_clean_up) clean_up(tokens[i]);
    }
  };
}

Decoder byte_fallback_decoder() {
  return [](std::vector<std::string>& tokens, bool) {
    for (std::string& token : tokens)
      if (int byte = byte_of_token(token); byte >= 0) token = std::string(1, char(byte));
  };
}

std::vector<Decoder> sentence_piece_decoders(bool drop_first_space) {
  std::vector<Decoder> steps = {replace_decoder(Pattern::literal("▁"), " "), byte_fallback_decoder(), fuse};
  if (drop_first_space) steps.push_back(strip_decoder(" ", 1, 0));
  return steps;
}

std::vector<Decoder> read_decoders(const json& value, const std::string& file) {
  std::vector<Decoder> steps;
  if (!value.is_null()) add_decoder(value, file, steps);
  return steps;
}

}  // namespace orrery
