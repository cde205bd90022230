#pragma once
#include <vector>

#include "app/panels/tokenizer.h"

namespace orrery {

/// The picture of a text on its way to tokens: from top to bottom its words, their characters and bytes, the
/// merges or the tokens that fit, the tokens and their ids. Columns stand below each other.
class TokenizerCanvas {
 public:
  /// Fills the rest of the child window that is open, which scrolls.
  void draw(TokenizerPage& page, const TokenSteps& steps);

 private:
  using Piece = TokenSteps::Piece;
  using Box = TokenSteps::Box;

  /// Where everything stands; computed anew when the text or the size of type changes.
  void place(const TokenSteps& steps);
  float least_width() const;  ///< of a column, in design pixels
  float left_of(size_t piece, int column) const { return lefts_[first_column_[piece] + size_t(column)]; }
  float right_of(size_t piece, int column) const;

  void piece_rows(size_t number) const;
  void characters(size_t number) const;
  void boxes(size_t number) const;
  void box(size_t number, const Box& box, const ImVec4& fill, float growth, bool dim) const;
  void edge(size_t number, int part, const Box& to, float alpha) const;
  void tokens(size_t number) const;
  void labels() const;
  void follow(TokenizerPage& page) const;
  bool done(const Piece& piece) const { return position_ >= double(piece.end) - 1e-6; }
  ImVec2 at(float x, float y) const { return {origin_.x + x, origin_.y + y}; }

  const TokenSteps* steps_ = nullptr;
  std::shared_ptr<const TokenSteps> placed_;  // what the places belong to
  float scale_ = 0, type_ = 0;
  std::vector<float> lefts_;          // by column of all pieces
  std::vector<size_t> first_column_;  // by piece
  std::vector<float> ends_;           // by piece
  std::vector<size_t> first_token_;   // by piece: how many tokens are before it
  float width_ = 0;
  float words_ = 0, characters_ = 0, bytes_ = 0, lanes_ = 0, tokens_ = 0, height_ = 0;  // rows: top edges
  ImVec2 origin_;
  bool search_ = false;  // tokens that fit are looked for, nothing is merged
  double position_ = 0;
  ImDrawList* list_ = nullptr;
};

}  // namespace orrery
