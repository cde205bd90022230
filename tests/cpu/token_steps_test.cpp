#include "app/token_steps.h"

#include <doctest/doctest.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/bpe_training.h"
#include "model/formats/mapped_file.h"
#include "model/tokenizers/readers.h"
#include "tests/support/fixture.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using orrery::test::error_of;
using orrery::test::reference;
using orrery::test::TemporaryFolder;

namespace {

/// Boxes of one lane lie side by side; those that join others lie below them and cover the same columns.
void check_boxes(const TokenSteps::Piece& piece) {
  std::map<int, std::vector<bool>> lanes;
  for (const TokenSteps::Box& box : piece.boxes) {
    REQUIRE(box.first <= box.last);
    auto& lane = lanes[box.lane];
    lane.resize(piece.columns.size());
    for (int column = box.first; column <= box.last; ++column) {
      REQUIRE_FALSE(lane.at(size_t(column)));
      lane.at(size_t(column)) = true;
    }
    if (box.left == -1 && box.right == -1) continue;
    const auto span = [&](int part) {
      return part >= 0 ? std::pair(piece.boxes[size_t(part)].first, piece.boxes[size_t(part)].last)
                       : std::pair(-1 - part, -1 - part);
    };
    CHECK(span(box.left).first == box.first);
    CHECK(span(box.left).second + 1 == span(box.right).first);
    CHECK(span(box.right).second == box.last);
    for (int part : {box.left, box.right})
      if (part >= 0) CHECK(piece.boxes[size_t(part)].lane < box.lane);
  }
}

}  // namespace

TEST_CASE("the picture of every kind of tokenizer: columns hold the text, boxes its merges and candidates") {
  for (const char* name :
       {"neox", "llama3", "llama", "unfused", "t5", "unigram_bytes", "bert", "whitespace"}) {
    const auto tokenizer = open_tokenizer_alone(reference("tokenizers") / (std::string(name) + ".json"));
    for (const auto& text :
         nlohmann::json::parse(read_text_file(reference("tokenizers") / "texts.json", 1 << 20))) {
      CAPTURE(name);
      CAPTURE(text.get<std::string>());
      const TokenSteps steps = lay_out_steps(tokenizer, text.get<std::string>());
      if (steps.problem) continue;
      REQUIRE(steps.pieces.size() == steps.steps.pieces.size());
      CHECK(steps.tokens == tokenizer->ids(text.get<std::string>()).size());
      size_t moments = 0;
      for (size_t i = 0; i < steps.pieces.size(); ++i) {
        const TokenSteps::Piece& shown = steps.pieces[i];
        const TokenizingSteps::Piece& piece = steps.steps.pieces[i];
        size_t end = 0;
        for (const TokenSteps::Column& column : shown.columns) {
          CHECK(column.begin == end);
          end = column.end;
        }
        CHECK(end == piece.text.size());
        CHECK(shown.begin == moments);
        moments = shown.end;
        CHECK(shown.boxes.size() == std::max(piece.merges.size(), piece.candidates.size()));
        check_boxes(shown);
        REQUIRE(shown.first_columns.size() == piece.tokens.size());
        for (size_t token = 0; token < piece.tokens.size(); ++token) {
          CHECK(shown.columns[size_t(shown.first_columns[token])].begin == piece.tokens[token].begin);
          CHECK(shown.columns[size_t(shown.last_columns[token])].end == piece.tokens[token].end);
        }
      }
      CHECK(moments == steps.moments.size());
    }
  }
}

TEST_CASE("a text that has no tokens says why") {
  TemporaryFolder folder;
  folder.write("tokenizer.json", R"({"type": "char", "tokens": ["a"]})");
  const TokenSteps steps = lay_out_steps(open_tokenizer_alone(folder.path()), "ab春");
  REQUIRE(steps.problem);
  CHECK(steps.problem->english() == "The model has no token for these characters: b 春");
  CHECK(steps.characters == 3);
}

TEST_CASE("what is learned on a thread of its own is what the saved file does") {
  TemporaryFolder folder;
  std::string corpus;
  for (int i = 0; i < 40; ++i) corpus += "the planets turn, the planets shine; 春眠不覺曉\n";
  folder.write("text.txt", corpus);
  BpeTraining training;
  CHECK(training.state() == BpeTraining::State::idle);
  BpeTrainingOptions options;
  options.vocabulary_size = 280;
  training.start(folder.path() / "text.txt", options);
  while (training.state() == BpeTraining::State::running) {
    training.update();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(training.state() == BpeTraining::State::done);
  CHECK(training.merges().size() == 24);
  REQUIRE(training.result());
  const auto file = folder.path() / "saved.json";
  save_new_file(file, training.result()->json);
  CHECK(error_of([&] { save_new_file(file, "x"); }) ==
        file.string() + " is there already: choose another name");
  const auto saved = open_tokenizer_alone(file);
  CHECK(saved->size() == 280);
  for (const char* text : {"the planets", "春眠 turn; xyz", "", "  shine🪐"})
    CHECK(training.encode(text) == saved->ids(text));

  training.start(folder.path() / "none.txt", options);
  while (!training.update()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  CHECK(training.state() == BpeTraining::State::failed);
  REQUIRE(training.problem());
  CHECK(training.problem()->english().find("none.txt") != std::string::npos);
  CHECK(training.merges().empty());
}
