#include "app/shipped_models.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "model/resources.h"

namespace orrery {
namespace fs = std::filesystem;

namespace {

fs::path environment(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? fs::path(value) : fs::path();
}

std::string json_text(const nlohmann::json& json, const char* key) {
  auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<ShippedModel> look_for_models() {
  std::vector<ShippedModel> models;
  std::error_code error;
  for (fs::directory_iterator entry(resource_path() / "assets" / "models", error), end;
       !error && entry != end; entry.increment(error)) {
    std::ifstream file(entry->path() / "config.json");
    nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
    if (!json.is_object()) continue;
    std::error_code missing;
    auto bytes = fs::file_size(entry->path() / "model.safetensors", missing);
    if (missing) continue;
    models.push_back({entry->path().filename().string(), entry->path(), json_text(json, "description"),
                      json_text(json, "description_zh_hant"), json_text(json, "prompt"), bytes});
  }
  // The smallest model is the one that a beginner understands: it comes first.
  std::sort(models.begin(), models.end(), [](const ShippedModel& a, const ShippedModel& b) {
    return std::tie(a.bytes, a.name) < std::tie(b.bytes, b.name);
  });
  return models;
}

}  // namespace

const std::vector<ShippedModel>& shipped_models() {
  static const std::vector<ShippedModel> models = look_for_models();
  return models;
}

const ShippedModel* find_shipped_model(const std::string& name) {
  for (const ShippedModel& model : shipped_models())
    if (model.name == name) return &model;
  return nullptr;
}

fs::path model_path(const std::string& name_or_path) {
  const ShippedModel* shipped = find_shipped_model(name_or_path);
  return shipped ? shipped->path : fs::path(name_or_path);
}

fs::path config_folder() {
  if (auto given = environment("XDG_CONFIG_HOME"); !given.empty()) return given / "orrery";
  if (auto home = environment("HOME"); !home.empty()) return home / ".config" / "orrery";
  return {};
}

fs::path pictures_folder() {
  std::error_code error;
  if (auto given = environment("XDG_PICTURES_DIR"); fs::is_directory(given, error)) return given;
  if (auto home = environment("HOME"); fs::is_directory(home / "Pictures", error)) return home / "Pictures";
  return fs::current_path(error);
}

}  // namespace orrery
