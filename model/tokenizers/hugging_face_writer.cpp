#include "model/tokenizers/hugging_face_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>

#include "model/tokenizers/json_fields.h"
#include "model/tokenizers/tokenizer_file.h"
#include "model/tokenizers/vocabulary.h"

namespace orrery {

namespace {

using nlohmann::json;

json whole_file(const json& model) {
  json file = tokenizer_file({});
  file["model"] = model;
  return file;
}

json bpe(const std::vector<std::string>& tokens) {
  json model = bpe_model();
  json& vocabulary = model["vocab"];
  for (size_t id = 0; id < tokens.size(); ++id) vocabulary[tokens[id]] = id;
  return model;
}

/// The cuts of every token into two tokens, the highest score of the whole first.
json merges_of(const GgufTokenizer& source) {
  TextIds ids;
  const auto in_text = [&](size_t id) {
    const TokenType type = source.type(id);
    return type == TokenType::normal || type == TokenType::unused;
  };
  for (size_t id = 0; id < source.tokens.size(); ++id)
    if (in_text(id)) ids.emplace(source.tokens[id], int(id));
  std::vector<std::tuple<float, int, int>> cuts;  // minus the score, the parts
  for (size_t id = 0; id < source.tokens.size(); ++id) {
    const std::string_view text = source.tokens[id];
    for (size_t cut = 1; in_text(id) && cut < text.size(); ++cut) {
      const auto left = ids.find(text.substr(0, cut)), right = ids.find(text.substr(cut));
      if (left != ids.end() && right != ids.end())
        cuts.emplace_back(-source.scores[id], left->second, right->second);
    }
  }
  std::ranges::sort(cuts);
  json merges = json::array();
  for (const auto& [score, left, right] : cuts)
    merges.push_back({source.tokens[size_t(left)], source.tokens[size_t(right)]});
  return merges;
}

void add_beginning(const GgufTokenizer& source, json& file) {
  if (!source.add_beginning || source.beginning_id < 0) return;
  const std::string& text = source.tokens[size_t(source.beginning_id)];
  const json special = {{"SpecialToken", {{"id", text}, {"type_id", 0}}}},
             sequence = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}},
             second = {{"Sequence", {{"id", "B"}, {"type_id", 1}}}};
  file["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", {special, sequence}},
      {"pair", {special, sequence, second}},
      {"special_tokens", {{text, {{"id", text}, {"ids", {source.beginning_id}}, {"tokens", {text}}}}}}};
}

json string_pattern(const char* text) { return {{"String", text}}; }

json llama(const GgufTokenizer& source) {
  json model = bpe(source.tokens);
  if (source.unknown_id >= 0) model["unk_token"] = source.tokens[size_t(source.unknown_id)];
  model["fuse_unk"] = true;
  model["byte_fallback"] = true;
  model["merges"] = merges_of(source);
  json file = whole_file(model);
  json normalizers = json::array(),
       decoders = {{{"type", "Replace"}, {"pattern", string_pattern("▁")}, {"content", " "}},
                   {{"type", "ByteFallback"}},
                   {{"type", "Fuse"}}};
  if (source.add_space_prefix) {
    normalizers.push_back({{"type", "Prepend"}, {"prepend", "▁"}});
    decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  normalizers.push_back({{"type", "Replace"}, {"pattern", string_pattern(" ")}, {"content", "▁"}});
  file["normalizer"] = {{"type", "Sequence"}, {"normalizers", std::move(normalizers)}};
  file["decoder"] = {{"type", "Sequence"}, {"decoders", std::move(decoders)}};
  return file;
}

json gpt2(const GgufTokenizer& source, const std::string& name) {
  json model = bpe(source.tokens);
  for (const std::string& merge : source.merges) model["merges"].push_back(merge);
  model["ignore_merges"] = gguf_ignores_merges(source);
  json file = whole_file(model);
  file["pre_tokenizer"] = byte_level_after(gguf_pattern(source.pre, name));
  file["decoder"] = byte_level(false);
  return file;
}

}  // namespace

std::string write_hugging_face(const GgufTokenizer& source, const std::string& file) {
  if (source.model != "llama" && source.model != "gpt2") refuse_part(file, "tokenizer", source.model);
  json result = source.model == "llama" ? llama(source) : gpt2(source, file);
  for (size_t id = 0; id < source.tokens.size(); ++id) {
    const TokenType type = source.type(id);
    if (type != TokenType::control && type != TokenType::user_defined) continue;
    result["added_tokens"].push_back({{"id", id},
                                      {"content", source.tokens[id]},
                                      {"single_word", false},
                                      {"lstrip", false},
                                      {"rstrip", false},
                                      {"normalized", false},
                                      {"special", type == TokenType::control}});
  }
  add_beginning(source, result);
  return result.dump(1);
}

std::string write_hugging_face(const std::vector<std::string>& characters) {
  json file = whole_file(bpe(characters));
  file["decoder"] = {{"type", "Fuse"}};
  return file.dump(1);
}

}  // namespace orrery
