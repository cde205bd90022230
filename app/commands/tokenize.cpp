#include <nlohmann/json.hpp>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
#include "app/shipped_models.h"
#include "model/tokenizers/readers.h"

namespace orrery {
namespace {

using nlohmann::json;

struct TokenizeOptions {
  InputOptions input;
  std::string tokenizer;
  bool json = false, steps = false;
};

/// How an id is written for people: its bytes as drawn, and the number.
std::string named(const Tokenizer& tokenizer, int id) {
  return display_token(tokenizer.bytes(id)) + " (" + std::to_string(id) + ")";
}

std::string display_part(const TokenizingSteps::Piece& piece, size_t begin, size_t end) {
  return display_token(std::string_view(piece.text).substr(begin, end - begin));
}

json piece_json(const TokenizingSteps::Piece& piece) {
  json units = json::array(), merges = json::array(), candidates = json::array(), tokens = json::array();
  for (const auto& unit : piece.units)
    units.push_back({{"id", unit.id}, {"text", display_part(piece, unit.begin, unit.end)}});
  for (const auto& merge : piece.merges)
    merges.push_back({{"rank", merge.rank},
                      {"score", merge.score},
                      {"left", merge.left},
                      {"right", merge.right},
                      {"id", merge.id}});
  for (const auto& candidate : piece.candidates)
    candidates.push_back({{"id", candidate.id},
                          {"text", display_part(piece, candidate.begin, candidate.end)},
                          {"score", candidate.score},
                          {"sum", candidate.sum},
                          {"taken", candidate.taken}});
  for (const auto& token : piece.tokens)
    tokens.push_back(
        {{"id", token.id}, {"text", display_part(piece, token.begin, token.end)}, {"score", token.score}});
  return {{"text", piece.text}, {"begin", piece.begin}, {"end", piece.end},         {"added", piece.added},
          {"units", units},     {"merges", merges},     {"candidates", candidates}, {"tokens", tokens}};
}

json steps_json(const TokenizingSteps& steps) {
  json pieces = json::array();
  for (const auto& piece : steps.pieces) pieces.push_back(piece_json(piece));
  return {{"prefix", steps.prefix}, {"normalized", steps.normalized}, {"pieces", pieces}};
}

/// The ids of a piece's parts as they are after some merges, by unit; -1: merged into the one before.
std::vector<int> unit_ids(const TokenizingSteps::Piece& piece) {
  std::vector<int> ids;
  for (const auto& unit : piece.units) ids.push_back(unit.id);
  return ids;
}

std::string piece_text(const Tokenizer& tokenizer, const TokenizingSteps::Piece& piece) {
  std::string text;
  const auto line = [&](const Message& message) { text += "  " + translate(message) + "\n"; };
  std::vector<int> ids = unit_ids(piece);
  if (!piece.units.empty()) {
    std::string units;
    for (const auto& unit : piece.units)
      units += (units.empty() ? "" : " ") + display_part(piece, unit.begin, unit.end);
    line(say("begins as {0}", units));
  }
  for (const auto& merge : piece.merges) {
    const std::string left = display_token(tokenizer.bytes(ids[merge.left]));
    const std::string right = display_token(tokenizer.bytes(ids[merge.right]));
    const std::string both = named(tokenizer, merge.id);
    line(merge.score != 0 ? say("merges {0} + {1} = {2}, score {3}", left, right, both, merge.score)
                          : say("merges {0} + {1} = {2}, rank {3}", left, right, both, merge.rank));
    ids[merge.left] = merge.id;
  }
  for (const auto& candidate : piece.candidates) {
    const std::string words = display_part(piece, candidate.begin, candidate.end);
    if (candidate.score == 0)
      line(candidate.taken ? say("finds {0}: the longest", words) : say("finds {0}", words));
    else
      line(candidate.taken
               ? say("finds {0}, score {1}, best sum {2}: on the best way", words, candidate.score,
                     candidate.sum)
               : say("finds {0}, score {1}, best sum {2}", words, candidate.score, candidate.sum));
  }
  std::string tokens;
  for (const auto& token : piece.tokens) tokens += (tokens.empty() ? "" : " ") + named(tokenizer, token.id);
  line(say("tokens: {0}", tokens));
  return text;
}

std::string steps_text(const Tokenizer& tokenizer, std::string_view given, const TokenizingSteps& steps) {
  std::string text;
  if (steps.normalized != given)
    text += translate(say("normalized: {0}", display_token(steps.normalized))) + "\n";
  for (int id : steps.prefix)
    text += translate(say("put before every text: {0}", named(tokenizer, id))) + "\n";
  for (const auto& piece : steps.pieces)
    text += display_token(piece.text) + "\n" + piece_text(tokenizer, piece);
  return text;
}

/// The tokens of ids in place of a text: their text is their bytes, one behind the other. Throws Error naming
/// an id that is none.
std::vector<TokenSpan> spans_of(const Tokenizer& tokenizer, const std::vector<int>& ids) {
  std::vector<TokenSpan> spans;
  size_t end = 0;
  for (int id : ids) {
    if (id < 0 || id >= tokenizer.size())
      throw Error(say("token id {0} is outside the vocabulary of {1}", id, tokenizer.size()));
    const size_t begin = end;
    end += tokenizer.bytes(id).size();
    spans.push_back({id, begin, end});
  }
  return spans;
}

int tokenize(const TokenizeOptions& options) {
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Tokenizer> alone;
  if (options.tokenizer.empty()) {
    model = options.input.load();
    if (!model->tokenizer())
      throw Error(say("{0} has no tokenizer, which 'tokenize' needs: name one with --tokenizer",
                      model->path().string()));
  } else {
    alone = open_tokenizer_alone(model_path(options.tokenizer));
  }
  const Tokenizer& tokenizer = alone ? *alone : *model->tokenizer();
  const std::string given = model ? options.input.text(*model) : options.input.given_text();
  check_utf8(given, options.input.has_file ? options.input.prompt_file : "--prompt");
  json ids = json::array(), tokens = json::array();
  std::string text;
  for (const TokenSpan& span :
       options.input.has_ids ? spans_of(tokenizer, options.input.ids) : tokenizer.encode(given)) {
    const std::string shown = display_token(tokenizer.bytes(span.id));
    ids.push_back(span.id);
    tokens.push_back({{"id", span.id}, {"text", shown}, {"begin", span.begin}, {"end", span.end}});
    text += std::to_string(span.id) + "\t" + shown + "\n";
  }
  json all = {{"ids", ids}, {"tokens", tokens}};
  if (options.steps) {
    const TokenizingSteps steps = tokenizer.steps(given);
    all["steps"] = steps_json(steps);
    text = steps_text(tokenizer, given, steps);
  }
  print(options.json ? all.dump() + "\n" : text);
  return 0;
}

}  // namespace

void add_tokenize(CLI::App& program, Command& chosen) {
  auto options = std::make_shared<TokenizeOptions>();
  CLI::App* command = program.add_subcommand("tokenize", tr("Shows the tokens of a text, one a line"));
  options->input.add_model(*command);
  options->input.add_prompt(*command);
  command
      ->add_option("--tokenizer", options->tokenizer,
                   tr("A tokenizer without its model: tokenizer.json, vocab.txt, tokenizer.bin or a folder"))
      ->type_name("FILE")
      ->check(not_empty())
      ->excludes(command->get_option("--model"));
  command->add_flag("--steps", options->steps, tr("Show how they come about: words, merges, candidates"))
      ->excludes(command->get_option("--ids"));
  command->add_flag("--json", options->json, tr("Print JSON"));
  command->callback([options, &chosen] { chosen = [options] { return tokenize(*options); }; });
}

}  // namespace orrery
