#include "app/commands/bench_speed.h"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "app/background.h"
#include "app/insight.h"
#include "model/analysis/logit_lens.h"
#include "model/executor.h"
#include "model/plain_executor.h"

namespace orrery {
namespace {

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

struct Rounds {
  std::vector<double> prefill, decode;
  Speed speed() const { return {median(prefill), median(decode)}; }
};

SamplingSettings greedy() {
  SamplingSettings settings;
  settings.temperature = 0;
  return settings;
}

std::vector<int> made_prompt(const Model& model, int tokens) {
  std::vector<int> prompt;
  for (int i = 0; i < tokens; ++i) prompt.push_back((i * 7 + 1) % model.vocabulary_size());
  return prompt;
}

/// Calls `round` three times, or for `seconds` if they are shorter.
template <class Round>
void repeat(double seconds, Round round) {
  const auto begin = BenchClock::now();
  for (int i = 0; i < 3 || (seconds_since(begin) < seconds && i < 20000); ++i) round();
}

/// `after(trace)` is called after every pass.
template <class After>
void traced_round(const std::shared_ptr<const Model>& model, const std::vector<int>& prompt, int count,
                  Rounds& rounds, After after) {
  Executor executor = Executor::start(model, prompt, count + 1, greedy());
  executor.ends.clear();
  auto start = BenchClock::now();
  executor.run_pass();
  rounds.prefill.push_back(double(prompt.size()) / seconds_since(start));
  start = BenchClock::now();
  int decoded = 0;
  while (executor.run_pass()) {
    ++decoded;
    after(executor.trace());
  }
  if (decoded > 0) rounds.decode.push_back(decoded / seconds_since(start));
}

void plain_round(const std::shared_ptr<const Model>& model, const std::vector<int>& prompt, int count,
                 Rounds& rounds) {
  PlainExecutor executor(model, int(prompt.size()) + count, int(prompt.size()));
  auto start = BenchClock::now();
  int id = sample(executor.feed(prompt), greedy(), {}).id;
  rounds.prefill.push_back(double(prompt.size()) / seconds_since(start));
  start = BenchClock::now();
  for (int i = 0; i < count; ++i) id = sample(executor.feed({&id, 1}), greedy(), {}).id;
  if (count > 0) rounds.decode.push_back(count / seconds_since(start));
}

/// Small numbers around 0 (xorshift, Marsaglia 2003): what they are does not change the time.
void fill(const Tensor& tensor, MutableView view) {
  std::uint32_t state = 2463534242u + std::uint32_t(tensor.index);
  const size_t count = size_t(view.rows) * size_t(view.cols);
  for (size_t i = 0; i < count; ++i) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    const float unit = std::bit_cast<float>((state >> 9) | 0x3f800000u);  // 1 to 2
    view.data[i] = tensor.kind == Kind::norm ? 1 : 0.08f * (unit - 1.5f);
  }
}

}  // namespace

SpeedBench bench_speed(const std::shared_ptr<const Model>& model, int prompt_tokens, int new_tokens,
                       double seconds) {
  const std::vector<int> prompt = made_prompt(*model, prompt_tokens);
  Rounds traced, plain;
  repeat(seconds, [&] {
    traced_round(model, prompt, new_tokens, traced, [](const auto&) {});
    plain_round(model, prompt, new_tokens, plain);
  });
  return {prompt_tokens, new_tokens, traced.speed(), plain.speed()};
}

BesideBench bench_beside(const std::shared_ptr<const Model>& model, int prompt_tokens, int new_tokens,
                         double seconds) {
  const std::vector<int> prompt = made_prompt(*model, prompt_tokens);
  Rounds alone, beside;
  repeat(seconds, [&] {
    traced_round(model, prompt, new_tokens, alone, [](const auto&) {});
    Background background;
    traced_round(model, prompt, new_tokens, beside, [&](const std::shared_ptr<const Trace>& trace) {
      const int rows = complete_rows(*trace, trace->published());
      background.ask<Finding<LensTable>>(
          0, {std::int64_t(trace->id()), rows},
          [trace, rows](Progress& progress) { return logit_lens(*trace, rows, 8, false, progress); });
    });
  });
  return {alone.speed().decode, beside.speed().decode};
}

const std::vector<BenchShape>& bench_shapes() {
  static const std::vector<BenchShape> shapes = {{"S", 3, 3, 48, 11, 3, 1, 10},
                                                 {"M", 6, 6, 192, 128, 65, 32, 96},
                                                 {"L", 6, 6, 384, 256, 65, 64, 192},
                                                 {"XL", 12, 12, 768, 1024, 50257, 64, 32}};
  return shapes;
}

std::shared_ptr<const Model> make_model(const BenchShape& shape) {
  const nlohmann::json json = {{"model_type", "gpt2"},          {"name", shape.name},
                               {"n_layer", shape.layers},       {"n_head", shape.heads},
                               {"n_embd", shape.channels},      {"n_positions", shape.context},
                               {"vocab_size", shape.vocabulary}};
  const Config config(json, shape.name);
  return Model::make(find_architecture("gpt2")->build(config, {}), config, fill);
}

}  // namespace orrery
