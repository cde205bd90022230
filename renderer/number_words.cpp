#include "renderer/number_words.h"

#include <cmath>
#include <cstdio>

namespace orrery {

std::string short_number(double value, int digits) {
  if (!std::isfinite(value)) return number_text(value);
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

std::string short_term(const Term& term, int digits, const char* times) {
  std::vector<std::string> numbers;
  for (double value : term.values) numbers.push_back(short_number(value, digits));
  if (term.form) return Message{"", std::move(numbers)}.fill(term.form);
  std::string text;
  for (const std::string& number : numbers) text += (text.empty() ? "" : times) + number;
  return text;
}

}  // namespace orrery
