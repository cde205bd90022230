#pragma once
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace orrery {

/// A sentence for a person: an English text with places {0}, {1}, ... and what stands in them. The English
/// text is the key of the translation table, so whoever shows a message can show it in another language.
struct Message {
  std::string key;
  std::vector<std::string> arguments = {};

  /// The sentence in English.
  std::string english() const { return fill(key); }
  /// Bytes of it.
  size_t english_size() const { return arguments.empty() ? key.size() : english().size(); }
  /// `text` (the key or its translation) with the arguments put into its places.
  std::string fill(const std::string& text) const;
};

/// Number as people read it: 5 significant digits, no trailing zeros ("0.12346", "-3.2e-05", "-inf").
std::string number_text(double value);

inline std::string message_argument(std::string text) { return text; }
inline std::string message_argument(const char* text) { return text; }
inline std::string message_argument(float value) { return number_text(value); }
inline std::string message_argument(double value) { return number_text(value); }
template <class Integer>
requires std::is_integral_v<Integer> std::string message_argument(Integer value) {
  return std::to_string(value);
}

/// Builds a message; every call's first argument is a literal, so that a test can list all sentences.
template <class... Arguments>
Message say(std::string key, Arguments&&... arguments) {
  return Message{std::move(key), {message_argument(std::forward<Arguments>(arguments))...}};
}

/// The one exception type, thrown only while loading or building: a sentence that a person can act on (what
/// failed, in which file and field, what to do).
class Error : public std::runtime_error {
 public:
  explicit Error(Message text) : std::runtime_error(text.english()), message(std::move(text)) {}
  const Message message;
};

/// Thrown by long work whose Progress was cancelled; not an error to show.
class Cancelled : public std::exception {};

}  // namespace orrery
