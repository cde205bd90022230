#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/message.h"
#include "model/tokenizer.h"

namespace orrery {

/// A text on its way to tokens, laid out for drawing: every piece is a row of columns (bytes or characters);
/// what happens to them is a list of moments, each with a box below the columns that it spans.
struct TokenSteps {
  /// What one step of the tokenizer does.
  enum class Event { merge, candidate, choice };
  struct Column {
    size_t begin = 0, end = 0;  ///< bytes of the piece's text
    int width = 0;              ///< bytes that are written in it
  };
  struct Moment {
    Event event = Event::merge;
    int piece = 0;
    int index = 0;  ///< of the merge or candidate
  };
  /// A token that was made or looked at.
  struct Box {
    int first = 0, last = 0;    ///< columns, the last one included
    int lane = 0;               ///< 0: right below the columns
    int id = 0;                 ///< -1: no token
    int left = -1, right = -1;  ///< of a merge: the boxes that it joins, or -1 - column
    size_t moment = 0;          ///< when it appears: after so many moments are complete
    bool taken = false;         ///< of a candidate: a part of the answer
    bool final = false;         ///< of a merge: it is a token in the end
  };
  struct Piece {
    std::vector<Column> columns;
    std::vector<Box> boxes;                        ///< one a merge or candidate
    size_t begin = 0, end = 0;                     ///< its moments
    std::vector<int> first_columns, last_columns;  ///< by token
  };

  std::shared_ptr<const Tokenizer> tokenizer;
  std::string text;
  std::optional<Message> problem;  ///< why there are no tokens
  TokenizingSteps steps;
  std::vector<Piece> pieces;  ///< one each of steps.pieces
  std::vector<Moment> moments;
  int lanes = 0;
  size_t characters = 0, tokens = 0;

  double tokens_per_character() const { return characters ? double(tokens) / double(characters) : 0; }
};

/// Tokenizes a text; an Error becomes `problem`.
TokenSteps lay_out_steps(std::shared_ptr<const Tokenizer> tokenizer, std::string text);

}  // namespace orrery
