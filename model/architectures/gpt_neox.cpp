#include "model/architectures/gpt_neox.h"

#include <cmath>

#include "model/architectures/network_builder.h"

// GPT-NeoX (Black et al. 2022) and Pythia: the first channels of each head turn with the position; attention
// and feed-forward read the same state of the stream and add to it together, or one after the other.
// Reference section 6.

namespace orrery {
namespace {

struct GptNeoxSettings {
  int layers, heads, channels, features, context, vocabulary;
  double epsilon;
  Activation activation;
  RopeSettings rope;
  bool parallel, attention_bias, tied;
};

class GptNeoxBuilder : NetworkBuilder {
 public:
  explicit GptNeoxBuilder(const GptNeoxSettings& settings)
      : NetworkBuilder(settings.channels, settings.vocabulary, settings.epsilon), s_(settings) {
    if (s_.rope.size > 0) rope_ = std::make_shared<Rope>(s_.rope, s_.context);
  }

  Graph build() {
    const Tensor& table = embed();
    for (int i = 0; i < s_.layers; ++i) layer(i);
    {
      auto scope = graph_.group(say("Output"));
      unembed(layer_norm("ln_final.", "gpt_neox.final_layer_norm.", *stream_), s_.tied ? &table : nullptr,
              "embed_out.weight");
    }
    return finish();
  }

 private:
  const Tensor& embed() {
    auto scope = graph_.group(say("Embedding"));
    const Tensor& tokens = graph_.input("tokens", s_.context);
    const Tensor& table = token_table("gpt_neox.embed_in.weight");
    if (rope_ && rope_->dynamic()) text_length_ = &apply("hook_text_length", ops::text_length(), {&tokens});
    const Tensor& x = graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, &table});
    graph_.alias("blocks.0.hook_resid_pre", x);
    set_stream(x);
    return table;
  }

  void layer(int i) {
    auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
    const std::string block = block_name(i), file = "gpt_neox.layers." + std::to_string(i) + ".";
    if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
    const Tensor& attended = attention(i, block, file);
    if (s_.parallel) {
      const Tensor& fed = feed_forward(block, file);
      add_to_stream(block + "hook_resid_post", attended, &fed);
    } else {
      add_to_stream(block + "hook_resid_mid", attended);
      add_to_stream(block + "hook_resid_post", feed_forward(block, file));
    }
  }

  const Tensor& attention(int i, const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Self-attention"));
    const std::string attn = block + "attn.";
    const Tensor& x = layer_norm(block + "ln1.", file + "input_layernorm.", *stream_);
    const double scale = 1 / std::sqrt(double(s_.channels / s_.heads));
    return fused_attention(
        i, x,
        {s_.heads, file + "attention.query_key_value.", file + "attention.dense.", true, s_.attention_bias},
        [&](int, const std::string& suffix, const Projections& of) -> const Tensor& {
          return attend(attn, suffix, turned(attn + "hook_rot_q" + suffix, *of.q),
                        turned(attn + "hook_rot_k" + suffix, *of.k), *of.v, {scale});
        });
  }

  const Tensor& turned(const std::string& name, const Tensor& x) {
    if (!rope_) return x;
    std::vector<const Tensor*> inputs = {&x};
    if (text_length_) inputs.push_back(text_length_);
    return apply(name, ops::rotate(rope_), inputs);
  }

  const Tensor& feed_forward(const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Feed-forward"));
    const Tensor& x = layer_norm(block + "ln2.", file + "post_attention_layernorm.", *stream_);
    return plain_feed_forward(block, x, file + "mlp.dense_h_to_4h.", file + "mlp.dense_4h_to_h.", s_.features,
                              s_.activation, true);
  }

  GptNeoxSettings s_;
  std::shared_ptr<const Rope> rope_;
  const Tensor* text_length_ = nullptr;
};

}  // namespace

Graph build_gpt_neox(const Config& config, std::span<const std::string> tensor_names) {
  GptNeoxSettings s{};
  s.layers = config.integer("num_hidden_layers", 1, 4096, 44);
  s.heads = config.integer("num_attention_heads", 1, 4096, 64);
  s.channels = config.integer("hidden_size", 1, 1 << 17, 6144);
  s.features = config.integer("intermediate_size", 1, 1 << 19, 24576);
  s.context = config.integer("max_position_embeddings", 1, size_limit, 2048);
  s.vocabulary = config.integer("vocab_size", 1, size_limit, 50432);
  s.epsilon = config.number("layer_norm_eps", 1e-5);
  s.activation = activation_named(config.text("hidden_act", "gelu"), config.file() + ": hidden_act");
  s.parallel = config.boolean("use_parallel_residual", true);
  s.attention_bias = config.boolean("attention_bias", true);
  s.tied = config.boolean("tie_word_embeddings", false) && !holds(tensor_names, "embed_out.weight");
  check_positive(config, "layer_norm_eps", s.epsilon);
  check_parts(config, "num_hidden_layers", s.layers, "num_attention_heads", s.heads);
  check_divides(config, "hidden_size", s.channels, "num_attention_heads", s.heads);
  // Newer files have it beside the rest of the rotation.
  const bool own = config.has("rotary_pct");
  const Config& place = own ? config : config.section("rope_parameters");
  const char* field = own ? "rotary_pct" : "partial_rotary_factor";
  const double share = place.number(field, 0.25);
  if (!(share >= 0 && share <= 1))
    throw Error(say("{0}: '{1}' must lie between {2} and {3}", place.file(), field, 0, 1));
  const int turning = int(s.channels / s.heads * share);
  check_even(config, "rotary_pct · hidden_size / num_attention_heads", turning);
  s.rope = rope_settings(config, turning, s.context, config.number("rotary_emb_base", 10000));
  const int wanted = s.rope.scaling == RopeScaling::dynamic ? 4 * s.context : s.context;
  return build_within_memory(wanted, [&](int context) {
    s.context = context;
    return GptNeoxBuilder(s).build();
  });
}

}  // namespace orrery
