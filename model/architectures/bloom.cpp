#include "model/architectures/bloom.h"

#include <cmath>

#include "model/alibi.h"
#include "model/architectures/network_builder.h"

// BLOOM (Le Scao et al. 2022): ALiBi instead of positions, a layer norm behind the embedding, and optionally
// residuals that start from the norm's result. Reference section 4.

namespace orrery {
namespace {

struct BloomSettings {
  int layers, heads, channels, context, vocabulary;
  double epsilon;
  bool residual_after_norm;
};

class BloomBuilder : NetworkBuilder {
 public:
  explicit BloomBuilder(const BloomSettings& settings)
      : NetworkBuilder(settings.channels, settings.vocabulary, settings.epsilon),
        s_(settings),
        slopes_(alibi_slopes_bloom(settings.heads)) {}

  Graph build() {
    const Tensor& table = embed();
    for (int i = 0; i < s_.layers; ++i) layer(i);
    {
      auto scope = graph_.group(say("Output"));
      unembed(layer_norm("ln_final.", "ln_f.", *stream_), &table, "");
    }
    return finish();
  }

 private:
  const Tensor& embed() {
    auto scope = graph_.group(say("Embedding"));
    const Tensor& tokens = graph_.input("tokens", s_.context);
    const Tensor& table = token_table("word_embeddings.weight");
    const Tensor& x = graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, &table});
    const Tensor& normed = layer_norm("embed.ln.", "word_embeddings_layernorm.", x);
    graph_.alias("blocks.0.hook_resid_pre", normed);
    set_stream(normed);
    return table;
  }

  void layer(int i) {
    auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
    const std::string block = block_name(i), file = "h." + std::to_string(i) + ".";
    if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
    take_up(block + "hook_resid_mid", attention(i, block, file));
    take_up(block + "hook_resid_post", feed_forward(block, file));
  }

  /// What a part read, after its norm, and what comes out of it.
  struct Done {
    const Tensor &normed, &result;
  };

  void take_up(const std::string& name, const Done& part) {
    const Tensor& base = s_.residual_after_norm ? part.normed : *stream_;
    set_stream(apply(name, ops::add(), {&base, &part.result}));
  }

  Done attention(int i, const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Self-attention"));
    const Tensor& x = layer_norm(block + "ln1.", file + "input_layernorm.", *stream_);
    const double scale = 1 / std::sqrt(double(s_.channels / s_.heads));
    const FusedWeights weights{s_.heads, file + "self_attention.query_key_value.",
                               file + "self_attention.dense.", true};
    return {
        x,
        fused_attention(
            i, x, weights, [&](int head, const std::string& suffix, const Projections& of) -> const Tensor& {
              return attend(block + "attn.", suffix, *of.q, *of.k, *of.v, {scale, slopes_[size_t(head)]});
            })};
  }

  Done feed_forward(const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Feed-forward"));
    const Tensor& x = layer_norm(block + "ln2.", file + "post_attention_layernorm.", *stream_);
    return {x, plain_feed_forward(block, x, file + "mlp.dense_h_to_4h.", file + "mlp.dense_4h_to_h.",
                                  4 * s_.channels, Activation::gelu_tanh, true)};
  }

  BloomSettings s_;
  std::vector<double> slopes_;
};

}  // namespace

Graph build_bloom(const Config& config, std::span<const std::string>) {
  BloomSettings s{};
  const char *layers = field_of(config, "n_layer", "num_hidden_layers"),
             *heads = field_of(config, "n_head", "num_attention_heads"),
             *channels = field_of(config, "n_embed", "hidden_size");
  s.layers = config.integer(layers, 1, 4096, 2);
  s.heads = config.integer(heads, 1, 4096, 8);
  s.channels = config.integer(channels, 1, 1 << 17, 64);
  s.vocabulary = config.integer("vocab_size", 1, size_limit, 250880);
  s.epsilon = config.number("layer_norm_epsilon", 1e-5);
  s.residual_after_norm = config.boolean("apply_residual_connection_post_layernorm", false);
  check_positive(config, "layer_norm_epsilon", s.epsilon);
  check_parts(config, layers, s.layers, heads, s.heads);
  check_divides(config, channels, s.channels, heads, s.heads);
  // ALiBi has no longest text; this is the length of those that BLOOM was trained on.
  return build_within_memory(config.integer("seq_length", 1, size_limit, 2048), [&](int context) {
    s.context = context;
    return BloomBuilder(s).build();
  });
}

}  // namespace orrery
