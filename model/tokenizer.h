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

/// What a text goes through on its way to tokens, kept for showing it.
struct TokenizingSteps {
  /// What a piece is made of at first: bytes or characters.
  struct Unit {
    int id = 0;
    size_t begin = 0, end = 0;  ///< bytes of the piece's text
  };
  /// Two neighbours that become one. A part is named by its first unit.
  struct Merge {
    int rank = 0;      ///< the lowest is merged first, the leftmost among equals
    double score = 0;  ///< what the rank comes from in SentencePiece's vocabularies, else 0
    size_t left = 0, right = 0;
    int id = 0;  ///< of the token that they become
  };
  struct Token {
    int id = 0;
    size_t begin = 0, end = 0;  ///< bytes of the piece's text
    double score = 0;           ///< Unigram: the logarithm of its probability, else 0
  };
  /// A token that fits at a place: what is looked at where nothing is merged.
  struct Candidate {
    int id = 0;                 ///< -1: a character that is no token
    size_t begin = 0, end = 0;  ///< bytes of the piece's text
    double score = 0;           ///< Unigram: the token's own, else 0
    double sum = 0;             ///< Unigram: of the scores of the best way to its end with it, else 0
    bool taken = false;         ///< it is one of the piece's tokens
  };
  /// What is cut into tokens without a look at its neighbours.
  struct Piece {
    std::string text;                   ///< normalized; bytes of UTF-8
    size_t begin = 0, end = 0;          ///< bytes of the person's text
    bool added = false;                 ///< a special token that was found in the text as it is
    std::vector<Unit> units;            ///< BPE alone
    std::vector<Merge> merges;          ///< BPE alone, in the order in which they happen
    std::vector<Candidate> candidates;  ///< where nothing is merged, in the order in which they are found
    std::vector<Token> tokens;
  };
  std::vector<int> prefix;  ///< Tokenizer::prefix
  std::string normalized;
  std::vector<Piece> pieces;
};

/// Text to token ids and back. Immutable; safe to use from any thread.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  /// The kind in one or two words: "characters", "byte-level BPE".
  virtual std::string kind() const = 0;
  virtual int size() const = 0;  ///< ids are 0 .. size - 1
  /// Tokens of a text, in order, after those of prefix(). Their places never overlap, but what a normalizer
  /// leaves out belongs to none and what it puts in has an empty place. Throws Error for invalid UTF-8 and
  /// for characters that the vocabulary lacks (naming them).
  virtual std::vector<TokenSpan> encode(std::string_view text) const = 0;
  /// The bytes of one token: possibly a part of a UTF-8 character. Empty for ids outside.
  virtual std::string bytes(int id) const = 0;

  /// What encode puts before every text though nothing in it asks for it: the beginning-of-sequence token, if
  /// the file says so.
  virtual std::vector<int> prefix() const { return {}; }
  /// The same as encode with all that happens on the way. Throws the same errors, and for texts beyond a
  /// megabyte.
  virtual TokenizingSteps steps(std::string_view text) const;
  /// The text of tokens in a row: their bytes, but for spaces between or before words that are not the
  /// tokens' own.
  virtual std::string decode(const std::vector<int>& ids) const;

  std::vector<int> ids(std::string_view text) const;
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
