#include "model/architectures/ttt.h"

#include "model/architectures/network_builder.h"

// TTT-Linear (Sun et al. 2024): a transformer in whose layers a small linear model takes the place of
// attention; it learns, by gradient steps, from the keys and values of the text that is being read. Reference
// section 10.

namespace orrery {
namespace {

constexpr double inner_epsilon = 1e-6;

struct TttSettings {
  int layers, heads, channels, features, context, vocabulary, batch, taps;
  double epsilon, base, rate;
  Activation activation;
  bool gate, share_qk, pre_conv, tied;
  int head_channels() const { return channels / heads; }
};

class TttBuilder : NetworkBuilder {
 public:
  explicit TttBuilder(const TttSettings& settings)
      : NetworkBuilder(settings.channels, settings.vocabulary, settings.epsilon),
        s_(settings),
        head_channel_{Axis::head, s_.head_channels()} {
    RopeSettings rope;
    rope.size = s_.head_channels();
    rope.base = s_.base;
    rope.interleaved = true;
    rope.period = s_.batch;  // positions count within a mini-batch
    rope_ = std::make_shared<Rope>(rope, s_.context);
  }

  Graph build() {
    const Tensor& table = embed();
    for (int i = 0; i < s_.layers; ++i) layer(i);
    {
      auto scope = graph_.group(say("Output"));
      unembed(rms_norm("ln_final.", "model.norm.", *stream_), s_.tied ? &table : nullptr, "lm_head.weight");
    }
    return finish();
  }

 private:
  const Tensor& embed() {
    auto scope = graph_.group(say("Embedding"));
    const Tensor& tokens = graph_.input("tokens", s_.context);
    const Tensor& table = token_table("model.embed_tokens.weight");
    const Tensor& x = graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, &table});
    graph_.alias("blocks.0.hook_resid_pre", x);
    set_stream(x);
    return table;
  }

  void layer(int i) {
    auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
    const std::string block = block_name(i), file = "model.layers." + std::to_string(i) + ".";
    if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
    if (s_.pre_conv) add_to_stream(block + "hook_resid_conv", convolution(block, file + "conv."));
    add_to_stream(block + "hook_resid_mid", learning(i, block, file));
    add_to_stream(block + "hook_resid_post", feed_forward(block, file));
  }

  const Tensor& convolution(const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Convolution"));
    const Tensor& x = rms_norm(block + "ln_conv.", file + "norm.", *stream_);
    return convolve(block + "hook_conv_out", block + "conv.", x, file + "conv.", channel_);
  }

  const Tensor& convolve(const std::string& name, const std::string& part, const Tensor& x,
                         const std::string& file, const Part& channels) {
    const std::string suffix = x.head >= 0 ? ".head" + std::to_string(x.head) : "";
    const Tensor& taps = matrix(part + "W_conv" + suffix, file + "weight", Dim{Axis::tap, s_.taps}, channels);
    const Tensor& bias = vector(part + "b_conv" + suffix, file + "bias", Kind::weight, channels);
    return apply(name, ops::causal_convolution(), {&x, &taps, &bias});
  }

  const Tensor& learning(int i, const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Learning while reading"));
    const std::string ttt = block + "ttt.", from = file + "seq_modeling_block.";
    const Tensor& x = rms_norm(block + "ln1.", file + "seq_norm.", *stream_);
    const Tensor& rate = learning_rate(x, ttt, from);
    const Tensor& steps =
        vector(ttt + "W_step", from + "learnable_token_idx", Kind::weight, Dim{Axis::position, s_.batch});
    std::vector<const Tensor*> results;
    {
      auto heads = graph_.group(say("Heads"), Flow::parallel);
      for (int h = 0; h < s_.heads; ++h) {
        auto head = graph_.group(say("Head {0}", h), Flow::sequence, i, h);
        results.push_back(&learning_head(h, x, rate, steps, ttt, from));
      }
    }
    const Tensor& joined = apply(ttt + "hook_z", ops::concatenate(), results);
    const Tensor& weight = vector(block + "ln_post.w", from + "post_norm.weight", Kind::norm, channel_);
    const Tensor& bias = vector(block + "ln_post.b", from + "post_norm.bias", Kind::norm, channel_);
    const Tensor* out = &layer_norm(block + "ln_post.", joined, weight, &bias, inner_epsilon);
    if (s_.gate) {
      const Tensor& gate =
          project(ttt + "hook_skip", x, ttt + "W_skip", "", from + "g_proj.", channel_, channel_);
      out = &apply(ttt + "hook_after_skip", ops::gate(Activation::gelu_tanh), {&gate, out});
    }
    return project(block + "hook_attn_out", *out, ttt + "W_O", "", from + "o_proj.", channel_, channel_);
  }

  /// [T, H]: how fast each head learns from each token.
  const Tensor& learning_rate(const Tensor& x, const std::string& ttt, const std::string& from) {
    const Dim heads{Axis::unit, s_.heads};
    const Tensor& weight = matrix(ttt + "W_rate", from + "learnable_ttt_lr_weight", channel_, heads);
    const Tensor& bias = graph_.weight(ttt + "b_rate", one_, heads, Kind::weight,
                                       {from + "learnable_ttt_lr_bias", s_.heads, 1, 0, 0, true});
    const Tensor& raw = apply(ttt + "hook_rate_pre", ops::linear(), {&x, &weight, &bias});
    const Tensor& opened = apply(ttt + "hook_rate_open", ops::activate(Activation::sigmoid), {&raw});
    return apply(ttt + "hook_rate", ops::scale(s_.rate / s_.head_channels()), {&opened});
  }

  const Tensor& learning_head(int h, const Tensor& x, const Tensor& rate, const Tensor& steps,
                              const std::string& ttt, const std::string& from) {
    const std::string suffix = ".head" + std::to_string(h);
    const int d = s_.head_channels();
    const Part part{head_channel_, h * d, s_.channels};
    const Projections of = projections(suffix, x, ttt, from, part);
    const Tensor& own_w = graph_.weight(ttt + "W_start" + suffix, head_channel_, head_channel_, Kind::weight,
                                        {from + "W1", s_.channels, d, h * d, 0});
    const Tensor& own_b = graph_.weight(ttt + "b_start" + suffix, one_, head_channel_, Kind::weight,
                                        {from + "b1", s_.heads, d, h, 0});
    const Tensor& gamma = graph_.weight(ttt + "ln.w" + suffix, one_, head_channel_, Kind::norm,
                                        {from + "ttt_norm_weight", s_.heads, d, h, 0});
    const Tensor& beta = graph_.weight(ttt + "ln.b" + suffix, one_, head_channel_, Kind::norm,
                                       {from + "ttt_norm_bias", s_.heads, d, h, 0});
    const Tensor& weights = graph_.declare(ttt + "hook_W" + suffix, Kind::weight, {Axis::state, d * d, d});
    const Tensor& bias = graph_.declare(ttt + "hook_b" + suffix, Kind::weight, head_channel_);
    {
      auto loop = graph_.loop();
      const Tensor& said = apply(ttt + "hook_prediction" + suffix, ops::inner_prediction(s_.batch),
                                 {&weights, &bias, of.k, &own_w, &own_b});
      const Tensor& gradient =
          apply(ttt + "hook_gradient" + suffix, ops::inner_gradient(), {&said, of.k, of.v, &gamma, &beta});
      graph_.define(weights, ops::inner_step(s_.batch, h, false),
                    {&weights, &gradient, &rate, &steps, &own_w, of.k});
      graph_.define(bias, ops::inner_step(s_.batch, h, true), {&bias, &gradient, &rate, &steps, &own_b});
    }
    const Tensor& answer = apply(ttt + "hook_answer" + suffix, ops::ask_weights(), {of.q, &weights, &bias});
    const Tensor& scale = graph_.apply(ttt + "ln.hook_scale" + suffix, Kind::norm,
                                       ops::layer_norm_scale(inner_epsilon), {&answer});
    const Tensor& normalized =
        graph_.apply(ttt + "ln.hook_normalized" + suffix, Kind::norm, ops::normalize(), {&answer, &scale});
    const Tensor& normed =
        graph_.apply(ttt + "ln.out" + suffix, Kind::norm, ops::scale_shift(), {&normalized, &gamma, &beta});
    return apply(ttt + "hook_head_out" + suffix, ops::add(), {of.q, &normed});
  }

  /// Turned queries and keys, and values. With share_qk queries and keys are two convolutions of one
  /// projection.
  Projections projections(const std::string& suffix, const Tensor& x, const std::string& ttt,
                          const std::string& from, const Part& part) {
    const Tensor *q, *k;
    if (s_.share_qk) {
      const Tensor& both =
          project(ttt + "hook_qk" + suffix, x, ttt + "W_Q" + suffix, "", from + "q_proj.", channel_, part);
      q = &convolve(ttt + "hook_q" + suffix, ttt + "q.", both, from + "conv_q.", part);
      k = &convolve(ttt + "hook_k" + suffix, ttt + "k.", both, from + "conv_k.", part);
    } else {
      q = &project(ttt + "hook_q" + suffix, x, ttt + "W_Q" + suffix, "", from + "q_proj.", channel_, part);
      k = &project(ttt + "hook_k" + suffix, x, ttt + "W_K" + suffix, "", from + "k_proj.", channel_, part);
    }
    q = &apply(ttt + "hook_rot_q" + suffix, ops::rotate(rope_), {q});
    k = &apply(ttt + "hook_rot_k" + suffix, ops::rotate(rope_), {k});
    return {q, k,
            &project(ttt + "hook_v" + suffix, x, ttt + "W_V" + suffix, "", from + "v_proj.", channel_, part)};
  }

  const Tensor& feed_forward(const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Feed-forward"));
    const Tensor& x = rms_norm(block + "ln2.", file + "ffn_norm.", *stream_);
    return gated_feed_forward(block, x, file + "mlp.", s_.features, s_.activation, false);
  }

  TttSettings s_;
  Dim head_channel_;
  std::shared_ptr<const Rope> rope_;
};

}  // namespace

Graph build_ttt(const Config& config, std::span<const std::string> tensor_names) {
  TttSettings s{};
  s.layers = config.integer("num_hidden_layers", 1, 4096, 24);
  s.heads = config.integer("num_attention_heads", 1, 4096, 32);
  s.channels = config.integer("hidden_size", 1, 1 << 16, 2048);
  s.features = config.integer("intermediate_size", 1, 1 << 19, 5504);
  s.vocabulary = config.integer("vocab_size", 1, size_limit, 32000);
  s.batch = config.integer("mini_batch_size", 1, 1 << 16, 16);
  s.taps = config.integer("conv_kernel", 1, 1024, 4);
  s.epsilon = config.number("rms_norm_eps", 1e-6);
  s.base = config.number("rope_theta", 10000);
  s.rate = config.number("ttt_base_lr", 1);
  s.activation = activation_named(config.text("hidden_act", "silu"), config.file() + ": hidden_act");
  s.gate = config.boolean("use_gate", false);
  s.share_qk = config.boolean("share_qk", false);
  s.pre_conv = config.boolean("pre_conv", false);
  s.tied = config.boolean("tie_word_embeddings", true) && !holds(tensor_names, "lm_head.weight");
  const std::string inner = config.text("ttt_layer_type", "linear");
  if (inner != "linear") throw_unsupported(config, "ttt_layer_type", inner.c_str());
  check_positive(config, "rms_norm_eps", s.epsilon);
  check_positive(config, "rope_theta", s.base);
  check_parts(config, "num_hidden_layers", s.layers, "num_attention_heads", s.heads);
  check_divides(config, "hidden_size", s.channels, "num_attention_heads", s.heads);
  check_even(config, "hidden_size / num_attention_heads", s.head_channels());
  check_state(config, std::int64_t(s.head_channels()) * s.head_channels());
  return build_within_memory(config.integer("max_position_embeddings", 1, size_limit, 2048),
                             [&](int context) {
                               s.context = context;
                               return TttBuilder(s).build();
                             });
}

}  // namespace orrery
