#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace orrery {

/// A model that comes with Orrery, as its config.json describes it.
struct ShippedModel {
  std::string name;                 ///< the folder's name: what `-m` takes
  std::filesystem::path path;       ///< the folder
  std::string description;          ///< English
  std::string description_zh_hant;  ///< Traditional Chinese; empty if the model has none
  std::string prompt;               ///< a text that shows the model well; may be empty
  std::uintmax_t bytes = 0;         ///< size of the weights
};

/// The models in assets/models, the one to begin with first. Folders whose config.json cannot be read are
/// left out.
const std::vector<ShippedModel>& shipped_models();

/// The shipped model of that name; null if there is none.
const ShippedModel* find_shipped_model(const std::string& name);

/// What a person means by MODEL: a shipped model's name, else a folder or a file.
std::filesystem::path model_path(const std::string& name_or_path);

/// $XDG_CONFIG_HOME/orrery (or ~/.config/orrery); empty if there is no home.
std::filesystem::path config_folder();
/// Where screenshots go: XDG_PICTURES_DIR or ~/Pictures where that exists, else the current folder.
std::filesystem::path pictures_folder();

}  // namespace orrery
