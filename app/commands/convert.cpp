#include <unistd.h>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
#include "app/shipped_models.h"
#include "model/hugging_face_folder.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

/// The folder and those around it that are not there yet, the innermost first.
std::vector<fs::path> missing_folders(const fs::path& folder) {
  std::vector<fs::path> missing;
  std::error_code error;
  for (fs::path path = folder; !path.empty() && !fs::exists(fs::symlink_status(path, error));
       path = path.parent_path())
    missing.push_back(path);
  return missing;
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(say("{0} cannot be written: {1}", folder.string(), error.message()));
}

/// The names of the files, with commas between. A folder that had to be made does not stay behind empty.
std::string write_files(const Checkpoint& checkpoint, const Graph& graph, const fs::path& weights) {
  const fs::path folder = weights.has_parent_path() ? weights.parent_path() : fs::path(".");
  const std::vector<fs::path> missing = missing_folders(folder);
  Progress progress;
  std::string names;
  try {
    make_folder(folder);
    for (const std::string& name : write_hugging_face_folder(checkpoint, graph, weights, progress))
      names += (names.empty() ? "" : ", ") + name;
  } catch (...) {
    for (const fs::path& made : missing) rmdir(made.c_str());  // which takes away nothing but empty folders
    throw;
  }
  return translate(say("{0}: {1}", folder.string(), names));
}

int convert(const std::string& model, const fs::path& output) {
  const Checkpoint checkpoint = open_checkpoint(model_path(model));
  const Graph graph = build_graph(checkpoint);
  // What would be refused when the result is loaded is refused here.
  sampling_wishes(checkpoint.generation);
  text_ends(checkpoint.generation, checkpoint.config);
  const bool file = output.extension() == ".safetensors";
  print(write_files(checkpoint, graph, file ? output : output / "model.safetensors") + "\n");
  return 0;
}

}  // namespace

void add_convert(CLI::App& program, Command& chosen) {
  struct Options {
    std::string model, output;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "convert", tr("Writes a model as Hugging Face's files: config.json, safetensors, tokenizer"));
  command->add_option("MODEL", options->model, tr("A shipped model's name, a folder or a file"))
      ->required()
      ->check(not_empty());
  command->add_option("OUT", options->output, tr("A new folder, or a .safetensors file in one"))
      ->required()
      ->check(not_empty());
  command->callback(
      [options, &chosen] { chosen = [options] { return convert(options->model, options->output); }; });
}

}  // namespace orrery
