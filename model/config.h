#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace orrery {

/// A model's configuration as its file holds it, with checked access: every error names the file and the
/// field.
class Config {
 public:
  Config();
  Config(const nlohmann::json& json, std::string file);

  bool has(const std::string& key) const;  ///< present and not null
  /// Throws Error if present but no integer, or outside [least, most].
  int integer(const std::string& key, int least, int most) const;  ///< must be present
  int integer(const std::string& key, int least, int most,
              int missing) const;                               ///< `missing` where absent or null
  double number(const std::string& key, double missing) const;  ///< finite
  bool boolean(const std::string& key, bool missing) const;
  std::string text(const std::string& key, const std::string& missing) const;

  /// The object of that name as a configuration of its own, whose errors name it; empty where absent or null.
  /// Throws Error if it is something else.
  Config section(const std::string& key) const;

  const nlohmann::json& json() const { return *json_; }
  const std::string& file() const { return file_; }

 private:
  std::shared_ptr<const nlohmann::json> json_;  // behind a pointer: its header is slow to compile
  std::string file_;
};

}  // namespace orrery
