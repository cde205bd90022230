#pragma once
#include <string>
#include <vector>

#include "model/message.h"

namespace orrery {

/// The sentence `english` (a literal, so that a test can list all of them) in the language in use; the
/// English itself where the table lacks it. The pointer stays valid until the language changes.
const char* tr(const char* english);
/// A message in the language in use.
std::string translate(const Message& message);

/// What people call a tokenizer of that kind (see Tokenizer::kind).
std::string tokenizer_kind(const std::string& kind);

/// A language of the menu: "en" and every assets/languages/*.json.
struct LanguageChoice {
  std::string code;  ///< "en", "zh-Hant"
  std::string name;  ///< in the language itself
};
const std::vector<LanguageChoice>& languages();

/// Switches tr() and translate(); "en" is built in. False, with nothing changed, if there is no such language
/// or its file cannot be read. Main thread.
bool set_language(const std::string& code);
const std::string& current_language();
/// The language that the environment asks for (LC_ALL, LC_MESSAGES, LANG): zh-Hant for Chinese as it is
/// written in Taiwan, Hong Kong and Macau, else en.
std::string system_language();
/// All translated texts of the language in use, one after the other: what the fonts must be able to show.
std::string language_texts();

}  // namespace orrery
