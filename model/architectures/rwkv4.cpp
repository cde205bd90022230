#include "model/architectures/rwkv4.h"

#include <cmath>

#include "model/architectures/network_builder.h"

// RWKV-4 (Peng et al. 2023): time mixing keeps, for each channel, a mean of all values so far that fades with
// every token; channel mixing is a gated feed-forward network. Both blend each token with the one before.
// Reference section 9.1.

namespace orrery {
namespace {

struct Rwkv4Settings {
  int layers, channels, inner, features, context, vocabulary, rescale_every;
  double epsilon;
  bool tied;
};

class Rwkv4Builder : NetworkBuilder {
 public:
  explicit Rwkv4Builder(const Rwkv4Settings& settings)
      : NetworkBuilder(settings.channels, settings.vocabulary, settings.epsilon),
        s_(settings),
        inner_{Axis::channel, s_.inner},
        feature_{Axis::feature, s_.features} {}

  Graph build() {
    const Tensor& table = embed();
    for (int i = 0; i < s_.layers; ++i) layer(i);
    {
      auto scope = graph_.group(say("Output"));
      unembed(layer_norm("ln_final.", "rwkv.ln_out.", *stream_), s_.tied ? &table : nullptr, "head.weight");
    }
    return finish();
  }

 private:
  const Tensor& embed() {
    auto scope = graph_.group(say("Embedding"));
    const Tensor& tokens = graph_.input("tokens", s_.context);
    const Tensor& table = token_table("rwkv.embeddings.weight");
    const Tensor& x = graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, &table});
    const Tensor& normed = layer_norm("embed.ln.", "rwkv.blocks.0.pre_ln.", x);
    graph_.alias("blocks.0.hook_resid_pre", normed);
    set_stream(normed);
    return table;
  }

  void layer(int i) {
    auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
    const std::string block = block_name(i), file = "rwkv.blocks." + std::to_string(i) + ".";
    if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
    // Half precision would overflow in deep models: what is added is divided by 2 every few layers, and so is
    // the stream. The final norm takes the factor out again.
    const double part = s_.rescale_every > 0 ? std::exp2(-(i / s_.rescale_every)) : 1;
    const bool halve = s_.rescale_every > 0 && (i + 1) % s_.rescale_every == 0;
    add_to_stream(block + "hook_resid_mid", time_mixing(block, file, part));
    add_to_stream(block + (halve ? "hook_resid_unhalved" : "hook_resid_post"),
                  channel_mixing(block, file, part));
    if (halve) set_stream(apply(block + "hook_resid_post", ops::scale(0.5), {stream_}));
  }

  const Tensor& time_mixing(const std::string& block, const std::string& file, double part) {
    auto scope = graph_.group(say("Time mixing"));
    const std::string att = block + "att.", from = file + "attention.";
    const Tensor& x = layer_norm(block + "ln1.", file + "ln1.", *stream_);
    const Tensor& k = project(att + "hook_k", shifted(att, "k", "key", from, x), att + "W_K", "",
                              from + "key.", channel_, inner_);
    const Tensor& v = project(att + "hook_v", shifted(att, "v", "value", from, x), att + "W_V", "",
                              from + "value.", channel_, inner_);
    const Tensor& fading = vector(att + "time_decay", from + "time_decay", Kind::weight, inner_);
    const Tensor& largest = graph_.declare(att + "hook_max", Kind::activation, inner_);
    graph_.define(largest, ops::decaying_max(), {&largest, &k, &fading});
    const Tensor& sum = graph_.declare(att + "hook_num", Kind::activation, inner_);
    graph_.define(sum, ops::decaying_sum(true), {&sum, &largest, &k, &fading, &v});
    const Tensor& weights = graph_.declare(att + "hook_den", Kind::activation, inner_);
    graph_.define(weights, ops::decaying_sum(false), {&weights, &largest, &k, &fading});
    const Tensor& bonus = vector(att + "time_first", from + "time_first", Kind::weight, inner_);
    const Tensor& mean =
        apply(att + "hook_wkv", ops::decaying_mean(), {&sum, &weights, &largest, &k, &v, &bonus});
    const Tensor& r = project(att + "hook_r", shifted(att, "r", "receptance", from, x), att + "W_R", "",
                              from + "receptance.", channel_, inner_);
    const Tensor& received = apply(att + "hook_rwkv", ops::gate(Activation::sigmoid), {&r, &mean});
    return scaled(block + "hook_attn_out", att + "hook_unscaled_out", part, [&](const std::string& name) {
      return &project(name, received, att + "W_O", "", from + "output.", inner_, channel_);
    });
  }

  const Tensor& channel_mixing(const std::string& block, const std::string& file, double part) {
    auto scope = graph_.group(say("Channel mixing"));
    const std::string ffn = block + "ffn.", from = file + "feed_forward.";
    const Tensor& x = layer_norm(block + "ln2.", file + "ln2.", *stream_);
    const Tensor& k = project(ffn + "hook_pre", shifted(ffn, "k", "key", from, x), ffn + "W_K", "",
                              from + "key.", channel_, feature_);
    const Tensor& active = apply(ffn + "hook_post", ops::activate(Activation::squared_relu), {&k});
    const Tensor& v = scaled(ffn + "hook_v", ffn + "hook_unscaled_v", part, [&](const std::string& name) {
      return &project(name, active, ffn + "W_V", "", from + "value.", feature_, channel_);
    });
    const Tensor& r = project(ffn + "hook_r", shifted(ffn, "r", "receptance", from, x), ffn + "W_R", "",
                              from + "receptance.", channel_, channel_);
    return apply(block + "hook_mlp_out", ops::gate(Activation::sigmoid), {&r, &v});
  }

  const Tensor& shifted(const std::string& part, const std::string& letter, const std::string& word,
                        const std::string& from, const Tensor& x) {
    const Tensor& share =
        vector(part + "time_mix_" + letter, from + "time_mix_" + word, Kind::weight, channel_);
    return apply(part + "hook_mix_" + letter, ops::token_shift(false), {&x, &share});
  }

  /// `make(name)` times `part`, under the first name; the second is the unscaled one's.
  template <class Make>
  const Tensor& scaled(const std::string& name, const std::string& unscaled, double part, Make make) {
    if (part == 1) return *make(name);
    const Tensor* whole = make(unscaled);
    return apply(name, ops::scale(part), {whole});
  }

  Rwkv4Settings s_;
  Dim inner_, feature_;
};

}  // namespace

Graph build_rwkv4(const Config& config, std::span<const std::string> tensor_names) {
  Rwkv4Settings s{};
  s.layers = config.integer("num_hidden_layers", 1, 4096, 32);
  s.channels = config.integer("hidden_size", 1, 1 << 17, 4096);
  s.inner = config.integer("attention_hidden_size", 1, 1 << 17, s.channels);
  s.features = config.integer("intermediate_size", 1, 1 << 19, 4 * s.channels);
  s.vocabulary = config.integer("vocab_size", 1, size_limit, 50277);
  s.epsilon = config.number("layer_norm_epsilon", 1e-5);
  s.rescale_every = config.integer("rescale_every", 0, 4096, 6);
  s.tied = config.boolean("tie_word_embeddings", false) && !holds(tensor_names, "head.weight");
  check_positive(config, "layer_norm_epsilon", s.epsilon);
  return build_within_memory(config.integer("context_length", 1, size_limit, 1024), [&](int context) {
    s.context = context;
    return Rwkv4Builder(s).build();
  });
}

}  // namespace orrery
