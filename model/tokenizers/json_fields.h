#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

/// A member of an object; null if there is none, or if it is no object.
const nlohmann::json& member(const nlohmann::json& object, const char* name);
/// A text, or nothing if it is none.
std::string text_of(const nlohmann::json& value);
/// A member that must be a text. Throws Error naming `file` and the field.
std::string text_field(const nlohmann::json& object, const char* name, const std::string& file);
/// Throws Error: a part of a tokenizer file is of a type that cannot be read.
[[noreturn]] void refuse_part(const std::string& file, const char* part, const nlohmann::json& value);

}  // namespace orrery
