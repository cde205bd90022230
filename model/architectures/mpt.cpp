#include "model/architectures/mpt.h"

#include <cmath>

#include "model/alibi.h"
#include "model/architectures/network_builder.h"

// MPT (MosaicML 2023): ALiBi instead of positions, no biases anywhere, queries, keys and values kept within
// limits where the configuration says so. Reference section 5.

namespace orrery {
namespace {

struct MptSettings {
  int layers, heads, channels, context, vocabulary, expansion;
  double epsilon, scale, clip, slope_range;
};

class MptBuilder : NetworkBuilder {
 public:
  explicit MptBuilder(const MptSettings& settings)
      : NetworkBuilder(settings.channels, settings.vocabulary, settings.epsilon),
        s_(settings),
        slopes_(alibi_slopes_mpt(settings.heads, settings.slope_range)) {}

  Graph build() {
    const Tensor& table = embed();
    for (int i = 0; i < s_.layers; ++i) layer(i);
    {
      auto scope = graph_.group(say("Output"));
      unembed(layer_norm("ln_final.", "norm_f.", *stream_, false), &table, "");
    }
    return finish();
  }

 private:
  const Tensor& embed() {
    auto scope = graph_.group(say("Embedding"));
    const Tensor& tokens = graph_.input("tokens", s_.context);
    const Tensor& table = token_table("wte.weight");
    const Tensor& x = graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, &table});
    graph_.alias("blocks.0.hook_resid_pre", x);
    set_stream(x);
    return table;
  }

  void layer(int i) {
    auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
    const std::string block = block_name(i), file = "blocks." + std::to_string(i) + ".";
    if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
    add_to_stream(block + "hook_resid_mid", attention(i, block, file));
    add_to_stream(block + "hook_resid_post", feed_forward(block, file));
  }

  const Tensor& feed_forward(const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Feed-forward"));
    const Tensor& x = layer_norm(block + "ln2.", file + "norm_2.", *stream_, false);
    return plain_feed_forward(block, x, file + "ffn.up_proj.", file + "ffn.down_proj.",
                              s_.expansion * s_.channels, Activation::gelu, false);
  }

  const Tensor& attention(int i, const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Self-attention"));
    const std::string attn = block + "attn.";
    const Tensor& x = layer_norm(block + "ln1.", file + "norm_1.", *stream_, false);
    const auto clipped = [&](const char* name, const std::string& suffix, const Tensor& part) {
      return s_.clip > 0 ? &apply(attn + name + suffix, ops::clamp(s_.clip), {&part}) : &part;
    };
    FusedWeights weights{s_.heads, file + "attn.Wqkv.", file + "attn.out_proj.", false, false};
    if (s_.clip > 0) weights.before = "unclipped_";
    return fused_attention(
        i, x, weights, [&](int head, const std::string& suffix, const Projections& of) -> const Tensor& {
          const Tensor &q = *clipped("hook_q", suffix, *of.q), &k = *clipped("hook_k", suffix, *of.k),
                       &v = *clipped("hook_v", suffix, *of.v);
          return attend(attn, suffix, q, k, v, {s_.scale, slopes_[size_t(head)]});
        });
  }

  MptSettings s_;
  std::vector<double> slopes_;
};

}  // namespace

Graph build_mpt(const Config& config, std::span<const std::string>) {
  MptSettings s{};
  const char *layers = field_of(config, "n_layers", "num_hidden_layers"),
             *heads = field_of(config, "n_heads", "num_attention_heads"),
             *channels = field_of(config, "d_model", "hidden_size");
  s.layers = config.integer(layers, 1, 4096, 24);
  s.heads = config.integer(heads, 1, 4096, 16);
  s.channels = config.integer(channels, 1, 1 << 17, 2048);
  s.vocabulary = config.integer("vocab_size", 1, size_limit, 50368);
  s.expansion = config.integer("expansion_ratio", 1, 64, 4);
  s.epsilon = config.number("layer_norm_epsilon", 1e-5);
  check_positive(config, "layer_norm_epsilon", s.epsilon);
  check_parts(config, layers, s.layers, heads, s.heads);
  check_divides(config, channels, s.channels, heads, s.heads);
  const Config attention = config.section("attn_config");
  if (!attention.boolean("alibi", true)) throw_unsupported(attention, "alibi", "false");
  if (attention.boolean("qk_ln", false)) throw_unsupported(attention, "qk_ln", "true");
  s.scale = attention.number("softmax_scale", 1 / std::sqrt(double(s.channels / s.heads)));
  s.slope_range = attention.number("alibi_bias_max", 8);
  s.clip = attention.number("clip_qkv", 0);
  return build_within_memory(config.integer("max_seq_len", 1, size_limit, 2048), [&](int context) {
    s.context = context;
    return MptBuilder(s).build();
  });
}

}  // namespace orrery
