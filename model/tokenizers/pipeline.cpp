#include "model/tokenizers/pipeline.h"

#include <algorithm>
#include <numeric>

#include "model/message.h"
#include "model/tokenizers/unicode.h"

namespace orrery {
namespace {

/// Each step may lengthen a text; many could without end.
size_t longest_made_of(size_t bytes) { return (size_t(1) << 16) + 64 * bytes; }

}  // namespace

PipelineTokenizer::PipelineTokenizer(PipelineParts parts)
    : vocabulary_(parts.tokens, parts.added, parts.file),
      normalizers_(std::move(parts.normalizers)),
      pre_tokenizers_(std::move(parts.pre_tokenizers)),
      model_(parts.make_model(vocabulary_)),
      decoders_(std::move(parts.decoders)),
      prefix_(std::move(parts.prefix)) {
  for (int id : prefix_)
    if (id < 0 || id >= vocabulary_.size())
      throw Error(say("{0}: the token {1} has no valid id.", parts.file, id));
  size_t read = 0, made = 0;  // bytes of all tokens
  for (int id = 0; id < vocabulary_.size(); ++id) {
    std::vector<std::string> token = {vocabulary_.text(id)};
    read += token[0].size();
    for (const Decoder& decoder : decoders_) {
      decoder(token, false);
      if (token.empty()) break;
      if (made + token[0].size() > longest_made_of(read))
        throw Error(say("{0}: the decoder makes the tokens too long.", parts.file));
    }
    bytes_.push_back(token.empty() ? std::string() : token[0]);
    made += bytes_.back().size();
  }
  std::vector<AddedToken> raw, normalized;
  for (AddedToken& token : parts.added) {
    bytes_[size_t(token.id)] = token.text;
    if (!token.normalized || normalizers_.empty()) {
      raw.push_back(token);
      continue;
    }
    token.text = normalize(AlignedText(token.text, 0)).text();
    normalized.push_back(token);
  }
  added_ = std::make_unique<AddedTokens>(std::move(raw), parts.file);
  added_normalized_ = std::make_unique<AddedTokens>(std::move(normalized), parts.file);
}

AlignedText PipelineTokenizer::normalize(const AlignedText& text) const {
  AlignedText result = text;
  const size_t most = longest_made_of(text.text().size());
  for (const Normalizer& normalizer : normalizers_) {
    if (!result.empty()) result = normalizer(result);
    if (result.text().size() > most) throw Error(say("The tokenizer's replacements make the text too long."));
  }
  return result;
}

namespace {

/// Calls `found` for the tokens of a text and `rest` for what is between them.
template <class Found, class Rest>
void around(const AddedTokens& tokens, const AlignedText& text, Found&& found, Rest&& rest) {
  size_t end = 0;
  for (const AddedTokens::Match& match : tokens.find(text.text())) {
    if (match.begin > end) rest(text.slice(end, match.begin));
    found(*match.token, text.place(match.begin, match.end));
    end = match.end;
  }
  if (end < text.text().size()) rest(text.slice(end, text.text().size()));
}

}  // namespace

void PipelineTokenizer::walk(std::string_view whole, const EachText& text_seen, const EachAdded& added_seen,
                             const EachPiece& piece_seen) const {
  check_text(whole);
  auto cut = [&](const AlignedText& text) {
    text_seen(text);
    std::vector<AlignedText> pieces = {text};
    for (const PreTokenizer& pre_tokenizer : pre_tokenizers_) {
      std::vector<AlignedText> smaller;
      for (const AlignedText& piece : pieces)
        for (AlignedText& part : pre_tokenizer(piece))
          if (!part.empty()) smaller.push_back(std::move(part));
      pieces = std::move(smaller);
    }
    for (const AlignedText& piece : pieces) piece_seen(piece);
  };
  auto found = [&](const AddedToken& token, TextRange place) {
    text_seen(AlignedText(token.text, place.begin));
    added_seen(token, place);
  };
  around(*added_, AlignedText(whole, 0), found, [&](const AlignedText& text) {
    AlignedText normalized = normalize(text);
    if (!normalized.empty()) around(*added_normalized_, normalized, found, cut);
  });
}

std::vector<TokenSpan> PipelineTokenizer::encode(std::string_view text) const {
  std::vector<TokenSpan> spans;
  for (int id : prefix_) spans.push_back({id, 0, 0});
  size_t taken = 0;  // places follow each other even where a normalizer joined what tokens take apart
  auto add = [&](int id, TextRange place) {
    size_t begin = std::max(taken, place.begin);
    taken = std::max(begin, place.end);
    spans.push_back({id, begin, taken});
  };
  std::vector<TokenizingSteps::Token> tokens;
  walk(
      text, [](const AlignedText&) {},
      [&](const AddedToken& token, TextRange place) { add(token.id, place); },
      [&](const AlignedText& piece) {
        tokens.clear();
        model_->encode(piece.text(), tokens, nullptr);
        for (const TokenizingSteps::Token& token : tokens) add(token.id, piece.place(token.begin, token.end));
      });
  return spans;
}

TokenizingSteps PipelineTokenizer::steps(std::string_view text) const {
  check_steps_size(text);
  TokenizingSteps steps;
  steps.prefix = prefix_;
  walk(
      text, [&](const AlignedText& normalized) { steps.normalized += normalized.text(); },
      [&](const AddedToken& token, TextRange place) {
        steps.pieces.push_back(
            {token.text, place.begin, place.end, true, {}, {}, {}, {{token.id, 0, token.text.size(), 0}}});
      },
      [&](const AlignedText& piece) {
        TextRange place = piece.place(0, piece.text().size());
        TokenizingSteps::Piece& shown = steps.pieces.emplace_back(
            TokenizingSteps::Piece{piece.text(), place.begin, place.end, false, {}, {}, {}, {}});
        model_->encode(piece.text(), shown.tokens, &shown);
      });
  return steps;
}

std::string PipelineTokenizer::bytes(int id) const {
  return id >= 0 && id < size() ? bytes_[size_t(id)] : std::string();
}

std::string PipelineTokenizer::decode(const std::vector<int>& ids) const {
  std::vector<std::string> tokens;
  for (int id : ids)
    if (id >= 0 && id < size()) tokens.push_back(vocabulary_.text(id));
  const auto bytes = [&] {
    return std::accumulate(tokens.begin(), tokens.end(), size_t(0),
                           [](size_t sum, const std::string& token) { return sum + token.size(); });
  };
  const size_t most = longest_made_of(bytes());
  for (const Decoder& decoder : decoders_) {
    decoder(tokens, true);
    if (bytes() > most) throw Error(say("The tokenizer's replacements make the text too long."));
  }
  std::string text;
  for (const std::string& token : tokens) text += token;
  return text;
}

}  // namespace orrery
