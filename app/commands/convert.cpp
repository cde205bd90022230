#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
#include "app/shipped_models.h"
#include "model/hugging_face_folder.h"

namespace orrery {
namespace {

int convert(const std::string& model, const std::filesystem::path& output) {
  Progress progress;
  const Checkpoint checkpoint = open_checkpoint(model_path(model));
  const bool file = output.extension() == ".safetensors";
  const std::filesystem::path weights = file ? output : output / "model.safetensors";
  std::string names;
  for (const std::string& name :
       write_hugging_face_folder(checkpoint, build_graph(checkpoint), weights, progress))
    names += (names.empty() ? "" : ", ") + name;
  print(translate(say("{0}: {1}", weights.parent_path().string(), names)) + "\n");
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
  command->add_option("MODEL", options->model, tr("A shipped model's name, a folder or a file"))->required();
  command->add_option("OUT", options->output, tr("A new folder, or a .safetensors file in one"))->required();
  command->callback(
      [options, &chosen] { chosen = [options] { return convert(options->model, options->output); }; });
}

}  // namespace orrery
