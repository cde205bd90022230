#include "app/language.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "model/resources.h"

using namespace orrery;
namespace fs = std::filesystem;

namespace {

std::string text_of_file(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The literal that starts at `at` (behind spaces), pieces joined; empty if there is none.
std::string literal(const std::string& source, size_t at) {
  std::string text;
  for (;;) {
    while (at < source.size() && std::isspace(static_cast<unsigned char>(source[at]))) ++at;
    if (at >= source.size() || source[at] != '"') return text;
    for (++at; at < source.size() && source[at] != '"'; ++at) {
      if (source[at] == '\\') ++at;
      text += source[at];
    }
    ++at;
  }
}

/// Every sentence of the sources, with the file that says it.
std::map<std::string, std::string> sentences() {
  std::map<std::string, std::string> found;
  const std::regex call(R"(\b(say|tr)\()");
  for (const char* folder : {"app", "renderer", "model"})
    for (const auto& entry : fs::recursive_directory_iterator(resource_path() / folder)) {
      std::string extension = entry.path().extension().string();
      if (extension != ".cpp" && extension != ".h") continue;
      std::istringstream lines(text_of_file(entry.path()));
      std::string source;
      for (std::string line; std::getline(lines, line);) {
        size_t first = line.find_first_not_of(' ');
        if (first == std::string::npos || line.compare(first, 2, "//") != 0) source += line + "\n";
      }
      for (std::sregex_iterator match(source.begin(), source.end(), call), end; match != end; ++match)
        if (std::string text = literal(source, size_t(match->position() + match->length())); !text.empty())
          found.emplace(text, entry.path().filename().string());
    }
  return found;
}

std::set<std::string> places(const std::string& text) {
  std::set<std::string> found;
  static const std::regex place(R"(\{\d\})");
  for (std::sregex_iterator match(text.begin(), text.end(), place), end; match != end; ++match)
    found.insert(match->str());
  return found;
}

}  // namespace

TEST_CASE("every language has every sentence, none too many, with the same places") {
  auto said = sentences();
  REQUIRE(said.size() > 100);
  int tables = 0;
  for (const auto& entry : fs::directory_iterator(resource_path() / "assets" / "languages")) {
    if (entry.path().extension() != ".json") continue;
    ++tables;
    auto table = nlohmann::json::parse(text_of_file(entry.path()));
    for (const auto& sentence : said) {
      const auto& english = sentence.first;
      const auto& file = sentence.second;
      INFO(file << ": " << english);
      CHECK(table.contains(english));
    }
    for (const auto& item : table.items()) {  // Clang before 16 captures no structured binding
      const std::string& english = item.key();
      const nlohmann::json& text = item.value();
      INFO(english << " -> " << text);
      CHECK(said.count(english) == 1);
      CHECK(places(english) == places(text.get<std::string>()));
      CHECK_FALSE(text.get<std::string>().empty());
    }
  }
  CHECK(tables >= 1);
}

TEST_CASE("switching the language changes sentences and back") {
  CHECK(current_language() == "en");
  CHECK(std::string(tr("Run")) == "Run");
  REQUIRE(set_language("zh-Hant"));
  CHECK(std::string(tr("Run")) == "執行");
  CHECK(translate(say("Layer {0}", 2)) == "第 2 層");
  CHECK(std::string(tr(std::string("no such sentence").c_str())) == "no such sentence");
  CHECK_FALSE(set_language("tlh"));
  CHECK(current_language() == "zh-Hant");
  REQUIRE(set_language("en"));
  CHECK(translate(say("Layer {0}", 2)) == "Layer 2");
}
