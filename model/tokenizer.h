#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orrery {

/// One token of an encoded text: its id and the bytes [begin, end) of the text that it stands for.
struct TokenSpan {
  int id = 0;
  size_t begin = 0, end = 0;
  bool operator==(const TokenSpan&) const = default;
};

/// Text to token ids and back. Immutable; safe to use from any thread.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// The kind in one or two words: "characters", "byte-level BPE".
  virtual std::string kind() const = 0;
  virtual int size() const = 0;  ///< ids are 0 .. size - 1
  /// Tokens of a text. Throws Error for invalid UTF-8 and for characters that the vocabulary lacks (naming
  /// them).
  virtual std::vector<TokenSpan> encode(std::string_view text) const = 0;
  /// The bytes of one token: possibly a part of a UTF-8 character. Empty for ids outside.
  virtual std::string bytes(int id) const = 0;

  std::vector<int> ids(std::string_view text) const;
  /// The bytes of all tokens in a row.
  std::string decode(const std::vector<int>& ids) const;
};

/// A token's bytes as drawn: space and newline as signs (␣ ⏎ →), bytes that are not whole UTF-8 characters
/// and control characters in hex ("E4 B8").
std::string display_token(std::string_view bytes);

/// The length of the longest prefix of `bytes` that holds whole UTF-8 characters only: what may be printed
/// already.
size_t whole_characters(std::string_view bytes);

/// Takes out of `pending` what can be printed already: whole characters, U+FFFD for bytes that can never
/// become one; keeps an unfinished character at the end, unless `finished`. Always valid UTF-8: for output as
/// it is produced.
std::string take_printable(std::string& pending, bool finished);

/// Throws Error (with `what` naming the source) if `text` is not valid UTF-8.
void check_utf8(std::string_view text, const std::string& what);

}  // namespace orrery
