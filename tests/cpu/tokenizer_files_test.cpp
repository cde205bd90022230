#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <map>
#include <nlohmann/json.hpp>

#include "model/checkpoint.h"
#include "model/formats/mapped_file.h"
#include "model/message.h"
#include "model/resources.h"
#include "model/tokenizers/byte_characters.h"
#include "model/tokenizers/pattern.h"
#include "model/tokenizers/readers.h"
#include "model/tokenizers/sentence_piece.h"
#include "tests/support/fixture.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using nlohmann::json;
using orrery::test::error_of;
using orrery::test::reference;
using orrery::test::shared_fixture;
using orrery::test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

using Ids = std::vector<int>;

json json_of(const fs::path& file) { return json::parse(read_text_file(file, 1 << 26)); }

std::shared_ptr<const Tokenizer> tokenizer_of(const fs::path& file) {
  return read_tokenizer_json(read_text_file(file, 1 << 26), file.string());
}

/// Places follow each other, and units, merges and tokens of the steps are the same cut.
void check_steps(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<TokenSpan> spans = tokenizer.encode(text);
  TokenizingSteps steps = tokenizer.steps(text);
  Ids ids = steps.prefix;
  size_t end = 0;
  for (const TokenSpan& span : spans) {
    REQUIRE(span.begin >= end);
    REQUIRE(span.end >= span.begin);
    end = span.end;
  }
  REQUIRE(end <= text.size());
  for (const TokenizingSteps::Piece& piece : steps.pieces) {
    for (const TokenizingSteps::Token& token : piece.tokens) ids.push_back(token.id);
    if (piece.units.empty()) continue;
    // Doing the merges one after the other leaves the tokens.
    std::vector<int> parts;
    for (const TokenizingSteps::Unit& unit : piece.units) parts.push_back(unit.id);
    int merged_away = -1;
    for (const TokenizingSteps::Merge& merge : piece.merges) {
      REQUIRE(merge.left < merge.right);
      parts.at(merge.left) = merge.id;
      parts.at(merge.right) = merged_away;
    }
    std::erase(parts, merged_away);
    Ids tokens;
    for (const TokenizingSteps::Token& token : piece.tokens) tokens.push_back(token.id);
    REQUIRE(parts == tokens);
  }
  CHECK(ids == tokenizer.ids(text));
}

/// Compares with what Hugging Face's own tokenizers made of the same file.
void check_vectors(const fs::path& file, const fs::path& vector_file) {
  CAPTURE(file.string());
  auto tokenizer = tokenizer_of(file);
  json vectors = json_of(vector_file);
  REQUIRE(vectors.size() == 61);
  for (const json& vector : vectors) {
    std::string text = vector["text"].get<std::string>();
    CAPTURE(text);
    Ids ids = vector["ids"].get<Ids>(), all = tokenizer->prefix();
    all.insert(all.end(), ids.begin(), ids.end());
    CHECK(tokenizer->ids(text) == all);
    std::string decoded = tokenizer->decode(ids);
    CHECK(take_printable(decoded, true) == vector["decoded"].get<std::string>());
    check_steps(*tokenizer, text);
  }
}

/// A small SentencePiece vocabulary in GGUF's terms: <unk>, <s>, </s>, bytes, then tokens with scores.
GgufTokenizer small_llama() {
  GgufTokenizer source;
  source.model = "llama";
  source.add_beginning = true;
  source.beginning_id = 1;
  source.unknown_id = 0;
  auto add = [&](const std::string& text, float score, TokenType type) {
    source.tokens.push_back(text);
    source.scores.push_back(score);
    source.token_types.push_back(int(type));
  };
  add("<unk>", 0, TokenType::unknown);
  add("<s>", 0, TokenType::control);
  add("</s>", 0, TokenType::control);
  for (int byte = 0; byte < 256; ++byte) {
    char text[8];
    std::snprintf(text, sizeof text, "<0x%02X>", unsigned(byte));
    add(text, 0, TokenType::byte);
  }
  float score = 0;
  for (const char* text : {"▁t", "he", "▁the", "aa", "▁", "t", "h", "e", "a"})
    add(text, score--, TokenType::normal);
  return source;
}

}  // namespace

TEST_CASE("tokenizer.json of every kind: the ids and texts of Hugging Face's tokenizers") {
  for (const char* name : {"neox", "llama3", "qwen2", "digits", "llama", "fused", "unfused", "t5",
                           "unigram_bytes", "bert", "bert_cased", "whitespace"})
    check_vectors(reference("tokenizers") / (std::string(name) + ".json"),
                  reference("tokenizers") / (std::string(name) + ".vectors"));
}

TEST_CASE("Hugging Face's tokenizers read what Orrery has trained, and make the same of it") {
  check_vectors(resource_path() / "assets" / "tokenizers" / "shakespeare-bpe.json",
                reference("bpe_training") / "shakespeare-bpe.vectors");
}

TEST_CASE("tokenizers of a folder that the environment names") {
  const char* folder = std::getenv("ORRERY_TOKENIZERS");
  if (!folder) {
    MESSAGE("skipped: ORRERY_TOKENIZERS names no folder with tokenizers and their vectors");
    return;
  }
  for (const auto& entry : fs::directory_iterator(folder))
    if (fs::path file = entry.path(); file.extension() == ".vectors")
      check_vectors(fs::path(file).replace_extension(".json"), file);
}

TEST_CASE("LLaMA's own vocabulary: the ids of SentencePiece, as tokenizer.json and as tokenizer.bin") {
  const char* folder = std::getenv("ORRERY_TOKENIZERS");
  const fs::path vocabulary = fs::path(folder ? folder : "") / "llama_spm";
  const fs::path vectors = shared_fixture("tokenizer") / "llama_spm_vectors.json";
  if (!folder || !fs::exists(vocabulary) || !fs::exists(vectors)) {
    MESSAGE(
        "skipped: LLaMA's vocabulary (tests/reference/tokenizers/llama.py makes it, ORRERY_TOKENIZERS names "
        "its "
        "folder) or its test vectors are not here: "
        << vectors.string());
    return;
  }
  // The vectors take <s> in a text for its characters, and their program makes nothing of an empty text.
  json plain = json_of(vocabulary / "tokenizer.json");
  plain["added_tokens"] = json::array();
  const auto as_text = read_tokenizer_json(plain.dump(), "plain");
  const auto matched = open_tokenizer_alone(vocabulary / "tokenizer.json");
  const auto scored = open_tokenizer_alone(vocabulary / "tokenizer.bin");
  const json cases = json_of(vectors)["encode"];
  REQUIRE(cases.size() == 108);
  for (const json& vector : cases) {
    const std::string text = vector["text"].get<std::string>();
    const Ids ids = vector["llama_spm"].get<Ids>();
    CAPTURE(text);
    if (text.empty()) continue;
    CHECK(as_text->ids(text) == ids);
    check_steps(*as_text, text);
    if (text.find("<s>") != text.npos) continue;
    for (const auto& tokenizer : {matched, scored}) {
      CHECK(tokenizer->ids(text) == ids);
      CHECK(tokenizer->decode(ids) == "<s> " + text);
      check_steps(*tokenizer, text);
    }
  }
  for (const auto& tokenizer : {matched, scored}) CHECK(tokenizer->ids("<s></s>") == Ids{1, 1, 2});
}

TEST_CASE("a tokenizer that stands alone is opened by its name") {
  const fs::path folder = reference("tokenizers");
  CHECK(open_tokenizer_alone(folder / "t5.json")->kind() == "Unigram");
  CHECK(open_tokenizer_alone(reference("bpe"))->kind() == "byte-level BPE");
  CHECK(open_tokenizer_alone(reference("bpe") / "merges.txt")->size() == 457);
  TemporaryFolder words;
  words.write("vocab.txt", "[UNK]\na\n");
  CHECK(open_tokenizer_alone(words.path() / "vocab.txt")->kind() == "WordPiece");
  CHECK(error_of([&] { open_tokenizer_alone(folder / "make.py"); }).find("make.py is no tokenizer") !=
        std::string::npos);
  CHECK(error_of([&] { open_tokenizer_alone(reference("gpt2")); }).find("holds no tokenizer") !=
        std::string::npos);
}

TEST_CASE(
    "the steps of Unigram: every token that fits, its score, and the best sums; the best way is taken") {
  const auto tokenizer = tokenizer_of(reference("tokenizers") / "t5.json");
  for (const json& vector : json_of(reference("tokenizers") / "t5.vectors")) {
    const TokenizingSteps steps = tokenizer->steps(vector["text"].get<std::string>());
    for (const TokenizingSteps::Piece& piece : steps.pieces) {
      if (piece.added) continue;
      // The best sum of each place, by the definition: the greatest of all ways that end there.
      std::map<size_t, double> best = {{0, 0.0}};
      double taken = 0;
      size_t end = 0;
      for (const auto& candidate : piece.candidates) {
        REQUIRE(best.contains(candidate.begin));
        CHECK(candidate.sum == doctest::Approx(best[candidate.begin] + candidate.score));
        const auto place = best.try_emplace(candidate.end, candidate.sum).first;
        place->second = std::max(place->second, candidate.sum);
        if (!candidate.taken) continue;
        CHECK(candidate.begin == end);
        end = candidate.end;
        taken += candidate.score;
      }
      CHECK(end == piece.text.size());
      CHECK(taken == doctest::Approx(best[piece.text.size()]));
    }
  }
}

TEST_CASE("the steps of WordPiece: the tokens that fit where one can begin; the longest is taken") {
  json file = json_of(reference("tokenizers") / "bert.json");
  file["model"]["vocab"] = {{"[UNK]", 0}, {"un", 1},    {"una", 2}, {"##ff", 3},
                            {"##ffa", 4}, {"##ble", 5}, {"u", 6}};
  file["added_tokens"] = json::array();
  const auto tokenizer = read_tokenizer_json(file.dump(), "t");
  const TokenizingSteps steps = tokenizer->steps("unaffable unaxy");
  REQUIRE(steps.pieces.size() == 2);
  Ids looked_at, taken;
  for (const auto& candidate : steps.pieces[0].candidates) {
    looked_at.push_back(candidate.id);
    if (candidate.taken) taken.push_back(candidate.id);
  }
  CHECK(looked_at == Ids{6, 1, 2, 3, 4, 5});
  CHECK(taken == Ids{2, 4, 5});
  for (const auto& candidate : steps.pieces[1].candidates) CHECK_FALSE(candidate.taken);
  CHECK(steps.pieces[1].tokens[0].id == 0);  // what is left over makes the whole word unknown
}

TEST_CASE("tokens that a file puts before every text") {
  auto llama = tokenizer_of(reference("tokenizers") / "llama.json");
  CHECK(llama->prefix() == Ids{1});
  CHECK(llama->encode("") == std::vector<TokenSpan>{{1, 0, 0}});
  CHECK(tokenizer_of(reference("tokenizers") / "t5.json")->prefix().empty());
}

TEST_CASE("GGUF: SentencePiece's scores stand for ranks") {
  GgufTokenizer source = small_llama();
  auto tokenizer = make_gguf_tokenizer(source, "g");
  int first = 259;
  CHECK(tokenizer->kind() == "BPE with byte fallback");
  CHECK(tokenizer->ids("the") == Ids{1, first + 2});                        // ▁t h e, ▁t he, ▁the
  CHECK(tokenizer->ids("aaa") == Ids{1, first + 4, first + 3, first + 8});  // the leftmost of equals
  CHECK(tokenizer->ids("é") == Ids{1, first + 4, 3 + 0xC3, 3 + 0xA9});
  CHECK(tokenizer->ids("</s>the") == Ids{1, 2, first + 2});
  CHECK(tokenizer->decode({first + 2, 3 + 0xC3, 3 + 0xA9}) == "theé");
  CHECK(tokenizer->bytes(first + 2) == " the");
  TokenizingSteps steps = tokenizer->steps("the");
  REQUIRE(steps.pieces.size() == 1);
  REQUIRE(steps.pieces[0].merges.size() == 3);
  CHECK(steps.normalized == "▁the");
  CHECK(steps.pieces[0].merges[0].id == first);
  CHECK(steps.pieces[0].merges[2].score == -2);
  source.scores.pop_back();
  CHECK(error_of([&] { make_gguf_tokenizer(source, "g"); }) ==
        "g: the list tokenizer.ggml.scores has 267 entries for 268 tokens.");
  source = small_llama();
  source.scores.back() = NAN;
  CHECK(error_of([&] { make_gguf_tokenizer(source, "g"); }) == "g: the token \"a\" has no valid score.");
  source.model = "rwkv";
  CHECK(error_of([&] { make_gguf_tokenizer(source, "g"); }).find("of the type \"rwkv\"") !=
        std::string::npos);
}

TEST_CASE("GGUF: byte-level BPE is that of the same tokenizer.json") {
  for (const char* name : {"llama3", "qwen2"}) {
    json file = json_of(reference("tokenizers") / (std::string(name) + ".json"));
    GgufTokenizer source;
    source.model = "gpt2";
    source.pre = name == std::string("llama3") ? "llama-bpe" : "qwen2";
    source.tokens.resize(file["model"]["vocab"].size());
    for (const auto& [text, id] : file["model"]["vocab"].items()) source.tokens[id.get<size_t>()] = text;
    source.token_types.assign(source.tokens.size(), int(TokenType::normal));
    source.tokens.push_back(file["added_tokens"][0]["content"].get<std::string>());
    source.token_types.push_back(int(TokenType::control));
    for (const json& merge : file["model"]["merges"]) source.merges.push_back(merge.get<std::string>());
    auto tokenizer = make_gguf_tokenizer(source, "g");
    for (const json& vector : json_of(reference("tokenizers") / (std::string(name) + ".vectors"))) {
      std::string text = vector["text"].get<std::string>();
      // Qwen2's own file brings the text into NFC first, which GGUF leaves out.
      if (name == std::string("llama3") ||
          (text.find("\u0301") == text.npos && text.find("\ufb1d") == text.npos))
        CHECK(tokenizer->ids(text) == vector["ids"].get<Ids>());
    }
    if (source.pre == "qwen2") {
      source.pre = "deepseek-r1-qwen";
      CHECK(make_gguf_tokenizer(source, "g")->ids("It's 2026 here") == tokenizer->ids("It's 2026 here"));
    }
    source.pre = "superbpe";
    CHECK(error_of([&] { make_gguf_tokenizer(source, "g"); }) ==
          "g: a tokenizer.ggml.pre of the type \"superbpe\" cannot be read.");
  }
}

TEST_CASE("llama2.c's tokenizer.bin is GGUF's tokenizer in other clothes") {
  GgufTokenizer source = small_llama();
  std::string bytes(4, '\0');
  for (size_t id = 0; id < source.tokens.size(); ++id) {
    std::string text = source.tokens[id];
    if (id == 1 || id == 2) text = "\n" + text + "\n";
    for (size_t at; (at = text.find("▁")) != text.npos;) text.replace(at, 3, " ");
    auto length = std::uint32_t(text.size());
    bytes.append(reinterpret_cast<const char*>(&source.scores[id]), 4);
    bytes.append(reinterpret_cast<const char*>(&length), 4);
    bytes += text;
  }
  TemporaryFolder folder;
  folder.write("tokenizer.bin", bytes);
  auto tokenizer = open_tokenizer(folder.path()), other = make_gguf_tokenizer(source, "g");
  CHECK(tokenizer->size() == other->size());
  for (const char* text : {"the", " the  he aaaa", "é春", "thethe the\nthe", "<0x41>"}) {
    CHECK(tokenizer->encode(text) == other->encode(text));
    CHECK(tokenizer->decode(tokenizer->ids(text)) == other->decode(other->ids(text)));
  }
  for (size_t size : {size_t(0), size_t(5), size_t(300), bytes.size() - 1}) {
    std::string part = bytes.substr(0, size);
    CHECK(error_of([&] { read_llama2c_tokenizer(std::as_bytes(std::span(part)), "t.bin"); }) ==
          "t.bin is no tokenizer of llama2.c (byte " + std::to_string(size) + ").");
  }
}

TEST_CASE("vocab.txt is the WordPiece of the same tokenizer.json") {
  for (bool lower : {true, false}) {
    std::string name = lower ? "bert" : "bert_cased";
    json vocabulary = json_of(reference("tokenizers") / (name + ".json"))["model"]["vocab"];
    std::vector<std::string> lines(vocabulary.size());
    for (const auto& [text, id] : vocabulary.items()) lines[id.get<size_t>()] = text;
    std::string file;
    for (const std::string& line : lines) file += line + "\n";
    TemporaryFolder folder;
    folder.write("vocab.txt", file);
    folder.write("tokenizer_config.json", json{{"do_lower_case", lower}}.dump());
    auto tokenizer = open_tokenizer(folder.path());
    CHECK(tokenizer->kind() == "WordPiece");
    for (const json& vector : json_of(reference("tokenizers") / (name + ".vectors"))) {
      std::string text = vector["text"].get<std::string>();
      CAPTURE(text);
      if (text.find(std::string(30, 'A')) == text.npos)  // the small file's words end at 20 characters
        CHECK(tokenizer->ids(text) == vector["ids"].get<Ids>());
    }
  }
  CHECK(error_of([] { read_word_piece_vocabulary("a\nb\n", "v.txt", nullptr); }) ==
        "v.txt: the vocabulary lacks the token \"[UNK]\".");
}

TEST_CASE("the steps: pieces, bytes and merges in the order in which they happen") {
  json vocabulary = json::object();
  for (int byte = 0; byte < 256; ++byte) vocabulary[byte_character(static_cast<unsigned char>(byte))] = byte;
  vocabulary["ab"] = 256;
  vocabulary["Ġab"] = 257;
  json file;
  file["model"] = {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", {"a b", "Ġ ab"}}};
  file["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  TokenizingSteps steps = read_tokenizer_json(file.dump(), "t")->steps("ab ab");
  REQUIRE(steps.pieces.size() == 2);
  const TokenizingSteps::Piece& piece = steps.pieces[1];
  CHECK(piece.text == " ab");
  CHECK(piece.begin == 2);
  CHECK(piece.end == 5);
  REQUIRE(piece.units.size() == 3);
  CHECK(piece.units[0].id == ' ');
  REQUIRE(piece.merges.size() == 2);
  CHECK(piece.merges[0].rank == 0);
  CHECK(piece.merges[0].left == 1);
  CHECK(piece.merges[0].right == 2);
  CHECK(piece.merges[0].id == 256);
  CHECK(piece.merges[1].left == 0);
  CHECK(piece.merges[1].right == 1);
  CHECK(piece.merges[1].id == 257);
}

/// What a pattern finds in a text, and the rest between.
static std::vector<std::string> pieces_of(const Pattern& pattern, const std::string& text) {
  std::vector<std::string> pieces;
  size_t end = 0;
  for (const TextRange& match : pattern.find_all(text)) {
    if (match.begin > end) pieces.push_back(text.substr(end, match.begin - end));
    pieces.push_back(text.substr(match.begin, match.end - match.begin));
    end = match.end;
  }
  if (end < text.size()) pieces.push_back(text.substr(end));
  return pieces;
}

TEST_CASE("a class of characters inside of another joins it, as Oniguruma reads it") {
  using Pieces = std::vector<std::string>;
  const Pattern bloom = Pattern::expression(R"( ?[^(\s|[.,!?…。，、।۔،])]+)", "t");
  const std::string text = "Hello, (big) world... 你好，世界。 a|b";
  // As Python's re cuts it with ` ?[^(\s|.,!?…。，、।۔،)]+`.
  const Pieces expected = {"Hello", ", (",  "big", ")",  " world", "...", " 你好",
                           "，",    "世界", "。",  " a", "|",      "b"};
  CHECK(pieces_of(bloom, text) == expected);
  CHECK(pieces_of(Pattern::expression(bloom_pattern, "t"), text) == expected);
  CHECK(pieces_of(Pattern::expression("[a[bc]d]+[[:digit:]x]", "t"), "-abcd7-") == Pieces{"-", "abcd7", "-"});
  for (const char* pattern : {"[a[^b]]", "[a&&b]", "[*[-/]]", "[a[b-]z]", "[a-[b]]", "[[b]-z]"})
    CHECK(error_of([&] { Pattern::expression(pattern, "t"); }) ==
          "t: a pattern has a class of characters made of others, which cannot be read.");
}

TEST_CASE("a vocabulary alone is told from a tokenizer") {
  CHECK(
      error_of([] { read_tokenizer_json(R"({"type": 3, "a": 1})", "encoder.json"); }) ==
      "encoder.json is a vocabulary without its merges: Orrery reads vocab.json with merges.txt beside it.");
}

TEST_CASE("SmolLM's two steps in one pattern") {
  const Pattern digit = Pattern::expression(R"(\p{N})", "t"), gpt2 = Pattern::expression(gpt2_pattern, "t"),
                both = Pattern::expression(digits_then_gpt2_pattern, "t");
  for (const std::string text :
       {"a 12b  3", "It's 1's  \n 42 ½x  Ⅳ!?7..", "  9  a", "no digits here  ", "１２ 三"}) {
    CAPTURE(text);
    std::vector<std::string> expected;
    for (const std::string& part : pieces_of(digit, text))
      for (const std::string& piece : pieces_of(gpt2, part)) expected.push_back(piece);
    CHECK(pieces_of(both, text) == expected);
  }
}

TEST_CASE("work has a bound: patterns that backtrack, replacements that grow, marks that pile up") {
  Pattern slow = Pattern::expression("(a|aa)+$", "t");
  std::string many(3000, 'a');
  CHECK(error_of([&] { slow.find_all(many + "b"); }).find("cannot be cut into words") != std::string::npos);
  CHECK(error_of([] { Pattern::expression("(", "t"); }).find("t: a pattern cannot be read:") == 0);
  CHECK(error_of([] { Pattern::expression(std::string(5000, 'a'), "t"); }) ==
        "t: a pattern is longer than 4096 bytes.");
  auto with_normalizer = [](const json& normalizer) {
    json file = json_of(reference("tokenizers") / "unfused.json");
    file["normalizer"] = normalizer;
    return read_tokenizer_json(file.dump(), "t");
  };
  json grow = {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", many}};
  CHECK(error_of([&] { with_normalizer(grow)->encode(many); }) ==
        "The tokenizer's replacements make the text too long.");
  // Many steps, each within its bound.
  json step = {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", std::string(16, 'a')}};
  const json steps = {{"type", "Sequence"}, {"normalizers", std::vector<json>(60, step)}};
  CHECK(error_of([&] { with_normalizer(steps)->encode("a"); }) ==
        "The tokenizer's replacements make the text too long.");
  json file = json_of(reference("tokenizers") / "unfused.json");
  file["decoder"] = {{"type", "Sequence"}, {"decoders", std::vector<json>(60, step)}};
  CHECK(error_of([&] { read_tokenizer_json(file.dump(), "t"); }) ==
        "t: the decoder makes the tokens too long.");
  std::string marks = "a";
  for (int i = 0; i < 2000; ++i) marks += i % 2 ? "\u0301" : "\u0323";
  CHECK(error_of([&] {
          with_normalizer({{"type", "NFC"}})->encode(marks);
        }).find("Too many combining marks") == 0);
}
