#include "model/architectures/gpt2.h"

#include <cmath>

#include "model/architectures/network_builder.h"

// GPT-2 (Radford et al. 2019) and nanoGPT's model.py: learned positions, layer norm before each part, one
// residual stream. Reference sections 2 and 2.1; activations are named as in TransformerLens.

namespace orrery {
namespace {

/// What the two configuration dialects say, in one vocabulary.
struct Gpt2Settings {
  const char *layers_field = "n_layer", *heads_field = "n_head", *channels_field = "n_embd";
  int n_layer, n_head, n_embd, n_inner, context, vocabulary;
  double epsilon = 1e-5;
  Activation activation = Activation::gelu;
  bool scale_scores = true, scale_by_layer = false;
  bool conv1d = false;  ///< the file holds [in, out] (GPT-2's Conv1D) and not [out, in]
  bool bias = true, tied = true;
};

Gpt2Settings gpt2_settings(const Config& config) {
  Gpt2Settings s{};
  s.layers_field = field_of(config, "n_layer", "num_hidden_layers");
  s.heads_field = field_of(config, "n_head", "num_attention_heads");
  s.channels_field = field_of(config, "n_embd", "hidden_size");
  s.n_layer = config.integer(s.layers_field, 1, 4096, 12);
  s.n_head = config.integer(s.heads_field, 1, 4096, 12);
  s.n_embd = config.integer(s.channels_field, 1, 1 << 17, 768);
  s.n_inner = config.integer("n_inner", 1, 1 << 19, 4 * s.n_embd);
  s.context = config.integer(field_of(config, "n_positions", "max_position_embeddings"), 1, 1 << 20, 1024);
  s.vocabulary = config.integer("vocab_size", 1, size_limit, 50257);
  s.epsilon = config.number("layer_norm_epsilon", 1e-5);
  s.activation = activation_named(config.text("activation_function", "gelu_new"),
                                  config.file() + ": activation_function");
  s.scale_scores = config.boolean("scale_attn_weights", true);
  s.scale_by_layer = config.boolean("scale_attn_by_inverse_layer_idx", false);
  s.conv1d = true;
  return s;
}

Gpt2Settings nanogpt_settings(const Config& config) {
  Gpt2Settings s{};
  s.n_layer = config.integer("n_layer", 1, 4096);
  s.n_head = config.integer("n_head", 1, 4096);
  s.n_embd = config.integer("n_embd", 1, 1 << 17);
  s.n_inner = 4 * s.n_embd;
  s.context = config.integer("block_size", 1, 1 << 20);
  s.vocabulary = config.integer("vocab_size", 1, size_limit);
  return s;
}

class Gpt2Builder : NetworkBuilder {
 public:
  explicit Gpt2Builder(const Gpt2Settings& settings)
      : NetworkBuilder(settings.n_embd, settings.vocabulary, settings.epsilon), s_(settings) {
    file_holds_in_out_ = s_.conv1d;
  }

  Graph build() {
    const Tensor& table = embed();
    for (int i = 0; i < s_.n_layer; ++i) layer(i);
    {
      auto scope = graph_.group(say("Output"));
      unembed(layer_norm("ln_final.", "ln_f.", *stream_, s_.bias), s_.tied ? &table : nullptr,
              "lm_head.weight");
    }
    return finish();
  }

 private:
  const Tensor& embed() {
    auto scope = graph_.group(say("Embedding"));
    const Tensor& tokens = graph_.input("tokens", s_.context);
    const Tensor& table = token_table("wte.weight");
    const Tensor& positions = graph_.weight("pos_embed.W_pos", {Axis::position, s_.context}, channel_,
                                            Kind::embedding, {"wpe.weight", s_.context, s_.n_embd});
    const Tensor& token = graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, &table});
    const Tensor& position =
        graph_.apply("hook_pos_embed", Kind::embedding, ops::position_embedding(), {&tokens, &positions});
    set_stream(apply("blocks.0.hook_resid_pre", ops::add(), {&token, &position}));
    return table;
  }

  void layer(int i) {
    auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
    const std::string block = block_name(i), file = "h." + std::to_string(i) + ".";
    if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
    add_to_stream(block + "hook_resid_mid", attention(i, block, file));
    add_to_stream(block + "hook_resid_post", feed_forward(block, file));
  }

  const Tensor& attention(int i, const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Self-attention"));
    const Tensor& x = layer_norm(block + "ln1.", file + "ln_1.", *stream_, s_.bias);
    double scale = s_.scale_scores ? 1 / std::sqrt(double(s_.n_embd / s_.n_head)) : 1;
    if (s_.scale_by_layer) scale /= i + 1;
    return fused_attention(i, x, {s_.n_head, file + "attn.c_attn.", file + "attn.c_proj.", false, s_.bias},
                           [&](int, const std::string& suffix, const Projections& of) -> const Tensor& {
                             return attend(block + "attn.", suffix, *of.q, *of.k, *of.v, {scale});
                           });
  }

  const Tensor& feed_forward(const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Feed-forward"));
    const Tensor& x = layer_norm(block + "ln2.", file + "ln_2.", *stream_, s_.bias);
    return plain_feed_forward(block, x, file + "mlp.c_fc.", file + "mlp.c_proj.", s_.n_inner, s_.activation,
                              s_.bias);
  }

  Gpt2Settings s_;
};

Graph gpt2_graph(Gpt2Settings settings, const Config& config, std::span<const std::string> tensor_names) {
  check_divides(config, settings.channels_field, settings.n_embd, settings.heads_field, settings.n_head);
  check_parts(config, settings.layers_field, settings.n_layer, settings.heads_field, settings.n_head);
  check_positive(config, "layer_norm_epsilon", settings.epsilon);
  settings.tied = config.boolean("tie_word_embeddings", true) && !holds(tensor_names, "lm_head.weight");
  return Gpt2Builder(settings).build();
}

}  // namespace

Graph build_gpt2(const Config& config, std::span<const std::string> tensor_names) {
  return gpt2_graph(gpt2_settings(config), config, tensor_names);
}

Graph build_nanogpt(const Config& config, std::span<const std::string> tensor_names) {
  Gpt2Settings settings = nanogpt_settings(config);
  settings.bias = config.boolean("bias", true);
  return gpt2_graph(settings, config, tensor_names);
}

}  // namespace orrery
