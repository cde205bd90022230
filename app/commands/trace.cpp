#include "model/trace.h"

#include <fnmatch.h>

#include <nlohmann/json.hpp>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "model/executor.h"

namespace orrery {
namespace {

struct Options {
  InputOptions input;
  SamplingSettings sampling;
  int count = 0;
  std::string pattern = "*", file;
};

std::vector<Hook> select(const Graph& graph, const std::string& pattern) {
  std::vector<Hook> hooks;
  bool matched = false;
  for (Hook& hook : hooks_of(graph)) {
    const bool fits = fnmatch(pattern.c_str(), hook.name.c_str(), 0) == 0;
    matched |= fits;
    if (fits || hook.parts.front() == &graph.logits()) hooks.push_back(std::move(hook));
  }
  if (!matched)
    throw Error(say("--hooks '{0}' fits no hook of this model: 'orrery hooks' lists them", pattern));
  return hooks;
}

/// The safetensors header: 8 bytes of length, then JSON padded with spaces to a multiple of 8.
std::string header(const std::vector<Hook>& hooks, std::int64_t tokens, const nlohmann::json& metadata) {
  nlohmann::ordered_json json;
  json["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  const auto add = [&](const std::string& name, const char* type, const std::vector<std::int64_t>& shape,
                       std::uint64_t size) {
    for (std::int64_t length : shape) size *= std::uint64_t(length);
    json[name] = {{"dtype", type}, {"shape", shape}, {"data_offsets", {offset, offset + size}}};
    offset += size;
  };
  add("input_ids", "I64", {tokens}, 8);
  for (const Hook& hook : hooks) add(hook.name, "F32", hook_shape(hook, tokens), 4);
  std::string text = json.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i) length[i] = char(text.size() >> (8 * i) & 0xff);
  return length + text;
}

void write_row(OutputFile& file, const Trace& trace, const Tensor& tensor, int row, std::int64_t cols) {
  file.write(trace.view(tensor).row(row), size_t(cols) * sizeof(float));
}

void write_hook(OutputFile& file, const Trace& trace, const Hook& hook, int tokens) {
  if (hook.over_sources()) {  // [H, T, T]
    for (const Tensor* part : hook.parts)
      for (int row = 0; row < tokens; ++row) write_row(file, trace, *part, row, tokens);
  } else {  // [T, H, d]
    for (int row = 0; row < tokens; ++row)
      for (const Tensor* part : hook.parts) write_row(file, trace, *part, row, part->cols.size);
  }
}

int write_trace(const Options& options) {
  const auto model = options.input.load();
  const std::vector<Hook> hooks = select(model->graph(), options.pattern);
  const std::vector<int> prompt = options.input.tokens(*model);
  const int passes = options.count < 0 ? -1 : options.count + 1;  // the last token drawn is fed, too
  Executor executor = Executor::start(model, prompt, passes, options.sampling);
  OutputFile file(options.file);
  while (executor.run_pass()) {
  }
  const Trace& trace = *executor.trace();
  const int tokens = trace.pass(trace.pass_count() - 1).rows.end;
  const nlohmann::json metadata = {{"model", model->path().string()},
                                   {"weights_sha256", model->weights_sha256()},
                                   {"prompt", options.input.text(*model)},
                                   {"seed", std::to_string(options.sampling.seed)},
                                   {"version", ORRERY_VERSION}};
  const std::string head = header(hooks, tokens, metadata);
  file.write(head.data(), head.size());
  for (int row = 0; row < tokens; ++row) {
    const std::int64_t id = trace.token(row);
    file.write(&id, sizeof id);
  }
  for (const Hook& hook : hooks) write_hook(file, trace, hook, tokens);
  file.finish();
  if (options.count >= 0 && tokens < int(prompt.size()) + options.count)
    tell(say("the context of {0} tokens is full: {1} of {2} tokens were written", trace.capacity(),
             tokens - int(prompt.size()), options.count));
  return 0;
}

int list_hooks(const InputOptions& input) {
  const auto model = input.load();
  std::string text;
  for (const Hook& hook : hooks_of(model->graph())) {
    text += hook.name + " [";
    const auto shape = hook_shape(hook, -1);
    for (size_t i = 0; i < shape.size(); ++i)
      text += (i ? ", " : "") + (shape[i] < 0 ? "T" : std::to_string(shape[i]));
    text += "]\n";
  }
  print(text);
  return 0;
}

}  // namespace

void add_trace(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<Options>();
  options->sampling.temperature = 0;
  CLI::App* command = program.add_subcommand("trace", "Writes every number of a run to a safetensors file");
  options->input.add_model(*command);
  options->input.add_prompt(*command);
  command
      ->add_option("-n,--n-predict", options->count,
                   "Tokens to add to the prompt; -1 until the context is full")
      ->check(integer_in(-1, 1 << 24))
      ->capture_default_str();
  command->add_option("--hooks", options->pattern, "Write only hooks whose names fit, e.g. 'blocks.0.attn.*'")
      ->type_name("GLOB")
      ->capture_default_str();
  command->add_option("-o,--output", options->file, "The file to write")->type_name("FILE")->required();
  add_sampling(*command, options->sampling);
  command->callback([options, &chosen] { chosen = [options] { return write_trace(*options); }; });
}

void add_hooks(CLI::App& program, Action& chosen) {
  auto input = std::make_shared<InputOptions>();
  CLI::App* command = program.add_subcommand("hooks", "Lists the names and shapes that 'trace' writes");
  input->add_model(*command);
  command->callback([input, &chosen] { chosen = [input] { return list_hooks(*input); }; });
}

}  // namespace orrery
