#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "model/model.h"

namespace orrery {

using BenchClock = std::chrono::steady_clock;
inline double seconds_since(BenchClock::time_point start) {
  return std::chrono::duration<double>(BenchClock::now() - start).count();
}

/// Tokens a second, the medians of several rounds; 0 where nothing was computed.
struct Speed {
  double prefill = 0, decode = 0;
};

/// How fast one model runs on one thread.
struct SpeedBench {
  int prompt_tokens = 0, new_tokens = 0;
  Speed traced, plain;

  /// The part of the time of decoding that keeping the recording costs; negative: less than the noise.
  double trace_cost() const { return traced.decode > 0 ? 1 - traced.decode / plain.decode : 0; }
};

/// Runs a prompt and new tokens with and without a recording, in turns, so that a busy neighbour slows both
/// alike: at least three rounds, for `seconds` if they are shorter.
SpeedBench bench_speed(const std::shared_ptr<const Model>& model, int prompt_tokens, int new_tokens,
                       double seconds);

/// Tokens a second of decoding with a recording, alone and while the logit lens of what was just computed is
/// worked out on another thread after every token; medians of turns.
struct BesideBench {
  double alone = 0, beside = 0;
};
BesideBench bench_beside(const std::shared_ptr<const Model>& model, int prompt_tokens, int new_tokens,
                         double seconds);

/// A size of network that others are measured at, too: GPT-2 with made weights.
struct BenchShape {
  const char* name;
  int layers, heads, channels, context, vocabulary;
  int prompt_tokens, new_tokens;
};
const std::vector<BenchShape>& bench_shapes();
/// Its model, made in memory; the numbers are random, the same each time.
std::shared_ptr<const Model> make_model(const BenchShape& shape);

}  // namespace orrery
