#include "model/tokenizer.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "model/checkpoint.h"
#include "model/formats/mapped_file.h"
#include "model/message.h"
#include "model/tokenizers/byte_characters.h"
#include "model/tokenizers/pattern.h"
#include "model/tokenizers/readers.h"
#include "tests/support/fixture.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using nlohmann::json;
using orrery::test::error_of;
using orrery::test::shared_fixture;
using orrery::test::TemporaryFolder;

namespace {

/// A byte-level vocabulary of all bytes (id = byte) and the given merges (ids from 256 on).
json small_vocabulary(const std::vector<std::pair<std::string, std::string>>& merges) {
  json vocabulary = json::object();
  for (int byte = 0; byte < 256; ++byte) vocabulary[byte_character(static_cast<unsigned char>(byte))] = byte;
  int id = 256;
  for (const auto& [left, right] : merges) vocabulary[left + right] = id++;
  return vocabulary;
}

/// A Hugging Face tokenizer.json that merges "a b", "ab c", "Ġ a" and knows <|endoftext|> as 259.
json small_tokenizer() {
  json file;
  file["model"] = {{"type", "BPE"},
                   {"vocab", small_vocabulary({{"a", "b"}, {"ab", "c"}, {"Ġ", "a"}})},
                   {"merges", {"a b", "ab c", "Ġ a"}}};
  file["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  file["added_tokens"] = {{{"id", 259}, {"content", "<|endoftext|>"}, {"special", true}}};
  return file;
}

std::shared_ptr<const Tokenizer> tokenizer_of(const json& file) {
  return read_tokenizer_json(file.dump(), "t.json");
}
std::string refused(const json& file) {
  return error_of([&] { tokenizer_of(file); });
}

/// The spans follow each other and their bytes are the text's.
void check_spans(const Tokenizer& tokenizer, const std::string& text) {
  size_t end = 0;
  for (const TokenSpan& span : tokenizer.encode(text)) {
    REQUIRE(span.begin == end);
    REQUIRE(tokenizer.bytes(span.id) == text.substr(span.begin, span.end - span.begin));
    end = span.end;
  }
  REQUIRE(end == text.size());
}

}  // namespace

TEST_CASE("GPT-2's tokens are those of three public tokenizers") {
  std::filesystem::path folder = shared_fixture("tokenizer");
  if (!std::filesystem::exists(folder / "gpt2_bpe_vectors.json")) {
    MESSAGE("skipped: GPT-2's vocabulary and its test vectors are not here: " << folder.string());
    return;
  }
  auto text_of = [&](const char* name) { return read_text_file(folder / name, 1 << 24); };
  std::string vocabulary = text_of("gpt2_encoder.json"), merges = text_of("gpt2_vocab.bpe");
  auto plain = read_gpt2_tokenizer(vocabulary, "encoder", merges, "merges", SpecialTokens::plain);
  auto special = read_gpt2_tokenizer(vocabulary, "encoder", merges, "merges");
  CHECK(plain->size() == 50257);
  json vectors = json::parse(text_of("gpt2_bpe_vectors.json"));
  REQUIRE(vectors["encode"].size() > 100);
  for (const json& vector : vectors["encode"]) {
    std::string text = vector["text"].get<std::string>();
    CAPTURE(text);
    CHECK(plain->ids(text) == vector["gpt2"].get<std::vector<int>>());
    check_spans(*plain, text);
  }
  for (const json& vector : vectors["encode_special"]) {
    CHECK(special->ids(vector["text"].get<std::string>()) == vector["gpt2"].get<std::vector<int>>());
    check_spans(*special, vector["text"].get<std::string>());
  }
  for (const json& vector : vectors["decode"]) {
    std::string bytes = plain->decode(vector["ids"].get<std::vector<int>>()), hex;
    constexpr char digits[] = "0123456789abcdef";
    for (unsigned char byte : bytes) (hex += digits[byte >> 4]) += digits[byte & 15];
    CHECK(hex == vector["bytes_hex"].get<std::string>());
    CHECK(take_printable(bytes, true) == vector["lossy_text"].get<std::string>());
  }
  // Hugging Face's one-file form says the same.
  json file;
  file["model"] = {{"type", "BPE"}, {"vocab", json::parse(vocabulary)}, {"merges", json::array()}};
  for (size_t begin = merges.find('\n') + 1, end; begin < merges.size(); begin = end + 1) {
    end = std::min(merges.find('\n', begin), merges.size());
    if (end > begin) file["model"]["merges"].push_back(merges.substr(begin, end - begin));
  }
  file["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", true}};
  file["added_tokens"] = {{{"id", 50256}, {"content", "<|endoftext|>"}, {"special", true}}};
  auto one_file = tokenizer_of(file);
  for (const json& vector : vectors["encode"]) {
    std::string text = vector["text"].get<std::string>();
    CHECK(one_file->encode(text) == special->encode(text));
  }
}

TEST_CASE("a small BPE encodes as the plain published loop does") {
  auto tokenizer = open_tokenizer(test::reference("bpe"));
  REQUIRE(tokenizer);
  CHECK(tokenizer->size() == 256 + 200 + 1);
  json vectors = json::parse(read_text_file(test::reference("bpe") / "vectors.json", 1 << 20));
  REQUIRE(vectors.size() == 80);
  for (const json& vector : vectors) {
    std::string text = vector["text"].get<std::string>();
    CAPTURE(text);
    CHECK(tokenizer->ids(text) == vector["ids"].get<std::vector<int>>());
    CHECK(tokenizer->decode(tokenizer->ids(text)) == text);
    check_spans(*tokenizer, text);
  }
  CHECK(tokenizer->ids("the<|endoftext|>").back() == 456);
}

TEST_CASE("the pre-tokenizer's pieces") {
  auto pieces = [](std::string_view text) {
    std::vector<std::string> result;
    for (TextRange piece : Pattern::expression(gpt2_pattern, "").find_all(text))
      result.emplace_back(text.substr(piece.begin, piece.end - piece.begin));
    return result;
  };
  using Texts = std::vector<std::string>;
  CHECK(pieces("I'll go  home, 2nd  ") == Texts{"I", "'ll", " go", " ", " home", ",", " 2", "nd", "  "});
  CHECK(pieces("a\n\nb\tc") == Texts{"a", "\n", "\n", "b", "\t", "c"});
  CHECK(pieces("春眠不覺曉,") == Texts{"春眠不覺曉", ","});
  // The Mongolian vowel separator has not been white space since Unicode 6.3; the ideographic space is.
  CHECK(pieces("\u180e\u180e") == Texts{"\u180e\u180e"});
  CHECK(pieces("\u3000x") == Texts{"\u3000", "x"});
}

TEST_CASE("merges: lowest rank first, leftmost among equals; spans are places in the text") {
  auto tokenizer = tokenizer_of(small_tokenizer());
  CHECK(tokenizer->kind() == "byte-level BPE");
  CHECK(tokenizer->size() == 260);
  CHECK(tokenizer->ids("abc") == std::vector<int>{257});
  CHECK(tokenizer->ids("abab") == std::vector<int>{256, 256});
  CHECK(tokenizer->ids(" abc") == std::vector<int>{' ', 257});  // "a b" has a lower rank than "Ġ a"
  CHECK(tokenizer->ids(" ac") == std::vector<int>{258, 'c'});
  CHECK(tokenizer->encode("x<|endoftext|>ab") ==
        std::vector<TokenSpan>{{'x', 0, 1}, {259, 1, 14}, {256, 14, 16}});
  CHECK(tokenizer->bytes(258) == " a");
  CHECK(tokenizer->bytes(259) == "<|endoftext|>");
  CHECK(tokenizer->bytes(260).empty());
  CHECK(tokenizer->bytes(-1).empty());
  CHECK(tokenizer->ids("").empty());
  check_spans(*tokenizer, "é 春 abc ab\n");
}

TEST_CASE("a prefix space has no place in the text") {
  json file = small_tokenizer();
  file["pre_tokenizer"]["add_prefix_space"] = true;
  auto tokenizer = tokenizer_of(file);
  CHECK(tokenizer->encode("ac") == std::vector<TokenSpan>{{258, 0, 1}, {'c', 1, 2}});
  CHECK(tokenizer->encode(" ac") == std::vector<TokenSpan>{{258, 0, 2}, {'c', 2, 3}});
}

TEST_CASE("long pieces of one kind are encoded") {
  auto tokenizer = tokenizer_of(small_tokenizer());
  std::string letters(300000, 'a'), spaces(300000, ' ');
  CHECK(tokenizer->ids(letters).size() == letters.size());
  CHECK(tokenizer->ids(spaces + "x").size() == spaces.size() + 1);
  std::string pairs;
  for (int i = 0; i < 100000; ++i) pairs += "ab";
  CHECK(tokenizer->ids(pairs) == std::vector<int>(100000, 256));
}

TEST_CASE("characters") {
  auto tokenizer = read_tokenizer_json(R"({"type": "char", "tokens": ["\n", "a", "春", "é"]})", "t.json");
  CHECK(tokenizer->kind() == "characters");
  CHECK(tokenizer->size() == 4);
  CHECK(tokenizer->encode("春a\n") == std::vector<TokenSpan>{{2, 0, 3}, {1, 3, 4}, {0, 4, 5}});
  CHECK(tokenizer->decode({2, 1, 0, 7}) == "春a\n");
  CHECK(error_of([&] { tokenizer->encode("abz\nb\x01"); }) ==
        "The model has no token for these characters: b z 01");
}

TEST_CASE("text that is not UTF-8 is refused at its byte") {
  auto characters = read_tokenizer_json(R"({"type": "char", "tokens": ["a"]})", "t.json");
  auto bpe = tokenizer_of(small_tokenizer());
  for (const Tokenizer* tokenizer : {characters.get(), bpe.get()}) {
    CHECK(error_of([&] { tokenizer->encode("aa\xff"); }) == "The text is not valid UTF-8 (byte 2).");
    CHECK(error_of([&] { tokenizer->encode("\xed\xa0\x80"); }) == "The text is not valid UTF-8 (byte 0).");
    CHECK(error_of([&] { tokenizer->encode("a\xe6\x98"); }) == "The text is not valid UTF-8 (byte 1).");
  }
}

TEST_CASE("malformed tokenizer files: file and field are named") {
  auto characters = [](const std::string& tokens) {
    return error_of([&] { read_tokenizer_json(R"({"type": "char", "tokens": )" + tokens + "}", "t.json"); });
  };
  CHECK(characters("3") == "t.json: the field tokens must be a list of texts.");
  CHECK(characters("[3]") == "t.json: the field tokens must be a list of texts.");
  CHECK(characters("[]") == "t.json: the vocabulary is empty.");
  CHECK(characters(R"(["a", "bc"])") == "t.json: token 1 must be one character, not \"bc\".");
  CHECK(characters(R"(["a", ""])") == "t.json: token 1 must be one character, not \"\".");
  CHECK(characters(R"(["a", "b", "a"])") == "t.json: token 2 occurs twice: \"a\".");
  CHECK(error_of([] { read_tokenizer_json("{\"type\"", "t.json"); }).find("not valid JSON") !=
        std::string::npos);
  CHECK(error_of([] { read_tokenizer_json("[]", "t.json"); }) == "t.json holds no JSON object.");

  json file = small_tokenizer();
  file["model"]["type"] = "WordLevel";
  CHECK(refused(file) == "t.json: a tokenizer of the type \"WordLevel\" cannot be read.");
  file = small_tokenizer();
  file["pre_tokenizer"] = {{"type", "UnicodeScripts"}};
  CHECK(refused(file) == "t.json: a pre_tokenizer of the type \"UnicodeScripts\" cannot be read.");
  file = small_tokenizer();
  file["normalizer"] = {{"type", "Nmt"}};
  CHECK(refused(file) == "t.json: a normalizer of the type \"Nmt\" cannot be read.");
  file = small_tokenizer();
  file["decoder"] = {{"type", "CTC"}};
  CHECK(refused(file) == "t.json: a decoder of the type \"CTC\" cannot be read.");
  file = small_tokenizer();
  file["model"]["end_of_word_suffix"] = "</w>";
  CHECK(refused(file) == "t.json: the option end_of_word_suffix cannot be read.");
  file = small_tokenizer();
  file["model"]["vocab"]["abc"] = 256;
  CHECK(refused(file).find("have the same id 256") != std::string::npos);
  file = small_tokenizer();
  file["model"]["vocab"]["abc"] = 261;
  CHECK(refused(file).find("has the id 261; ids must be") != std::string::npos);
  file = small_tokenizer();
  file["model"]["vocab"]["abc"] = 260;
  CHECK(refused(file).find("without holes") != std::string::npos);
  file = small_tokenizer();
  file["model"]["vocab"]["abc"] = "x";
  CHECK(refused(file) == "t.json: the token \"abc\" has no valid id.");
  file = small_tokenizer();
  file["model"]["merges"] = {"a b", "a z"};
  CHECK(refused(file) == "t.json: merge 2 (\"a\" \"z\") names a token that the vocabulary lacks.");
  file["model"]["merges"] = {"a b", "a b"};
  CHECK(refused(file) == "t.json: merge 2 (\"a\" \"b\") occurs twice.");
  for (json bad : {json("ab"), json("a b c"), json(" b"), json("a "), json(7), json::array({"a"})}) {
    file["model"]["merges"] = json::array({bad});
    CHECK(refused(file) == "t.json: merge 1 must be two tokens with a space between.");
  }
}

TEST_CASE("a vocabulary that lacks a byte says so when the byte comes") {
  auto tokenizer =
      read_gpt2_tokenizer(R"({"a": 0, "b": 1, "ab": 2})", "v", "#version: 0.2\r\na b\r\n\r\n", "m");
  CHECK(tokenizer->ids("abb") == std::vector<int>{2, 1});
  CHECK(error_of([&] { tokenizer->encode("abc"); }) == "The model has no token for these characters: c");
}

TEST_CASE("the tokenizer files of a folder") {
  TemporaryFolder folder;
  CHECK(open_tokenizer(folder.path()) == nullptr);
  folder.write("merges.txt", "a b\n");
  CHECK(error_of([&] { open_tokenizer(folder.path()); }) ==
        folder.path().string() + " has merges.txt, but no vocab.json to go with it.");
  folder.write("vocab.json", R"({"a": 0, "b": 1, "ab": 2})");
  CHECK(open_tokenizer(folder.path())->ids("ab") == std::vector<int>{2});
  folder.write("tokenizer.json", R"({"type": "char", "tokens": ["a"]})");
  CHECK(open_tokenizer(folder.path())->kind() == "characters");
  folder.write("tokenizer.json", "");
  CHECK(error_of([&] { open_tokenizer(folder.path()); }).find("tokenizer.json is empty") !=
        std::string::npos);
}

TEST_CASE("tokens as drawn") {
  CHECK(display_token(" the") == "␣the");
  CHECK(display_token("\n\t ") == "⏎→␣");
  CHECK(display_token("\xe4\xb8") == "E4 B8");
  CHECK(display_token(" \xe4\xb8") == "␣ E4 B8");
  CHECK(display_token("a\x01\x7f") == "a 01 7F");
  CHECK(display_token("春") == "春");
  CHECK(display_token("\u200b") == "E2 80 8B");  // zero-width space: nothing would be seen
  CHECK(display_token("") == "");
}

TEST_CASE("what may be printed already") {
  CHECK(whole_characters("a春") == 4);
  CHECK(whole_characters("a\xe6\x98") == 1);
  CHECK(whole_characters("\xff") == 0);
  std::string pending = "a\xe6\x98";
  CHECK(take_printable(pending, false) == "a");
  CHECK(pending == "\xe6\x98");
  pending += "\xa5!";
  CHECK(take_printable(pending, false) == "春!");
  CHECK(pending.empty());
  pending = "\xff\xe6\x98";
  CHECK(take_printable(pending, false) == "\uFFFD");
  CHECK(take_printable(pending, true) == "\uFFFD");
  pending = "\xed\xa0\x80";  // a surrogate: three bytes that can never be a character
  CHECK(take_printable(pending, false) == "\uFFFD\uFFFD\uFFFD");
}
