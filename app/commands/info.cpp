#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
#include "app/shipped_models.h"
#include "model/formats/safetensors.h"
#include "model/hugging_face_folder.h"

namespace orrery {
namespace {

struct InfoOptions {
  std::string model;
  bool json = false;
};

nlohmann::json weights_json(const Model& model) {
  nlohmann::json list = nlohmann::json::array();
  for (const Tensor* tensor : model.graph().tensors())
    if (tensor->role == Role::weight)
      list.push_back({{"name", tensor->name},
                      {"shape", {tensor->rows.size, tensor->cols.size}},
                      {"from", tensor->source.name}});
  return list;
}

/// In English for JSON, translated for people.
const char* state_word(TensorUse::State state) {
  return state == TensorUse::State::read      ? "read"
         : state == TensorUse::State::ignored ? "ignored"
                                              : "missing";
}
std::string state_text(TensorUse::State state) {
  return state == TensorUse::State::read      ? tr("read")
         : state == TensorUse::State::ignored ? tr("ignored")
                                              : tr("missing");
}

nlohmann::json uses_json(const std::vector<TensorUse>& uses) {
  nlohmann::json list = nlohmann::json::array();
  for (const TensorUse& use : uses) {
    nlohmann::json entry = {{"name", use.name}, {"state", state_word(use.state)}};
    if (use.stored) {
      entry["type"] = use.stored->type_name;
      entry["shape"] = use.stored->shape;
      entry["file"] = use.stored->file;
    }
    list.push_back(std::move(entry));
  }
  return list;
}

/// The tensors of the files, one a line: what became of it, type, shape and name.
std::string uses_text(const std::vector<TensorUse>& uses) {
  std::string text = translate(say("tensors of the file")) + "\n";
  for (const TensorUse& use : uses) {
    text += "  " + state_text(use.state) + "  ";
    if (use.stored) text += use.stored->type_name + " " + shape_text(use.stored->shape) + " ";
    text += use.name;
    if (use.stored && is_quantized(use.stored->type))
      text += " (" + translate(say("dequantised from {0}", use.stored->type_name)) + ")";
    text += "\n";
  }
  return text;
}

/// What became of every tensor. If some are missing all are told, where Model::load would name the first.
std::vector<TensorUse> look_at_tensors(const Checkpoint& checkpoint, bool json) {
  std::vector<TensorUse> uses = tensor_uses(checkpoint, build_graph(checkpoint));
  const auto missing = std::ranges::count(uses, TensorUse::State::missing, &TensorUse::state);
  if (missing == 0) return uses;
  print(json ? nlohmann::json{{"files", uses_json(uses)}}.dump(1) + "\n" : uses_text(uses));
  const auto first = std::ranges::find(uses, TensorUse::State::missing, &TensorUse::state);
  throw Error(say("{0}: {1} tensors are missing, the first of them {2}.", checkpoint.weights_file.string(),
                  missing, first->name));
}

std::string fields_text(const Config& config) {
  std::string text;
  for (const auto& [key, value] : config.json().items())
    if (!value.is_structured())
      text +=
          "  " + key + " = " + value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return text;
}

void print_text(const Model& model, const std::vector<TensorUse>& uses) {
  const Architecture& architecture = model.architecture();
  std::string text = model.name() + ": " + architecture.title + "\n";
  const auto line = [&](const Message& message) { text += "  " + translate(message) + "\n"; };
  line(say("weights: {0} ({1})", model.weights_file().string(), model.format()));
  line(say("{0} parameters, {1} layers, {2} heads", model.parameter_count(), model.graph().layer_count(),
           model.graph().head_count()));
  line(say("context of {0} tokens, vocabulary of {1}", model.graph().capacity(), model.vocabulary_size()));
  if (model.tokenizer())
    line(say("tokenizer: {0}, {1} tokens", tokenizer_kind(model.tokenizer()->kind()),
             model.tokenizer()->size()));
  else
    line(say("no tokenizer: tokens are shown and given as ids"));
  std::string ends;
  for (int id : model.ends()) ends += (ends.empty() ? "" : ", ") + std::to_string(id);
  if (!ends.empty()) line(say("tokens that end a text: {0}", ends));
  text += "\n" + translate(say("configuration ({0})", model.config().file())) + "\n";
  text += fields_text(model.config());
  if (!model.generation().json().empty())
    text += "\n" + translate(say("how to generate ({0})", model.generation().file())) + "\n" +
            fields_text(model.generation());
  text += "\n" + uses_text(uses);
  text += "\n" + translate(say("tensors")) + "\n";
  for (const Tensor* tensor : model.graph().tensors())
    if (tensor->role == Role::weight)
      text += "  " + tensor->name + " [" + std::to_string(tensor->rows.size) + ", " +
              std::to_string(tensor->cols.size) + "]\n";
  print(text);
}

int info(const InfoOptions& options) {
  Progress progress;
  const std::filesystem::path path = model_path(options.model);
  const Checkpoint checkpoint = open_checkpoint(path);
  const std::vector<TensorUse> uses = look_at_tensors(checkpoint, options.json);
  const auto model = Model::load(path, progress);
  if (!options.json) {
    print_text(*model, uses);
    return 0;
  }
  const Tokenizer* tokenizer = model->tokenizer();
  const nlohmann::json result = {
      {"name", model->name()},
      {"path", model->path().string()},
      {"weights_file", model->weights_file().string()},
      {"weights_sha256", model->weights_sha256()},
      {"format", model->format()},
      {"architecture", model->architecture().name},
      {"config", model->config().json()},
      {"parameters", model->parameter_count()},
      {"layers", model->graph().layer_count()},
      {"heads", model->graph().head_count()},
      {"context", model->graph().capacity()},
      {"vocabulary", model->vocabulary_size()},
      {"tokenizer", tokenizer ? nlohmann::json{{"kind", tokenizer->kind()}, {"size", tokenizer->size()}}
                              : nlohmann::json(nullptr)},
      {"tensors", weights_json(*model)},
      {"files", uses_json(uses)},
      {"generation", model->generation().json()},
      {"ends", model->ends()},
      {"ignored", model->ignored()}};
  print(result.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  return 0;
}

int list_models() {
  std::string text;
  for (const ShippedModel& model : shipped_models()) {
    const bool chinese = current_language() == "zh-Hant" && !model.description_zh_hant.empty();
    char size[32];
    std::snprintf(size, sizeof size, "%7.2f MB  ", double(model.bytes) / 1e6);
    std::string name = model.name;
    name.resize(std::max<size_t>(name.size(), 14), ' ');
    text += name + size + (chinese ? model.description_zh_hant : model.description) + "\n";
  }
  print(text);
  return 0;
}

}  // namespace

void add_info(CLI::App& program, Command& chosen) {
  auto options = std::make_shared<InfoOptions>();
  CLI::App* command = program.add_subcommand("info", tr("Says what a model is made of"));
  command->add_option("MODEL", options->model, tr("A shipped model's name, a folder or a file"))
      ->required()
      ->check(not_empty());
  command->add_flag("--json", options->json, tr("Print JSON"));
  command->callback([options, &chosen] { chosen = [options] { return info(*options); }; });
}

void add_models(CLI::App& program, Command& chosen) {
  CLI::App* command = program.add_subcommand("models", tr("Lists the models that come with Orrery"));
  command->callback([&chosen] { chosen = list_models; });
}

}  // namespace orrery
