#include "model/architectures/mamba.h"

#include <nlohmann/json.hpp>

#include "model/architectures/network_builder.h"

// Mamba (Gu and Dao 2023): a short convolution, then a state for each channel that fades and takes up at a
// pace which the token decides, then a gate. Reference section 8; names as MambaLens gives them.

namespace orrery {
namespace {

struct MambaSettings {
  int layers, channels, inner, states, taps, rank, context, vocabulary;
  double epsilon;
  Activation activation;
  bool bias, tap_bias, tied;
  std::string table;
};

class MambaBuilder : NetworkBuilder {
 public:
  explicit MambaBuilder(const MambaSettings& settings)
      : NetworkBuilder(settings.channels, settings.vocabulary, settings.epsilon),
        s_(settings),
        inner_{Axis::feature, s_.inner} {}

  Graph build() {
    const Tensor& table = embed();
    for (int i = 0; i < s_.layers; ++i) layer(i);
    {
      auto scope = graph_.group(say("Output"));
      unembed(rms_norm("ln_final.", "backbone.norm_f.", *stream_), s_.tied ? &table : nullptr,
              "lm_head.weight");
    }
    return finish();
  }

 private:
  const Tensor& embed() {
    auto scope = graph_.group(say("Embedding"));
    const Tensor& tokens = graph_.input("tokens", s_.context);
    const Tensor& table = token_table(s_.table);
    const Tensor& x = graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, &table});
    graph_.alias("blocks.0.hook_resid_pre", x);
    set_stream(x);
    return table;
  }

  void layer(int i) {
    auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
    const std::string block = block_name(i), file = "backbone.layers." + std::to_string(i) + ".";
    if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
    add_to_stream(block + "hook_resid_post", mixer(block, file));
  }

  const Tensor& mixer(const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("State space"));
    const std::string ssm = block + "ssm.", from = file + "mixer.";
    const Tensor& y = rms_norm(block + "ln1.", file + "norm.", *stream_);
    // in_proj holds the input of the state space and the gate side by side.
    const Part first{inner_, 0, 2 * s_.inner}, second{inner_, s_.inner, 2 * s_.inner};
    const Tensor& in = project(ssm + "hook_in", y, ssm + "W_in", s_.bias ? ssm + "b_in" : "",
                               from + "in_proj.", channel_, first);
    const Tensor& x = apply(ssm + "hook_ssm_input", ops::activate(s_.activation), {&convolve(in, ssm, from)});
    const Tensor& read = state_space(x, ssm, from);
    const Tensor& skip = project(ssm + "hook_skip", y, ssm + "W_skip", s_.bias ? ssm + "b_skip" : "",
                                 from + "in_proj.", channel_, second);
    const Tensor& gated = apply(ssm + "hook_after_skip", ops::gate(s_.activation), {&skip, &read});
    return project(block + "hook_ssm_out", gated, ssm + "W_out", s_.bias ? ssm + "b_out" : "",
                   from + "out_proj.", inner_, channel_);
  }

  const Tensor& convolve(const Tensor& x, const std::string& ssm, const std::string& from) {
    std::vector<const Tensor*> inputs = {
        &x, &matrix(ssm + "W_conv", from + "conv1d.weight", Dim{Axis::tap, s_.taps}, inner_)};
    if (s_.tap_bias) inputs.push_back(&vector(ssm + "b_conv", from + "conv1d.bias", Kind::weight, inner_));
    return apply(ssm + "hook_conv", ops::causal_convolution(), inputs);
  }

  const Tensor& state_space(const Tensor& x, const std::string& ssm, const std::string& from) {
    // x_proj holds what makes the pace, the entry B and the question C side by side.
    const int total = s_.rank + 2 * s_.states;
    const Dim rank{Axis::unit, s_.rank}, state{Axis::state, s_.states};
    const Tensor& low =
        project(ssm + "hook_delta_1", x, ssm + "W_delta_1", "", from + "x_proj.", inner_, {rank, 0, total});
    const Tensor& pace = project(ssm + "hook_delta_2", low, ssm + "W_delta_2", ssm + "b_delta",
                                 from + "dt_proj.", rank, inner_);
    const Tensor& delta = apply(ssm + "hook_delta", ops::activate(Activation::softplus), {&pace});
    const Tensor& entry =
        project(ssm + "hook_B", x, ssm + "W_B", "", from + "x_proj.", inner_, {state, s_.rank, total});
    const Tensor& question = project(ssm + "hook_C", x, ssm + "W_C", "", from + "x_proj.", inner_,
                                     {state, s_.rank + s_.states, total});
    const Tensor& speeds = matrix(ssm + "A_log", from + "A_log", state, inner_);
    const Tensor& h =
        graph_.declare(ssm + "hook_h", Kind::activation, {Axis::state, s_.inner * s_.states, s_.states});
    graph_.define(h, ops::selective_state(), {&h, &delta, &entry, &x, &speeds});
    const Tensor& through = vector(ssm + "W_D", from + "D", Kind::weight, inner_);
    return apply(ssm + "hook_y", ops::read_state(), {&h, &question, &x, &through});
  }

  MambaSettings s_;
  Dim inner_;
};

}  // namespace

Graph build_mamba(const Config& config, std::span<const std::string> tensor_names) {
  MambaSettings s{};
  s.layers = config.integer("num_hidden_layers", 1, 4096, 32);
  s.channels = config.integer("hidden_size", 1, 1 << 17, 768);
  s.inner = config.integer("expand", 1, 16, 2) * s.channels;
  s.states = config.integer("state_size", 1, 1024, 16);
  s.taps = config.integer("conv_kernel", 1, 1024, 4);
  const bool automatic = !config.has("time_step_rank") || config.json().at("time_step_rank") == "auto";
  s.rank = automatic ? (s.channels + 15) / 16 : config.integer("time_step_rank", 1, 1 << 17);
  s.vocabulary = config.integer("vocab_size", 1, size_limit, 50280);
  s.epsilon = config.number("layer_norm_epsilon", 1e-5);
  s.activation = activation_named(config.text("hidden_act", "silu"), config.file() + ": hidden_act");
  s.bias = config.boolean("use_bias", false);
  s.tap_bias = config.boolean("use_conv_bias", true);
  s.tied = config.boolean("tie_word_embeddings", true) && !holds(tensor_names, "lm_head.weight");
  // The first checkpoints spell it without the s.
  s.table = holds(tensor_names, "backbone.embedding.weight") ? "backbone.embedding.weight"
                                                             : "backbone.embeddings.weight";
  check_positive(config, "layer_norm_epsilon", s.epsilon);
  check_state(config, std::int64_t(s.inner) * s.states);
  // The model has no longest text; this is the length of those that it was trained on.
  return build_within_memory(2048, [&](int context) {
    s.context = context;
    return MambaBuilder(s).build();
  });
}

}  // namespace orrery
