#include "model/tokenizers/json_fields.h"

#include "model/formats/json.h"
#include "model/message.h"

namespace orrery {

using nlohmann::json;

const json& member(const json& object, const char* name) {
  static const json null;
  auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? null : *found;
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::string text_field(const json& object, const char* name, const std::string& file) {
  const json& value = member(object, name);
  if (!value.is_string()) throw Error(say("{0}: the field {1} must be a text.", file, name));
  return value.get<std::string>();
}

void refuse_part(const std::string& file, const char* part, const json& value) {
  const json& type = member(value, "type");
  throw Error(say("{0}: a {1} of the type {2} cannot be read.", file, part,
                  json_excerpt(type.is_null() ? value : type)));
}

}  // namespace orrery
