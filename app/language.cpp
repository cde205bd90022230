#include "app/language.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "model/resources.h"

namespace orrery {

namespace {

struct Table {
  std::string code = "en";
  std::unordered_map<std::string, std::string> texts;
};

Table& table() {
  static Table instance;
  return instance;
}

}  // namespace

const char* tr(const char* english) {
  auto& texts = table().texts;
  if (texts.empty()) return english;
  auto found = texts.find(english);
  return found == texts.end() ? english : found->second.c_str();
}

std::string translate(const Message& message) {
  auto& texts = table().texts;
  auto found = texts.find(message.key);
  return message.fill(found == texts.end() ? message.key : found->second);
}

const std::vector<LanguageChoice>& languages() {
  static const std::vector<LanguageChoice> choices = [] {
    std::vector<LanguageChoice> list{{"en", "English"}};
    std::error_code error;
    for (std::filesystem::directory_iterator entry(resource_path() / "assets" / "languages", error), end;
         !error && entry != end; entry.increment(error)) {
      if (entry->path().extension() != ".json") continue;
      std::string code = entry->path().stem().string();
      list.push_back({code, code == "zh-Hant" ? "繁體中文" : code});
    }
    std::sort(list.begin() + 1, list.end(), [](auto& a, auto& b) { return a.code < b.code; });
    return list;
  }();
  return choices;
}

bool set_language(const std::string& code) {
  if (code == "en") {
    table() = Table{};
    return true;
  }
  if (std::none_of(languages().begin(), languages().end(), [&](auto& choice) { return choice.code == code; }))
    return false;
  std::ifstream file(resource_path() / "assets" / "languages" / (code + ".json"));
  nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object()) return false;
  Table loaded{code, {}};
  for (auto& [english, text] : json.items())
    if (text.is_string()) loaded.texts[english] = text.get<std::string>();
  table() = std::move(loaded);
  return true;
}

const std::string& current_language() { return table().code; }

std::string tokenizer_kind(const std::string& kind) {
  if (kind == "characters") return tr("characters");
  if (kind == "byte-level BPE") return tr("byte-level BPE");
  if (kind == "BPE with byte fallback") return tr("BPE with byte fallback");
  return kind;  // a name
}

std::string system_language() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (!value || !*value) continue;
    const std::string locale = value;
    for (const char* start : {"zh_TW", "zh_HK", "zh_MO", "zh_Hant", "zh-Hant"})
      if (locale.rfind(start, 0) == 0) return "zh-Hant";
    return "en";
  }
  return "en";
}

std::string language_texts() {
  std::string all;
  for (auto& [english, text] : table().texts) all += text;
  return all;
}

}  // namespace orrery
