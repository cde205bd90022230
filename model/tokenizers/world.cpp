#include "model/tokenizers/world.h"

#include <charconv>
#include <optional>

#include "model/message.h"
#include "model/tokenizers/unicode.h"

namespace orrery {

namespace {

constexpr size_t largest_file = 16 << 20;  // bytes; RWKV's has one megabyte
constexpr size_t longest_token = 1024;     // bytes: what a search may cost at each place of the text

/// A number that takes up the whole text.
std::optional<int> number_of(std::string_view text, int base = 10) {
  if (text.starts_with('-')) return std::nullopt;
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// Appends what an escape stands for and removes it from `rest`, which begins behind its backslash.
bool read_escape(std::string_view& rest, bool of_bytes, std::string& result) {
  if (rest.empty()) return false;
  const char letter = rest[0];
  rest.remove_prefix(1);
  for (const auto& [name, meant] : {std::pair{'\\', '\\'},
                                    {'\'', '\''},
                                    {'"', '"'},
                                    {'n', '\n'},
                                    {'r', '\r'},
                                    {'t', '\t'},
                                    {'a', '\a'},
                                    {'b', '\b'},
                                    {'f', '\f'},
                                    {'v', '\v'}})
    if (letter == name) return result += meant, true;
  const size_t digits = letter == 'x'                ? 2
                        : letter == 'u' && !of_bytes ? 4
                        : letter == 'U' && !of_bytes ? 8
                                                     : 0;
  if (digits == 0 || rest.size() < digits) return false;
  const std::optional<int> point = number_of(rest.substr(0, digits), 16);
  rest.remove_prefix(digits);
  if (!point || *point > 0x10ffff || (*point >= 0xd800 && *point < 0xe000)) return false;
  if (of_bytes)
    result += char(*point);
  else
    append_character(result, *point);
  return true;
}

/// The bytes of a text or of bytes as Python spells them: 'a', "it's", b'\xe4\xb8'.
std::optional<std::string> read_literal(std::string_view literal) {
  const bool of_bytes = literal.starts_with('b');
  if (of_bytes) literal.remove_prefix(1);
  if (literal.size() < 2 || literal.front() != literal.back()) return std::nullopt;
  const char quote = literal.front();
  if (quote != '\'' && quote != '"') return std::nullopt;
  std::string_view rest = literal.substr(1, literal.size() - 2);
  std::string result;
  while (!rest.empty()) {
    const char byte = rest[0];
    rest.remove_prefix(1);
    if (byte == '\\') {
      if (!read_escape(rest, of_bytes, result)) return std::nullopt;
    } else if (byte == quote || (of_bytes && static_cast<unsigned char>(byte) >= 0x80)) {
      return std::nullopt;
    } else {
      result += byte;
    }
  }
  return result;
}

/// Id and bytes of a line.
std::optional<std::pair<int, std::string>> read_line(std::string_view line) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == line.npos || last <= first + 1) return std::nullopt;
  const std::optional<int> id = number_of(line.substr(0, first)), length = number_of(line.substr(last + 1));
  std::optional<std::string> bytes = read_literal(line.substr(first + 1, last - first - 1));
  if (!id || !length || !bytes || bytes->size() != size_t(*length)) return std::nullopt;
  return std::pair(*id, std::move(*bytes));
}

}  // namespace

WorldTokenizer::WorldTokenizer(const TokenList& tokens, const std::string& file)
    : vocabulary_(tokens, {{"<|endoftext|>", 0}}, file) {
  for (const auto& [text, id] : tokens) {
    if (text.empty() || text.size() > longest_token)
      throw Error(say("{0}: the token {1} must have 1 to {2} bytes.", file, id, longest_token));
    tree_.add(text, int(id));
  }
  for (int byte = 0; byte < 256; ++byte)
    if (vocabulary_.id(std::string(1, char(byte))) < 0)
      throw Error(
          say("{0}: the vocabulary lacks the token {1}.", file, display_token(std::string(1, char(byte)))));
}

std::vector<TokenSpan> WorldTokenizer::encode(std::string_view text) const {
  check_text(text);
  std::vector<TokenSpan> spans;
  for (size_t begin = 0; begin < text.size(); begin = spans.back().end) {
    TokenSpan longest{0, begin, begin};
    tree_.prefixes(text.substr(begin), [&](size_t length, int id) { longest = {id, begin, begin + length}; });
    spans.push_back(longest);
  }
  return spans;
}

TokenizingSteps WorldTokenizer::steps(std::string_view text) const {
  check_steps_size(text);
  TokenizingSteps steps;
  steps.normalized = text;
  size_t begin = 0;  // of the piece
  std::vector<TokenizingSteps::Candidate> candidates;
  std::vector<TokenizingSteps::Token> tokens;
  for (const TokenSpan& span : encode(text)) {
    tree_.prefixes(text.substr(span.begin), [&](size_t length, int id) {
      candidates.push_back({id, span.begin - begin, span.begin - begin + length, 0, 0, id == span.id});
    });
    tokens.push_back({span.id, span.begin - begin, span.end - begin, 0});
    const std::string_view piece = text.substr(begin, span.end - begin);
    if (whole_characters(piece) < piece.size()) continue;
    steps.pieces.push_back(
        {std::string(piece), begin, span.end, false, {}, {}, std::move(candidates), std::move(tokens)});
    candidates.clear(), tokens.clear();
    begin = span.end;
  }
  return steps;
}

std::string WorldTokenizer::bytes(int id) const {
  return id >= 0 && id < size() ? vocabulary_.text(id) : std::string();
}

bool is_world_vocabulary(std::string_view text) { return read_line(take_line(text)).has_value(); }

std::shared_ptr<const Tokenizer> read_world_vocabulary(std::string_view text, const std::string& file) {
  if (text.size() > largest_file)
    throw Error(say("{0} is too large: {1} bytes, {2} at most.", file, text.size(), largest_file));
  check_utf8(text, file);
  TokenList tokens;
  while (!text.empty()) {
    auto token = read_line(take_line(text));
    if (!token)
      throw Error(say("{0}: line {1} is no token of RWKV's: its id, its text in quotes and how many bytes.",
                      file, tokens.size() + 1));
    tokens.emplace_back(std::move(token->second), token->first);
  }
  return std::make_shared<WorldTokenizer>(tokens, file);
}

}  // namespace orrery
