#include "model/message.h"

#include <cmath>
#include <cstdio>

namespace orrery {

std::string Message::fill(const std::string& text) const {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    size_t place =
        text.size() - i > 2 && text[i] == '{' && text[i + 2] == '}' ? size_t(text[i + 1] - '0') : 10;
    if (place < arguments.size()) {
      result += arguments[place];
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string number_text(double value) {
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  if (std::isnan(value)) return "nan";
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", value);
  return text;
}

}  // namespace orrery
