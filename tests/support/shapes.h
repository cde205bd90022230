#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "model/architecture.h"
#include "model/architectures/gpt2.h"
#include "model/formats/json.h"
#include "model/formats/mapped_file.h"
#include "tests/support/fixture.h"

namespace orrery::test {

/// The networks whose pictures are tested: GPT-2 in the sizes of the models that ship and of the oracle's
/// tiny ones, and the oracle's of every other architecture, some of them also as large as a small trained
/// one.
struct Shape {
  const char* name;
  int layers, heads, channels, inner, context, vocabulary;
  bool bias = true, tied = true;
  const char* folder = nullptr;   ///< of tests/reference, whose configuration says it all
  const char* changes = nullptr;  ///< to that configuration, in JSON

  Graph graph() const {
    if (folder) {
      const std::string file = (reference(folder) / "config.json").string();
      nlohmann::json json = parse_json(read_text_file(file, 1 << 20), file);
      if (changes) json.merge_patch(nlohmann::json::parse(changes));
      const Config read(std::move(json), file);
      return find_architecture(read.text("model_type", ""))->build(read, {});
    }
    const nlohmann::json json = {
        {"n_layer", layers},     {"n_head", heads},        {"n_embd", channels},
        {"n_inner", inner},      {"n_positions", context}, {"vocab_size", vocabulary},
        {"block_size", context}, {"bias", bias},           {"tie_word_embeddings", tied}};
    const Config config(json, "config.json");
    return bias ? build_gpt2(config, {}) : build_nanogpt(config, {});
  }
};

inline Shape of_folder(const char* folder) { return {folder, 0, 0, 0, 0, 0, 0, true, true, folder}; }
inline Shape larger(const char* name, const char* folder, const char* changes) {
  return {name, 0, 0, 0, 0, 0, 0, true, true, folder, changes};
}

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
      of_folder("llama"),
      of_folder("llama_mha_bias_tied"),
      of_folder("llama_rope_dynamic"),
      of_folder("mistral"),
      of_folder("bloom"),
      of_folder("mpt_clip"),
      of_folder("gpt_neox"),
      of_folder("gpt_neox_serial"),
      of_folder("mixtral"),
      of_folder("mamba"),
      of_folder("rwkv4_rescale"),
      of_folder("rwkv7"),
      of_folder("ttt_linear"),
      of_folder("ttt_linear_gate_conv"),
      larger("GPT-NeoX, 6 layers", "gpt_neox", R"({"hidden_size": 160, "intermediate_size": 640,
             "num_attention_heads": 5, "num_hidden_layers": 6, "vocab_size": 2000})"),
      larger("Mamba, 6 layers", "mamba", R"({"hidden_size": 160, "intermediate_size": 320, "state_size": 16,
             "time_step_rank": 10, "num_hidden_layers": 6, "vocab_size": 2000})"),
      larger("RWKV-7, 4 layers", "rwkv7", R"({"hidden_size": 192, "intermediate_size": 768, "head_dim": 64,
             "num_hidden_layers": 4, "vocab_size": 2000, "a_low_rank_dim": 32, "decay_low_rank_dim": 32,
             "gate_low_rank_dim": 32, "v_low_rank_dim": 32})"),
      larger("TTT-Linear, 4 layers", "ttt_linear", R"({"hidden_size": 192, "intermediate_size": 512,
             "num_attention_heads": 6, "num_hidden_layers": 4, "vocab_size": 2000})"),
      larger("LLaMA, 8 layers", "llama", R"({"hidden_size": 512, "intermediate_size": 1376, "head_dim": 64,
             "num_attention_heads": 8, "num_key_value_heads": 4, "num_hidden_layers": 8, "vocab_size": 32000})"),
      larger("Mixtral, 8 layers", "mixtral", R"({"hidden_size": 512, "intermediate_size": 1024,
             "num_attention_heads": 8, "num_key_value_heads": 4, "num_local_experts": 8,
             "num_hidden_layers": 8, "vocab_size": 32000})"),
      larger("BLOOM, 12 layers", "bloom", R"({"hidden_size": 768, "n_head": 12, "n_layer": 12,
             "vocab_size": 32000})"),
      larger("Mamba 130M", "mamba", R"({"hidden_size": 768, "intermediate_size": 1536, "state_size": 16,
             "time_step_rank": 48, "num_hidden_layers": 24, "vocab_size": 50280})"),
      larger("RWKV-4 169M", "rwkv4", R"({"hidden_size": 768, "attention_hidden_size": 768,
             "intermediate_size": 3072, "num_hidden_layers": 12, "vocab_size": 50277})"),
      larger("RWKV-7 191M", "rwkv7", R"({"hidden_size": 768, "intermediate_size": 3072, "head_dim": 64,
             "num_hidden_layers": 12, "vocab_size": 65536, "a_low_rank_dim": 64, "decay_low_rank_dim": 64,
             "gate_low_rank_dim": 128, "v_low_rank_dim": 32})"),
      larger("TTT-Linear 125M", "ttt_linear", R"({"hidden_size": 768, "intermediate_size": 2048,
             "num_attention_heads": 12, "mini_batch_size": 16, "num_hidden_layers": 12, "vocab_size": 32000})"),
  };
  return list;
}

}  // namespace orrery::test
