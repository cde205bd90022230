#include "model/trace.h"

#include <fnmatch.h>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
#include "model/executor.h"
#include "model/formats/safetensors_writer.h"

namespace orrery {
namespace {

const SamplingSettings greedy_at_first{.temperature = 0};

struct TraceOptions {
  InputOptions input;
  SamplingWishes sampling;
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

std::vector<SafetensorsTensor> contents(const std::vector<Hook>& hooks, std::int64_t tokens) {
  std::vector<SafetensorsTensor> list = {{"input_ids", SafetensorsTensor::Type::I64, {tokens}}};
  for (const Hook& hook : hooks)
    list.push_back({hook.name, SafetensorsTensor::Type::F32, hook_shape(hook, tokens)});
  return list;
}

void write_hook(SafetensorsWriter& file, const Trace& trace, const Hook& hook, int tokens) {
  const auto row_of = [&](const Tensor& tensor, int row, int cols) {
    file.write({trace.view(tensor).row(row), size_t(cols)});
  };
  if (hook.over_sources()) {  // [H, T, T]
    for (const Tensor* part : hook.parts)
      for (int row = 0; row < tokens; ++row) row_of(*part, row, tokens);
  } else {  // [T, H, d]
    for (int row = 0; row < tokens; ++row)
      for (const Tensor* part : hook.parts) row_of(*part, row, part->cols.size);
  }
}

int write_trace(const TraceOptions& options) {
  options.input.refuse_as_output(options.file);
  const auto model = options.input.load();
  const SamplingSettings sampling = fulfilled(greedy_at_first, options.sampling);
  const std::vector<Hook> hooks = select(model->graph(), options.pattern);
  const std::vector<int> prompt = options.input.tokens(*model);
  const int passes = options.count < 0 ? -1 : options.count + 1;  // the last token drawn is fed, too
  Executor executor = Executor::start(model, prompt, passes, sampling);
  executor.ends.clear();            // as many tokens as were asked for, wherever the text ends
  OutputFile output(options.file);  // complains before anything is computed
  while (executor.run_pass()) {
  }
  const Trace& trace = *executor.trace();
  const int tokens = trace.pass(trace.pass_count() - 1).rows.end;
  SafetensorsWriter file(output.part(), contents(hooks, tokens),
                         {{"model", model->path().string()},
                          {"weights_sha256", model->weights_sha256()},
                          {"prompt", options.input.text(*model)},
                          {"seed", std::to_string(sampling.seed)},
                          {"version", ORRERY_VERSION}},
                         options.file);
  std::vector<std::int64_t> ids;
  for (int row = 0; row < tokens; ++row) ids.push_back(trace.token(row));
  file.write(ids);
  for (const Hook& hook : hooks) write_hook(file, trace, hook, tokens);
  file.finish();
  output.finish();
  if (executor.state() == RunState::context_full && options.count >= 0)
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

void add_trace(CLI::App& program, Command& chosen) {
  auto options = std::make_shared<TraceOptions>();
  CLI::App* command =
      program.add_subcommand("trace", tr("Writes every number of a run to a safetensors file"));
  options->input.add_model(*command);
  options->input.add_prompt(*command);
  command
      ->add_option("-n,--n-predict", options->count,
                   tr("Tokens to add to the prompt; -1 until the context is full"))
      ->check(integer_in(-1, 1 << 24))
      ->capture_default_str();
  command
      ->add_option("--hooks", options->pattern,
                   tr("Write only hooks whose names fit, e.g. 'blocks.0.attn.*'"))
      ->type_name("GLOB")
      ->capture_default_str();
  command->add_option("-o,--output", options->file, tr("The file to write"))
      ->type_name("FILE")
      ->required()
      ->check(not_empty());
  add_threads(*command);
  add_sampling(*command, options->sampling, greedy_at_first);
  command->callback([options, &chosen] { chosen = [options] { return write_trace(*options); }; });
}

void add_hooks(CLI::App& program, Command& chosen) {
  auto input = std::make_shared<InputOptions>();
  CLI::App* command = program.add_subcommand("hooks", tr("Lists the names and shapes that 'trace' writes"));
  input->add_model(*command);
  command->callback([input, &chosen] { chosen = [input] { return list_hooks(*input); }; });
}

}  // namespace orrery
