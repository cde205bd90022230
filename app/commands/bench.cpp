#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "app/commands/bench_frames.h"
#include "app/commands/bench_speed.h"
#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
#include "model/kernels/kernels.h"
#include "model/parallel.h"

namespace orrery {
namespace {

/// The most memory that this process ever held, in bytes; 0 where the system does not say.
double peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024;
  return 0;
}

struct BenchOptions {
  InputOptions input;
  std::vector<std::string> shapes;
  bool json = false;
};

struct ShapeBench {
  const BenchShape& shape;
  std::int64_t parameters = 0;
  SpeedBench speed;
};

std::vector<ShapeBench> measure_shapes(const std::vector<std::string>& wanted) {
  std::vector<ShapeBench> result;
  for (const BenchShape& shape : bench_shapes()) {
    if (!wanted.empty() && std::ranges::find(wanted, shape.name) == wanted.end()) continue;
    const auto model = make_model(shape);
    result.push_back(
        {shape, model->parameter_count(), bench_speed(model, shape.prompt_tokens, shape.new_tokens, 1)});
  }
  return result;
}

nlohmann::json report(const SpeedBench& bench) {
  const auto speed = [](const Speed& speed) {
    return nlohmann::json{{"prefill_tokens_per_second", speed.prefill},
                          {"decode_tokens_per_second", speed.decode}};
  };
  return {{"prompt_tokens", bench.prompt_tokens},
          {"new_tokens", bench.new_tokens},
          {"traced", speed(bench.traced)},
          {"plain", speed(bench.plain)},
          {"trace_cost_of_decode", bench.trace_cost()}};
}

nlohmann::json report(const Model& model, double load, const SpeedBench& speed, const BesideBench& beside,
                      const std::vector<ShapeBench>& shapes, const FrameBench& frames, double peak) {
  nlohmann::json result = report(speed);
  result.update({{"model", model.name()},
                 {"kernels", kernels().name},
                 {"threads", thread_count()},
                 {"load_seconds", load},
                 {"first_picture_seconds", frames.first_picture},
                 {"decode_beside_instruments",
                  {{"alone_tokens_per_second", beside.alone}, {"beside_tokens_per_second", beside.beside}}},
                 {"shapes", nlohmann::json::array()},
                 {"peak_memory_bytes", peak}});
  for (const ShapeBench& bench : shapes) {
    nlohmann::json entry = report(bench.speed);
    entry.update({{"shape", bench.shape.name},
                  {"layers", bench.shape.layers},
                  {"heads", bench.shape.heads},
                  {"channels", bench.shape.channels},
                  {"vocabulary", bench.shape.vocabulary},
                  {"parameters", bench.parameters}});
    result["shapes"].push_back(std::move(entry));
  }
  for (const FrameTimes& times : frames.runs)
    result["frames"].push_back({{"width", times.width},
                                {"height", times.height},
                                {"generating", times.generating},
                                {"instruments", times.instruments},
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

std::string speed_line(const char* name, const SpeedBench& bench) {
  return filled("  %-14s %4d+%-4d %9.0f %9.0f  %9.0f %9.0f  %10.1f %%\n", name, bench.prompt_tokens,
                bench.new_tokens, bench.traced.prefill, bench.traced.decode, bench.plain.prefill,
                bench.plain.decode, 100 * bench.trace_cost());
}

int bench(const BenchOptions& options) {
  const auto start = BenchClock::now();
  const auto model = options.input.load();
  const double load = seconds_since(start);
  const FrameBench frames = bench_frames(options.input, model);
  const int context = model->graph().capacity();
  const int prompt_size = std::clamp(context / 4, 1, 64);
  const int new_tokens = std::clamp(context - prompt_size, 0, 96);
  const SpeedBench speed = bench_speed(model, prompt_size, new_tokens, 2);
  const BesideBench beside = bench_beside(model, prompt_size, new_tokens, 1);
  const double peak = peak_memory();  // before the made models, which are larger
  const std::vector<ShapeBench> shapes = measure_shapes(options.shapes);
  if (options.json) {
    print(report(*model, load, speed, beside, shapes, frames, peak).dump(1) + "\n");
    return 0;
  }
  std::string text = filled("threads: %d; %s kernels; tokens a second\n", thread_count(), kernels().name);
  text += "                             with the trace         execute only     trace costs\n";
  text += "               prompt+new   prefill    decode    prefill    decode     of decode\n";
  text += speed_line(model->name().c_str(), speed);
  for (const ShapeBench& bench : shapes) text += speed_line(bench.shape.name, bench.speed);
  text += filled("  decode with the trace: %.0f alone, %.0f while the logit lens is computed beside it\n",
                 beside.alone, beside.beside);
  text += filled("  load %.1f ms, first complete picture %.0f ms after the start\n", load * 1e3,
                 frames.first_picture * 1e3);
  text += "  frames                              median ms    p95 ms  drawn at  draw calls  bytes uploaded\n";
  for (const FrameTimes& times : frames.runs)
    text += filled("    %4dx%-4d %-24s %7.1f %9.1f %9.2f %11d %15.0f\n", times.width, times.height,
                   times.instruments  ? "generating, instruments"
                   : times.generating ? "generating"
                                      : "idle",
                   times.median_ms, times.p95_ms, times.scale, times.draw_calls, times.bytes_uploaded);
  text += filled("  peak memory %.1f MB\n", peak / 1e6);
  print(text);
  return 0;
}

}  // namespace

void add_bench(CLI::App& program, Command& chosen) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App* command = program.add_subcommand("bench", tr("Measures speed, times and memory on this machine"));
  options->input.add_model(*command);
  command
      ->add_option("--shapes", options->shapes,
                   tr("Sizes of network to measure with made weights: S, M, L, XL"))
      ->check(CLI::IsMember({"S", "M", "L", "XL"}))
      ->delimiter(',');
  add_threads(*command);
  command->add_flag("--json", options->json, tr("Print JSON"));
  command->callback([options, &chosen] { chosen = [options] { return bench(*options); }; });
}

}  // namespace orrery
