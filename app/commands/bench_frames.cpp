#include "app/commands/bench_frames.h"

#include <glad/gl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <thread>

#include "app/background.h"
#include "app/cards.h"
#include "app/commands/picture.h"
#include "app/insight.h"
#include "app/shipped_models.h"
#include "model/analysis/logit_lens.h"
#include "model/worker.h"

namespace orrery {
namespace {

constexpr int frames_a_run = 90;

/// Seconds since this process began (its start is known to a hundredth); 0 where the system does not say.
double process_age() {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const size_t name_end = text.rfind(')');  // the name may hold spaces; field 3 follows it
  timespec now{};
  if (name_end == std::string::npos || clock_gettime(CLOCK_BOOTTIME, &now) != 0) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;
  return double(now.tv_sec) + double(now.tv_nsec) * 1e-9 - std::stod(field) / double(sysconf(_SC_CLK_TCK));
}

/// A worker that computes as it does for the window, a token every sixth frame, and begins anew whenever the
/// context is full.
class Generator {
 public:
  Generator(const InputOptions& input, std::vector<int> ids) : ids_(std::move(ids)) {
    worker_.load(model_path(input.model));
    while (!trace_) {
      take_events();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  const std::shared_ptr<const Trace>& trace() {
    take_events();
    worker_.allow(trace_->published() + std::uint64_t(trace_->steps_a_pass() + 5) / 6);
    return trace_;
  }

 private:
  void take_events() {
    for (Event& event : worker_.poll()) {
      if (event.kind == Event::Kind::load_failed || event.kind == Event::Kind::run_failed)
        throw Error(event.message);
      if (event.kind == Event::Kind::run_started) trace_ = event.trace;
      if (event.kind == Event::Kind::model_loaded || event.kind == Event::Kind::run_ended) {
        worker_.start({ids_, -1, SamplingSettings{}});
        worker_.allow(1);
      }
    }
  }

  std::vector<int> ids_;
  std::shared_ptr<const Trace> trace_;
  Worker worker_;
};

/// As many cards as can be pinned, each on the newest token's row of its tensor, and the logit lens on a
/// thread of its own: what a person who looks closely has open.
class Instruments {
 public:
  explicit Instruments(const Graph& graph) {
    const size_t steps = graph.steps().size();
    for (size_t i = 1; i <= size_t(Cards::most); ++i)
      cards_.pin({graph.steps()[steps * i / size_t(Cards::most) - 1], 0, 0}).newest = true;
  }
  void look(const std::shared_ptr<const Trace>& trace, Picture& picture) {
    const std::uint64_t steps = trace->published();
    cards_.refresh(trace->model(), trace.get(), steps);
    std::vector<PinnedCell> pinned;
    for (const Card& card : cards_.pinned()) pinned.push_back({card.cell, {1, 0.7f, 0.2f}});
    picture.mark(pinned.empty() ? std::nullopt : std::optional(pinned.front().cell), pinned);
    if (const int rows = complete_rows(*trace, steps); rows > 0)
      background_.ask<Finding<LensTable>>(
          0, {std::int64_t(trace->id()), rows},
          [trace, rows](Progress& progress) { return logit_lens(*trace, rows, 8, false, progress); });
  }

 private:
  Cards cards_;
  Background background_;
};

/// `trace_now` gives the recording to draw and may do what a window does besides.
template <class TraceNow>
FrameTimes run(Picture& picture, bool generating, bool instruments, const TraceNow& trace_now) {
  FrameTimes result{picture.width(), picture.height(), generating, instruments};
  std::vector<double> times;
  for (int frame = -5; frame < frames_a_run; ++frame) {  // the first five warm up
    const float t = float(std::max(frame, 0)) / frames_a_run;
    picture.frame(0.5f * std::sin(6.2831853f * t));
    picture.camera().distance *= 1 - 0.6f * t;
    const auto start = std::chrono::steady_clock::now();
    const Trace& trace = trace_now();
    const FrameStats stats =
        picture.draw(trace, double(trace.published()), float(frame) / 60, Quality::moving);
    glFinish();
    if (frame < 0) continue;
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    result.draw_calls = std::max(result.draw_calls, stats.draw_calls);
    result.bytes_uploaded += double(stats.bytes_uploaded) / frames_a_run;
    result.scale = std::min(result.scale, double(stats.scale));
  }
  std::ranges::sort(times);
  result.median_ms = times[times.size() / 2];
  result.p95_ms = times[times.size() * 95 / 100];
  return result;
}

}  // namespace

FrameBench bench_frames(const InputOptions& input, const std::shared_ptr<const Model>& model) {
  FrameBench result;
  std::vector<int> ids = {0};
  if (input.has_ids || model->tokenizer()) ids = input.tokens(*model);
  Executor executor = Executor::start(model, ids, -1, SamplingSettings{});
  executor.run_pass();
  const Trace& trace = *executor.trace();
  const int capacity = model->graph().capacity();
  for (const auto& [width, height] : {std::pair{1280, 720}, std::pair{768, 688}}) {
    PictureOptions options;
    options.width = width;
    options.height = height;
    Picture picture(model, std::min(capacity, int(ids.size()) + 16), options);
    picture.draw(trace, double(trace.published()), 0, Quality::moving);
    picture.read();
    if (result.runs.empty()) result.first_picture = process_age();
    result.runs.push_back(run(picture, false, false, [&]() -> const Trace& { return trace; }));
    Generator generator(input, ids);
    result.runs.push_back(run(picture, true, false, [&]() -> const Trace& { return *generator.trace(); }));
    Instruments instruments(model->graph());
    result.runs.push_back(run(picture, true, true, [&]() -> const Trace& {
      const auto& now = generator.trace();
      instruments.look(now, picture);
      return *now;
    }));
  }
  return result;
}

}  // namespace orrery
