#include <nlohmann/json.hpp>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
#include "model/executor.h"

namespace orrery {
namespace {

struct Options {
  InputOptions input;
  SamplingSettings sampling;
  int count = -1, context = 0;
  bool json = false;
};

int generate(const Options& options) {
  const auto model = options.input.load();
  const std::vector<int> prompt = options.input.tokens(*model);
  Executor executor = Executor::start(model, prompt, options.count, options.sampling, nullptr,
                                      options.context > 0 ? options.context : -1);
  const Tokenizer* tokenizer = model->tokenizer();
  std::vector<int> ids;
  std::string pending, text;
  const auto put = [&](bool finished) {
    const std::string ready = tokenizer ? take_printable(pending, finished) : std::exchange(pending, "");
    text += ready;
    if (!options.json && !ready.empty()) print(ready);
  };
  while ((options.count < 0 || int(ids.size()) < options.count) && executor.run_pass()) {
    const Trace& trace = *executor.trace();
    const int id = trace.pass(trace.pass_count() - 1).chosen;
    pending += tokenizer ? tokenizer->bytes(id) : (ids.empty() ? "" : " ") + std::to_string(id);
    ids.push_back(id);
    put(false);
  }
  put(true);
  if (options.json) {
    nlohmann::json result = {{"model", model->name()}, {"prompt_ids", prompt}, {"ids", ids}};
    if (tokenizer) result["text"] = text;
    print(result.dump() + "\n");
  } else {
    print("\n");
  }
  if (options.count >= 0 && int(ids.size()) < options.count)
    tell(say("the context of {0} tokens is full: {1} of {2} tokens were written",
             executor.trace()->capacity(), ids.size(), options.count));
  return 0;
}

}  // namespace

void add_generate(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("generate", tr("Writes the continuation of a prompt"));
  options->input.add_model(*command);
  options->input.add_prompt(*command);
  command->add_option("-n,--n-predict", options->count, tr("How many tokens; -1 until the context is full"))
      ->check(integer_in(-1, 1 << 24))
      ->capture_default_str();
  command
      ->add_option("-c,--ctx-size", options->context,
                   tr("Tokens of context (default: all that the model has)"))
      ->check(integer_in(1, 1 << 24));
  add_sampling(*command, options->sampling);
  command->add_flag("--json", options->json, tr("Print ids and text as JSON"));
  command->callback([options, &chosen] { chosen = [options] { return generate(*options); }; });
}

}  // namespace orrery
