#include "model/config.h"

#include <cmath>

#include "model/formats/json.h"
#include "model/message.h"

namespace orrery {

Config::Config() : Config(nlohmann::json::object(), "") {}
Config::Config(const nlohmann::json& json, std::string file)
    : json_(std::make_shared<const nlohmann::json>(json)), file_(std::move(file)) {}

bool Config::has(const std::string& key) const {
  auto found = json_->find(key);
  return found != json_->end() && !found->is_null();
}

int Config::integer(const std::string& key, int least, int most) const {
  if (!has(key)) throw Error(say("{0}: the field {1} is missing.", file_, key));
  const nlohmann::json& value = json_->at(key);
  // Unsigned numbers above the range of int64 would come back negative, hence the two cases.
  bool fits = value.is_number_unsigned()  ? most >= 0 && value.get<std::uint64_t>() <= std::uint64_t(most)
              : value.is_number_integer() ? value.get<std::int64_t>() <= most
                                          : false;
  if (!fits || value.get<std::int64_t>() < least)
    throw Error(say("{0}: the field {1} must be a whole number from {2} to {3}, not {4}.", file_, key, least,
                    most, json_excerpt(value)));
  return value.get<int>();
}

int Config::integer(const std::string& key, int least, int most, int missing) const {
  return has(key) ? integer(key, least, most) : missing;
}

double Config::number(const std::string& key, double missing) const {
  if (!has(key)) return missing;
  const nlohmann::json& value = json_->at(key);
  if (!value.is_number() || !std::isfinite(value.get<double>()))
    throw Error(say("{0}: the field {1} must be a number, not {2}.", file_, key, json_excerpt(value)));
  return value.get<double>();
}

bool Config::boolean(const std::string& key, bool missing) const {
  if (!has(key)) return missing;
  const nlohmann::json& value = json_->at(key);
  if (!value.is_boolean())
    throw Error(say("{0}: the field {1} must be true or false, not {2}.", file_, key, json_excerpt(value)));
  return value.get<bool>();
}

std::string Config::text(const std::string& key, const std::string& missing) const {
  if (!has(key)) return missing;
  const nlohmann::json& value = json_->at(key);
  if (!value.is_string())
    throw Error(say("{0}: the field {1} must be a text, not {2}.", file_, key, json_excerpt(value)));
  return value.get<std::string>();
}

Config Config::section(const std::string& key) const {
  if (!has(key)) return Config(nlohmann::json::object(), file_ + ": " + key);
  const nlohmann::json& value = json_->at(key);
  if (!value.is_object())
    throw Error(say("{0}: the field {1} must be an object, not {2}.", file_, key, json_excerpt(value)));
  return Config(value, file_ + ": " + key);
}

}  // namespace orrery
