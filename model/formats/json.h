#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace orrery {

/// What an untrusted JSON text may hold at most.
struct JsonLimits {
  int depth = 32;              ///< arrays and objects inside each other
  size_t values = 20'000'000;  ///< names, numbers, strings, true, false and null
};

/// Parses JSON from an untrusted file. Throws Error naming `file` and the line for malformed text, names that
/// occur twice in one object, and texts beyond `limits`.
nlohmann::json parse_json(std::string_view text, const std::string& file, const JsonLimits& limits = {});

/// A value as a short ASCII text for an error message: at most 60 characters.
std::string json_excerpt(const nlohmann::json& value);

}  // namespace orrery
