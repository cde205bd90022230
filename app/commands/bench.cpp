#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/commands/bench_frames.h"
#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
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
  int id = sample(executor.feed(prompt), greedy, {}).id;
  speed.prefill.push_back(double(prompt.size()) / seconds_since(start));
  start = Clock::now();
  for (int i = 0; i < count; ++i) id = sample(executor.feed({&id, 1}), greedy, {}).id;
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

nlohmann::json report(const Model& model, int prompt_size, int count, double load, const Speed& traced,
                      const Speed& plain, const FrameBench& frames) {
  const auto speed = [](const Speed& speed) {
    return nlohmann::json{{"prefill_tokens_per_second", median(speed.prefill)},
                          {"decode_tokens_per_second", median(speed.decode)}};
  };
  nlohmann::json result = {{"model", model.name()},
                           {"prompt_tokens", prompt_size},
                           {"new_tokens", count},
                           {"load_seconds", load},
                           {"first_picture_seconds", frames.first_picture},
                           {"traced", speed(traced)},
                           {"plain", speed(plain)},
                           {"peak_memory_bytes", peak_memory()}};
  for (const FrameTimes& times : frames.runs)
    result["frames"].push_back({{"width", times.width},
                                {"height", times.height},
                                {"generating", times.generating},
                                {"median_ms", times.median_ms},
                                {"p95_ms", times.p95_ms},
                                {"resolution_scale", times.scale},
                                {"draw_calls", times.draw_calls},
                                {"bytes_uploaded", times.bytes_uploaded}});
  return result;
}

template <class... Values>
std::string filled(const char* format, Values... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

int bench(const Options& options) {
  const auto start = Clock::now();
  const auto model = options.input.load();
  const double load = seconds_since(start);
  const FrameBench frames = bench_frames(options.input, model);
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
  if (options.json) {
    print(report(*model, prompt_size, count, load, traced, plain, frames).dump(1) + "\n");
    return 0;
  }
  std::string text = filled("%s: a prompt of %d tokens, then %d new ones, on one thread\n",
                            model->name().c_str(), prompt_size, count);
  text += "  tokens a second         prefill        decode\n";
  text += filled("    with the trace   %10.0f  %12.0f\n", median(traced.prefill), median(traced.decode));
  text += filled("    execute only     %10.0f  %12.0f\n", median(plain.prefill), median(plain.decode));
  text += filled("  load %.1f ms, first complete picture %.0f ms after the start\n", load * 1e3,
                 frames.first_picture * 1e3);
  text += "  frames                   median ms    p95 ms  drawn at  draw calls  bytes uploaded\n";
  for (const FrameTimes& times : frames.runs)
    text += filled("    %4dx%-4d %-10s %10.1f %9.1f %9.2f %11d %15.0f\n", times.width, times.height,
                   times.generating ? "generating" : "idle", times.median_ms, times.p95_ms, times.scale,
                   times.draw_calls, times.bytes_uploaded);
  text += filled("  peak memory %.1f MB\n", peak_memory() / 1e6);
  print(text);
  return 0;
}

}  // namespace

void add_bench(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("bench", tr("Measures speed, times and memory on this machine"));
  options->input.add_model(*command);
  command->add_flag("--json", options->json, tr("Print JSON"));
  command->callback([options, &chosen] { chosen = [options] { return bench(*options); }; });
}

}  // namespace orrery
