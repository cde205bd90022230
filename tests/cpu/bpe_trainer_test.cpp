#include "model/tokenizers/bpe_trainer.h"

#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "model/formats/mapped_file.h"
#include "model/message.h"
#include "model/tokenizer.h"
#include "model/tokenizers/byte_characters.h"
#include "model/tokenizers/pattern.h"
#include "model/tokenizers/readers.h"
#include "tests/support/fixture.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using orrery::test::error_of;

namespace {

TrainedBpe train(const std::string& text, const BpeTrainingOptions& options) {
  Progress progress;
  return train_bpe(text, "text", options, progress);
}

BpeTrainingOptions options_of(int vocabulary_size, std::int64_t least_count = 1,
                              TrainingPattern pattern = TrainingPattern::gpt2, size_t part_size = 1 << 20) {
  return {vocabulary_size, least_count, pattern, part_size};
}

/// The same by the plain loop: all words of the whole text, and all pairs counted again for each merge.
std::vector<LearnedMerge> train_naively(const std::string& text, const BpeTrainingOptions& options) {
  std::map<std::string, int> ids;
  std::vector<std::string> tokens = byte_tokens();
  for (size_t id = 0; id < tokens.size(); ++id) ids[tokens[id]] = int(id);
  std::vector<std::vector<int>> words;
  const bool gpt2 = options.pattern == TrainingPattern::gpt2;
  for (TextRange word : Pattern::expression(gpt2 ? gpt2_pattern : llama3_pattern, "").find_all(text)) {
    words.emplace_back();
    for (size_t i = word.begin; i < word.end; ++i) words.back().push_back(ids.at(text.substr(i, 1)));
  }
  std::vector<LearnedMerge> merges;
  while (int(tokens.size()) < options.vocabulary_size) {
    std::map<std::pair<int, int>, std::int64_t> counts;
    for (const auto& word : words)
      for (size_t i = 0; i + 1 < word.size(); ++i) ++counts[{word[i], word[i + 1]}];
    LearnedMerge best;
    for (const auto& [pair, count] : counts)  // in order of ids: the first of equals stays
      if (count > best.count) best = {pair.first, pair.second, 0, count};
    if (best.count < options.least_count) break;
    const std::string both = tokens[size_t(best.left)] + tokens[size_t(best.right)];
    if (!ids.contains(both)) ids[both] = int(tokens.size()), tokens.push_back(both);
    best.id = ids[both];
    merges.push_back(best);
    for (auto& word : words)
      for (size_t i = 0; i + 1 < word.size(); ++i)
        if (word[i] == best.left && word[i + 1] == best.right)
          word[i] = best.id, word.erase(word.begin() + std::ptrdiff_t(i) + 1);
  }
  return merges;
}

/// Valid UTF-8 of letters, signs, spaces, Chinese, emoji, and characters that nobody trained on.
std::string random_text(std::mt19937& random, size_t length) {
  static const std::vector<std::string> alphabet = {
      "a", "b", "ab", "the", " ",  " ",    "\n", "\n\n", "\t", ",",      ".",       "'s",     "1",
      "7", "é", "春", "眠",  "夜", "🪐", "🌞",  "。",   "  ", "\u3000", "e\u0301", "\u00a0", "\u0627"};
  std::string text;
  for (size_t i = 0; i < length; ++i) text += alphabet[random() % alphabet.size()];
  return text;
}

}  // namespace

TEST_CASE("the merges are those of Hugging Face's trainer, until no pair is left") {
  const auto cases =
      nlohmann::json::parse(read_text_file(test::reference("bpe_training") / "merges.json", 1 << 20));
  REQUIRE(cases.size() == 5);
  for (const auto& one : cases) {
    const TrainedBpe trained = train(one["text"].get<std::string>(), options_of(30000));
    std::vector<std::vector<std::string>> merges;
    for (const LearnedMerge& merge : trained.merges) {
      std::vector<std::string>& pair = merges.emplace_back(2);
      for (char byte : trained.tokens[size_t(merge.left)])
        pair[0] += byte_character(static_cast<unsigned char>(byte));
      for (char byte : trained.tokens[size_t(merge.right)])
        pair[1] += byte_character(static_cast<unsigned char>(byte));
    }
    CAPTURE(one["text"].get<std::string>());
    CHECK(merges == one["merges"].get<std::vector<std::vector<std::string>>>());
  }
}

TEST_CASE("merges and counts are those of the plain loop over the whole text, however it is cut") {
  std::mt19937 random(4);
  std::vector<std::string> texts = {"a", "aaaa aaaaaaaa aaa", "ab", " ", "\n\n\n", "abababab abab"};
  for (int i = 0; i < 12; ++i) texts.push_back(random_text(random, 20 + random() % 400));
  for (const std::string& text : texts)
    for (TrainingPattern pattern : {TrainingPattern::gpt2, TrainingPattern::llama3})
      for (size_t part_size : {size_t(1), size_t(13), size_t(1 << 20)})
        for (std::int64_t least : {1, 2}) {
          CAPTURE(text);
          CAPTURE(part_size);
          const BpeTrainingOptions options = options_of(320, least, pattern, part_size);
          CHECK(train(text, options).merges == train_naively(text, options));
        }
}

TEST_CASE("a trained tokenizer.json is read by its own reader: what it encodes decodes to the same text") {
  std::mt19937 random(9);
  const std::string corpus = random_text(random, 4000);
  for (TrainingPattern pattern : {TrainingPattern::gpt2, TrainingPattern::llama3}) {
    const TrainedBpe trained = train(corpus, options_of(400, 2, pattern));
    CHECK(trained.tokens.size() == 400);
    const auto tokenizer = read_tokenizer_json(tokenizer_json(trained), "trained.json");
    CHECK(tokenizer->kind() == "byte-level BPE");
    REQUIRE(tokenizer->size() == 400);
    for (int id = 0; id < tokenizer->size(); ++id)
      REQUIRE(tokenizer->bytes(id) == trained.tokens[size_t(id)]);
    for (int i = 0; i < 200; ++i) {
      const std::string text = random_text(random, random() % 60);
      CAPTURE(text);
      const std::vector<int> ids = tokenizer->ids(text);
      CHECK(tokenizer->decode(ids) == text);
      CHECK(ids.size() <= text.size());
    }
    CHECK(tokenizer->ids(corpus).size() < corpus.size() * 2 / 3);
  }
}

TEST_CASE("training ends early where nothing is left to learn, and tells every merge") {
  Progress progress;
  std::vector<LearnedMerge> told;
  const TrainedBpe trained = train_bpe("abc abc", "text", options_of(1000, 1), progress,
                                       [&](const LearnedMerge& merge) { told.push_back(merge); });
  CHECK(told == trained.merges);
  CHECK(trained.tokens.size() == 256 + 3);  // ab, abc, " abc"
  CHECK(trained.merges.back().count == 1);
  CHECK(trained.words == 2);
  CHECK(trained.different_words == 2);
  CHECK(progress.fraction == 1);
  CHECK(train("abc abc", options_of(1000, 2)).tokens.size() == 256 + 2);
  CHECK(train("abc", options_of(256)).merges.empty());
}

TEST_CASE("texts that nothing can be learned from, and a person who has no time") {
  Progress progress;
  CHECK(error_of([&] { train_bpe("", "t.txt", {}, progress); }) ==
        "t.txt is empty: there is nothing to learn from.");
  CHECK(error_of([&] { train_bpe("ab\xff", "t.txt", {}, progress); }) ==
        "t.txt is not valid UTF-8 (byte 2).");
  CHECK(error_of([&] { train_bpe_on_file("/no/such/file", {}, progress); }).find("/no/such/file") !=
        std::string::npos);
  progress.cancelled = true;
  CHECK_THROWS_AS(train_bpe("a b c", "t.txt", {}, progress), Cancelled);
}
