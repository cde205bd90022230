#pragma once
#include <functional>
#include <memory>

#include "model/tokenizers/decoders.h"
#include "model/tokenizers/normalizers.h"
#include "model/tokenizers/pre_tokenizers.h"
#include "model/tokenizers/token_model.h"
#include "model/tokenizers/vocabulary.h"

namespace orrery {

/// What a PipelineTokenizer is put together from.
struct PipelineParts {
  std::string file;  ///< for error messages
  TokenList tokens;
  std::vector<AddedToken> added;
  std::vector<Normalizer> normalizers;
  std::vector<PreTokenizer> pre_tokenizers;
  std::function<std::unique_ptr<TokenModel>(const Vocabulary&)> make_model;
  std::vector<Decoder> decoders;
  std::vector<int> prefix;
};

/// Text to tokens in the steps of Hugging Face's tokenizers: added tokens are found, the rest is normalized,
/// cut into pieces, and each piece encoded by the model.
class PipelineTokenizer final : public Tokenizer {
 public:
  /// Throws Error naming file and what is wrong.
  explicit PipelineTokenizer(PipelineParts parts);

  std::string kind() const override { return model_->kind(); }
  int size() const override { return vocabulary_.size(); }
  std::vector<TokenSpan> encode(std::string_view text) const override;
  TokenizingSteps steps(std::string_view text) const override;
  std::vector<int> prefix() const override { return prefix_; }
  std::string bytes(int id) const override;
  std::string decode(const std::vector<int>& ids) const override;

 private:
  using EachAdded = std::function<void(const AddedToken&, TextRange place)>;
  using EachPiece = std::function<void(const AlignedText& piece)>;
  using EachText = std::function<void(const AlignedText& normalized)>;
  AlignedText normalize(const AlignedText& text) const;
  /// Calls one of the functions for each part of the text, in order.
  void walk(std::string_view text, const EachText& text_seen, const EachAdded& added_seen,
            const EachPiece& piece_seen) const;

  Vocabulary vocabulary_;
  std::vector<Normalizer> normalizers_;
  std::vector<PreTokenizer> pre_tokenizers_;
  std::unique_ptr<TokenModel> model_;
  std::vector<Decoder> decoders_;
  std::vector<int> prefix_;
  std::vector<std::string> bytes_;  // by id
  std::unique_ptr<AddedTokens> added_, added_normalized_;
};

}  // namespace orrery
