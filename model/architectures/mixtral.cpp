#include "model/architectures/mixtral.h"

#include <algorithm>

#include "model/architectures/llama.h"

// Mixtral (Jiang et al. 2024): LLaMA's attention; for each token a router chooses a few of many feed-forward
// networks and mixes what they say. Reference section 7.

namespace orrery {
namespace {

class MixtralBuilder : public LlamaBuilder {
 public:
  MixtralBuilder(const LlamaSettings& settings, int experts, int chosen)
      : LlamaBuilder(settings), expert_{Axis::expert, experts}, chosen_(chosen) {}

 private:
  const Tensor& feed_forward(const std::string& block, const std::string& file) override {
    auto scope = graph_.group(say("Mixture of experts"));
    const Tensor& x = norm(block + "ln2.", file + "post_attention_layernorm.");
    const std::string mlp = block + "mlp.", from = file + "block_sparse_moe.";
    const Tensor& logits =
        project(mlp + "hook_gate", x, mlp + "W_router", "", from + "gate.", channel_, expert_);
    const Tensor& weights = apply(mlp + "hook_expert_weights", ops::softmax(), {&logits});
    const Tensor& choice = apply(mlp + "hook_expert_indices", ops::choose_experts(chosen_), {&weights});
    const Tensor& shares =
        graph_.apply(mlp + "hook_expert_shares", Kind::attention, ops::expert_shares(), {&weights, &choice});
    graph_.apply(mlp + "hook_expert_load", Kind::attention, ops::expert_load(), {&choice, &shares});
    std::vector<const Tensor*> said = {&shares};
    {
      auto experts = graph_.group(say("Experts"), Flow::parallel);
      for (int e = 0; e < expert_.size; ++e) {
        auto expert = graph_.group(say("Expert {0}", e));
        const std::string number = std::to_string(e);
        said.push_back(
            &one_expert(e, x, choice, mlp + "experts." + number + ".", from + "experts." + number + "."));
      }
    }
    return apply(block + "hook_mlp_out", ops::mix_experts(), said);
  }

  const Tensor& one_expert(int e, const Tensor& x, const Tensor& choice, const std::string& name,
                           const std::string& file) {
    const Tensor& w_gate = matrix(name + "W_gate", file + "w1.weight", channel_, feature_);
    const Tensor& gate = apply(name + "hook_pre", ops::expert_linear(e), {&x, &w_gate, &choice});
    const Tensor& w_in = matrix(name + "W_in", file + "w3.weight", channel_, feature_);
    const Tensor& up = apply(name + "hook_pre_linear", ops::expert_linear(e), {&x, &w_in, &choice});
    const Tensor& post = apply(name + "hook_post", ops::expert_gate(e, s_.activation), {&gate, &up, &choice});
    const Tensor& w_out = matrix(name + "W_out", file + "w2.weight", feature_, channel_);
    return apply(name + "hook_expert_out", ops::expert_linear(e), {&post, &w_out, &choice});
  }

  Dim expert_;
  int chosen_;
};

}  // namespace

Graph build_mixtral(const Config& config, std::span<const std::string> tensor_names) {
  LlamaSettings settings = llama_settings(config, tensor_names,
                                          {.layers = 32,
                                           .heads = 32,
                                           .key_heads = 8,
                                           .channels = 4096,
                                           .head_channels = 0,
                                           .features = 14336,
                                           .context = 131072,
                                           .vocabulary = 32000,
                                           .epsilon = 1e-5,
                                           .rope = {.base = 1e6}});
  settings.window = config.integer("sliding_window", 0, 1 << 30, 0);
  const int experts = config.integer("num_local_experts", 1, 4096, 8);
  const int chosen = config.integer("num_experts_per_tok", 1, experts, std::min(2, experts));
  check_parts(config, "num_hidden_layers", settings.layers, "num_local_experts", experts);
  return build_within_memory(llama_context(settings), [&](int context) {
    settings.context = context;
    return MixtralBuilder(settings, experts, chosen).build();
  });
}

}  // namespace orrery
