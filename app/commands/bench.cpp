#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "model/executor.h"
#include "model/plain_executor.h"

namespace orrery {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

struct Speed {
  std::vector<double> prefill, decode;  ///< tokens per second, one a round
};

void traced_round(const std::shared_ptr<const Model>& model, const std::vector<int>& prompt, int count,
                  Speed& speed) {
  SamplingSettings greedy;
  greedy.temperature = 0;
  Executor executor = Executor::start(model, prompt, count + 1, greedy);
  auto start = Clock::now();
  executor.run_pass();
  speed.prefill.push_back(double(prompt.size()) / seconds_since(start));
  start = Clock::now();
  int decoded = 0;
  while (executor.run_pass()) ++decoded;
  if (decoded > 0) speed.decode.push_back(decoded / seconds_since(start));
}

void plain_round(const std::shared_ptr<const Model>& model, const std::vector<int>& prompt, int count,
                 Speed& speed) {
  SamplingSettings greedy;
  greedy.temperature = 0;
  PlainExecutor executor(model, int(prompt.size()) + count, int(prompt.size()));
  auto start = Clock::now();
  int id = sample(executor.feed(prompt), greedy, executor.tokens()).id;
  speed.prefill.push_back(double(prompt.size()) / seconds_since(start));
  start = Clock::now();
  for (int i = 0; i < count; ++i) id = sample(executor.feed({&id, 1}), greedy, executor.tokens()).id;
  if (count > 0) speed.decode.push_back(count / seconds_since(start));
}

/// The most memory that this process ever held, in bytes; 0 where the system does not say.
double peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024;
  return 0;
}

struct Options {
  InputOptions input;
  bool json = false;
};

int bench(const Options& options) {
  const auto start = Clock::now();
  const auto model = options.input.load();
  const double load = seconds_since(start);
  const int context = model->graph().capacity();
  const int prompt_size = std::clamp(context / 4, 1, 64);
  const int count = std::clamp(context - prompt_size, 0, 96);
  std::vector<int> prompt;
  for (int i = 0; i < prompt_size; ++i) prompt.push_back((i * 7 + 1) % model->vocabulary_size());
  Speed traced, plain;
  const auto begin = Clock::now();
  // Interleaved, so that a busy neighbour slows both alike.
  for (int round = 0; round < 3 || (seconds_since(begin) < 2 && round < 2000); ++round) {
    traced_round(model, prompt, count, traced);
    plain_round(model, prompt, count, plain);
  }
  const nlohmann::json result = {{"model", model->name()},
                                 {"prompt_tokens", prompt_size},
                                 {"new_tokens", count},
                                 {"load_seconds", load},
                                 {"traced",
                                  {{"prefill_tokens_per_second", median(traced.prefill)},
                                   {"decode_tokens_per_second", median(traced.decode)}}},
                                 {"plain",
                                  {{"prefill_tokens_per_second", median(plain.prefill)},
                                   {"decode_tokens_per_second", median(plain.decode)}}},
                                 {"peak_memory_bytes", peak_memory()}};
  if (options.json) {
    print(result.dump(1) + "\n");
    return 0;
  }
  char text[1024];
  std::snprintf(text, sizeof text,
                "%s: a prompt of %d tokens, then %d new ones, on one thread\n"
                "                     prefill        decode   tokens/s\n"
                "  with the trace  %10.0f  %12.0f\n"
                "  execute only    %10.0f  %12.0f\n"
                "  load            %10.1f ms\n"
                "  peak memory     %10.1f MB\n",
                model->name().c_str(), prompt_size, count, median(traced.prefill), median(traced.decode),
                median(plain.prefill), median(plain.decode), load * 1e3, peak_memory() / 1e6);
  print(text);
  return 0;
}

}  // namespace

void add_bench(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("bench", "Measures speed, times and memory on this machine");
  options->input.add_model(*command);
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &chosen] { chosen = [options] { return bench(*options); }; });
}

}  // namespace orrery
