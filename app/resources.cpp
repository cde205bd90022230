#include "app/resources.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace orrery {
namespace fs = std::filesystem;

namespace {

fs::path environment(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? fs::path(value) : fs::path();
}

fs::path look_for_assets() {
  std::error_code error;
  std::vector<fs::path> places;
  if (auto given = environment("ORRERY_ASSETS"); !given.empty()) places.push_back(given);
  fs::path program = fs::read_symlink("/proc/self/exe", error);
  for (fs::path folder = program.parent_path(); !error && folder.has_relative_path();
       folder = folder.parent_path()) {
    places.push_back(folder / "assets");
    places.push_back(folder / "share" / "orrery");
  }
#ifdef ORRERY_ASSETS_DIR
  places.push_back(ORRERY_ASSETS_DIR);
#endif
  places.push_back(fs::current_path(error) / "assets");
  for (const fs::path& place : places)
    if (fs::is_directory(place / "models", error) || fs::is_directory(place / "languages", error))
      return place;
  return places.back();
}

std::string text_of(const nlohmann::json& json, const char* key) {
  auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<ShippedModel> look_for_models() {
  std::vector<ShippedModel> models;
  std::error_code error;
  for (fs::directory_iterator entry(assets_folder() / "models", error), end; !error && entry != end;
       entry.increment(error)) {
    std::ifstream file(entry->path() / "config.json");
    nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
    if (!json.is_object()) continue;
    std::error_code missing;
    auto bytes = fs::file_size(entry->path() / "model.safetensors", missing);
    if (missing) continue;
    models.push_back({entry->path().filename().string(), entry->path(), text_of(json, "description"),
                      text_of(json, "description_zh_hant"), text_of(json, "prompt"), bytes});
  }
  // The smallest model is the one that a beginner understands: it comes first.
  std::sort(models.begin(), models.end(), [](const ShippedModel& a, const ShippedModel& b) {
    return std::tie(a.bytes, a.name) < std::tie(b.bytes, b.name);
  });
  return models;
}

}  // namespace

const fs::path& assets_folder() {
  static const fs::path folder = look_for_assets();
  return folder;
}

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
