#pragma once
#include <string>
#include <vector>

#include "model/executor.h"
#include "model/resources.h"
#include "tests/support/fixture.h"
#include "tests/support/shapes.h"

namespace orrery::test {

/// GPT-2 and its relatives: the reference implementations' models and the shipped ones.
inline const std::vector<std::string>& gpt2_family() {
  static const std::vector<std::string> names = {"gpt2",          "gpt2_invlayer", "gpt2_noscale_gelu",
                                                 "gpt2_hubnames", "nanogpt",       "nanogpt_bias",
                                                 "sort-abc",      "shakespeare",   "tang-poems"};
  return names;
}

/// Those and other transformers: grouped keys, rotations, penalties for distance, gates, parallel parts.
inline const std::vector<std::string>& transformers() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = gpt2_family();
    for (const char* name : {"llama", "llama_mha_bias_tied", "llama_rope_yarn", "llama_rope_dynamic", "qwen2",
                             "mistral", "gemma", "gpt_neox", "gpt_neox_serial", "bloom", "mpt"})
      all.push_back(name);
    return all;
  }();
  return names;
}

inline std::shared_ptr<const Model> load_model(const std::string& name) {
  Progress progress;
  const auto shipped = resource_path() / "assets" / "models" / name;
  return Model::load(std::filesystem::exists(shipped) ? shipped : reference(name), progress);
}

/// Settings that always choose the most probable token.
inline SamplingSettings greedy_sampling() {
  SamplingSettings settings;
  settings.temperature = 0;
  return settings;
}

/// A complete recording: `prompt` tokens in one pass and `more` chosen greedily, one pass each.
inline std::shared_ptr<const Trace> run_model(const std::shared_ptr<const Model>& model, int prompt = 6,
                                              int more = 3) {
  std::vector<int> ids;
  for (int i = 0; i < prompt; ++i) ids.push_back((7 * i + i * i) % model->vocabulary_size());
  Executor run = Executor::start(model, ids, more + 1, greedy_sampling());
  while (run.run_pass()) {
  }
  return run.trace();
}

/// A recording of five tokens and one chosen greedily, by a model that load_model() knows.
inline std::shared_ptr<const Trace> short_recording(const std::string& name = "gpt2") {
  Executor run = Executor::start(load_model(name), {3, 1, 4, 1, 5}, 2, greedy_sampling());
  while (run.run_pass()) {
  }
  return run.trace();
}

/// For functions that are given a translation.
inline std::string english(const Message& message) { return message.english(); }

/// A made model of that shape whose weights are pseudo-random, of the usual sizes.
inline std::shared_ptr<const Model> random_model(const Shape& shape, std::uint64_t seed = 7) {
  const Config config({{"model_type", shape.bias ? "gpt2" : "nanogpt"}}, "config.json");
  int at = 0;
  return Model::make(shape.graph(), config, [&](const Tensor& tensor, MutableView view) {
    const double size = tensor.kind == Kind::norm ? 0.3 : 1.5 / std::sqrt(double(tensor.rows.size));
    const double middle = tensor.name.ends_with(".w") ? 1 : 0;
    for (int row = 0; row < view.rows; ++row)
      for (int col = 0; col < view.cols; ++col)
        view(row, col) = float(middle + size * (2 * random_number(seed, at++) - 1));
  });
}

}  // namespace orrery::test
