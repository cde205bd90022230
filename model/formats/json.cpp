#include "model/formats/json.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

#include "model/message.h"

namespace orrery {

namespace {

/// Called by the parser for every value; keeps the limits and finds names that occur twice.
class Guard {
 public:
  Guard(const std::string& file, const JsonLimits& limits) : file_(file), limits_(limits) {}

  bool operator()(int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    switch (event) {
      case Event::object_start:
        check_depth(depth);
        names_.emplace_back();
        break;
      case Event::object_end:
        names_.pop_back();
        break;
      case Event::array_start:
        check_depth(depth);
        break;
      case Event::key:
        if (!names_.back().insert(parsed.get_ref<const std::string&>()).second)
          throw Error(say("{0}: the name {1} occurs twice.", file_, json_excerpt(parsed)));
        [[fallthrough]];
      case Event::value:
        if (++values_ > limits_.values)
          throw Error(say("{0} holds more than {1} values.", file_, limits_.values));
        break;
      case Event::array_end:
        break;
    }
    return true;
  }

 private:
  void check_depth(int depth) const {
    if (depth >= limits_.depth)
      throw Error(say("{0} is nested deeper than {1} levels.", file_, limits_.depth));
  }

  const std::string& file_;
  const JsonLimits& limits_;
  std::vector<std::unordered_set<std::string>> names_;
  size_t values_ = 0;
};

}  // namespace

nlohmann::json parse_json(std::string_view text, const std::string& file, const JsonLimits& limits) {
  if (text.empty()) throw Error(say("{0} is empty.", file));
  Guard guard(file, limits);
  try {
    return nlohmann::json::parse(text.begin(), text.end(), std::ref(guard));
  } catch (const nlohmann::json::parse_error& error) {
    size_t end = std::min(error.byte, text.size());
    auto line = 1 + std::count(text.begin(), text.begin() + std::ptrdiff_t(end), '\n');
    throw Error(say("{0} is not valid JSON (line {1}, byte {2}).", file, line, error.byte));
  } catch (const nlohmann::json::exception&) {
    throw Error(say("{0} holds a number that is too large.", file));
  }
}

std::string json_excerpt(const nlohmann::json& value) {
  constexpr size_t most = 60;
  if (value.is_structured()) return value.is_array() ? "[...]" : "{...}";
  std::string text = value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  return text.size() <= most ? text : text.substr(0, most - 3) + "...";
}

}  // namespace orrery
