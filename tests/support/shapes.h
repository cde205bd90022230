#pragma once
#include <string>
#include <vector>

#include "model/architectures/gpt2.h"

namespace orrery::test {

/// The sizes of networks whose pictures are tested: the models that ship, GPT-2, and the oracle's tiny ones.
struct Shape {
  const char* name;
  int layers, heads, channels, inner, context, vocabulary;
  bool bias = true, tied = true;

  Graph graph() const {
    const nlohmann::json json = {
        {"n_layer", layers},     {"n_head", heads},        {"n_embd", channels},
        {"n_inner", inner},      {"n_positions", context}, {"vocab_size", vocabulary},
        {"block_size", context}, {"bias", bias},           {"tie_word_embeddings", tied}};
    const Config config(json, "config.json");
    return bias ? build_gpt2(config, {}) : build_nanogpt(config, {});
  }
};

inline const std::vector<Shape>& shapes() {
  static const std::vector<Shape> list = {
      {"sort-abc", 3, 3, 48, 192, 11, 3},
      {"shakespeare", 6, 6, 168, 672, 128, 65, false},
      {"tang-poems", 4, 4, 192, 768, 66, 3003, false},
      {"GPT-2 124M", 12, 12, 768, 3072, 1024, 50257},
      {"tiny", 2, 4, 32, 128, 48, 61},
      {"tiny, odd inner", 2, 3, 24, 50, 48, 61},
      {"tiny, untied", 2, 3, 24, 96, 48, 61, true, false},
      {"one layer, one head", 1, 1, 8, 32, 6, 5},
      {"24 layers", 24, 16, 1024, 4096, 1024, 50257},
  };
  return list;
}

}  // namespace orrery::test
