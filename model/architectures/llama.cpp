#include "model/architectures/llama.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

// LLaMA (Touvron et al. 2023) and its relatives Mistral, Qwen2 and Gemma: RMS norm before each part, rotated
// queries and keys, several query heads for one head of keys and values, a gated feed-forward network.
// Reference section 3.

namespace orrery {

LlamaBuilder::LlamaBuilder(const LlamaSettings& settings)
    : NetworkBuilder(settings.channels, settings.vocabulary, settings.epsilon),
      s_(settings),
      feature_{Axis::feature, settings.features},
      head_channel_{Axis::head, settings.head_channels},
      rope_(std::make_shared<Rope>(settings.rope, settings.context)) {}

Graph LlamaBuilder::build() {
  embed();
  for (int i = 0; i < s_.layers; ++i) layer(i);
  {
    auto scope = graph_.group(say("Output"));
    unembed(norm("ln_final.", "model.norm."), s_.tied ? table_ : nullptr, "lm_head.weight");
  }
  return finish();
}

void LlamaBuilder::embed() {
  auto scope = graph_.group(say("Embedding"));
  const Tensor& tokens = graph_.input("tokens", s_.context);
  if (rope_->dynamic()) text_length_ = &apply("hook_text_length", ops::text_length(), {&tokens});
  table_ = &token_table("model.embed_tokens.weight");
  const Tensor* x = &graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, table_});
  if (s_.embedding_scale != 1)
    x = &apply("blocks.0.hook_resid_pre", ops::scale(s_.embedding_scale), {x});
  else
    graph_.alias("blocks.0.hook_resid_pre", *x);
  set_stream(*x);
}

void LlamaBuilder::layer(int i) {
  auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
  const std::string block = block_name(i), file = "model.layers." + std::to_string(i) + ".";
  if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
  add_to_stream(block + "hook_resid_mid", attention(i, block, file));
  add_to_stream(block + "hook_resid_post", feed_forward(block, file));
}

const Tensor& LlamaBuilder::attention(int i, const std::string& block, const std::string& file) {
  auto scope = graph_.group(say("Self-attention"));
  const std::string attn = block + "attn.", from = file + "self_attn.";
  const Tensor& x = norm(block + "ln1.", file + "input_layernorm.");
  const Attention rule{1 / std::sqrt(double(s_.head_channels)), 0,
                       i >= s_.first_window_layer ? s_.window : 0};
  std::vector<KeysValues> shared;
  if (s_.key_heads < s_.heads) {
    auto heads = graph_.group(say("Key and value heads"), Flow::parallel);
    for (int h = 0; h < s_.key_heads; ++h) {
      auto head = graph_.group(say("Key and value head {0}", h), Flow::sequence, i, h);
      shared.push_back(key_head(x, h, attn, from));
    }
  }
  std::vector<const Tensor*> results, weights;
  {
    auto heads = graph_.group(say("Heads"), Flow::parallel);
    for (int h = 0; h < s_.heads; ++h) {
      auto head = graph_.group(say("Head {0}", h), Flow::sequence, i, h);
      const Tensor& q = query(x, h, attn, from);
      const KeysValues kv =
          shared.empty() ? key_head(x, h, attn, from) : shared[size_t(h / (s_.heads / s_.key_heads))];
      const std::string suffix = ".head" + std::to_string(h);
      results.push_back(&attend(attn, suffix, q, *kv.keys, *kv.values, rule));
      weights.push_back(&matrix(attn + "W_O" + suffix, from + "o_proj.weight",
                                {head_channel_, h * s_.head_channels, s_.heads * s_.head_channels},
                                channel_));
    }
  }
  results.insert(results.end(), weights.begin(), weights.end());
  if (s_.output_bias) results.push_back(&vector(attn + "b_O", from + "o_proj.bias", Kind::weight, channel_));
  return apply(block + "hook_attn_out", ops::join_heads(s_.heads), results);
}

const Tensor& LlamaBuilder::query(const Tensor& x, int head, const std::string& attn,
                                  const std::string& file) {
  const std::string suffix = ".head" + std::to_string(head);
  const Tensor& q = project(attn + "hook_q" + suffix, x, attn + "W_Q" + suffix,
                            s_.qkv_bias ? attn + "b_Q" + suffix : "", file + "q_proj.", channel_,
                            {head_channel_, head * s_.head_channels, s_.heads * s_.head_channels});
  return turned(attn + "hook_rot_q" + suffix, q);
}

LlamaBuilder::KeysValues LlamaBuilder::key_head(const Tensor& x, int head, const std::string& attn,
                                                const std::string& file) {
  const std::string suffix = ".head" + std::to_string(head);
  const Part part{head_channel_, head * s_.head_channels, s_.key_heads * s_.head_channels};
  const Tensor& k = project(attn + "hook_k" + suffix, x, attn + "W_K" + suffix,
                            s_.qkv_bias ? attn + "b_K" + suffix : "", file + "k_proj.", channel_, part);
  const Tensor& turned_k = turned(attn + "hook_rot_k" + suffix, k);
  const Tensor& v = project(attn + "hook_v" + suffix, x, attn + "W_V" + suffix,
                            s_.qkv_bias ? attn + "b_V" + suffix : "", file + "v_proj.", channel_, part);
  return {&turned_k, &v};
}

const Tensor& LlamaBuilder::turned(const std::string& name, const Tensor& x) {
  std::vector<const Tensor*> inputs = {&x};
  if (text_length_) inputs.push_back(text_length_);
  return apply(name, ops::rotate(rope_), inputs);
}

const Tensor& LlamaBuilder::feed_forward(const std::string& block, const std::string& file) {
  auto scope = graph_.group(say("Feed-forward"));
  const Tensor& x = norm(block + "ln2.", file + "post_attention_layernorm.");
  return gated_feed_forward(block, x, file + "mlp.", s_.features, s_.activation, s_.mlp_bias);
}

LlamaSettings llama_settings(const Config& config, std::span<const std::string> tensor_names,
                             LlamaSettings s) {
  s.layers = config.integer("num_hidden_layers", 1, 4096, s.layers);
  s.heads = config.integer("num_attention_heads", 1, 4096, s.heads);
  s.key_heads = config.integer("num_key_value_heads", 1, 4096, s.key_heads > 0 ? s.key_heads : s.heads);
  s.channels = config.integer("hidden_size", 1, 1 << 17, s.channels);
  s.features = config.integer("intermediate_size", 1, 1 << 19, s.features);
  s.context = config.integer("max_position_embeddings", 1, 1 << 24, s.context);
  s.vocabulary = config.integer("vocab_size", 1, size_limit, s.vocabulary);
  s.epsilon = config.number("rms_norm_eps", s.epsilon);
  s.activation = activation_named(config.text("hidden_act", "silu"), config.file() + ": hidden_act");
  check_positive(config, "rms_norm_eps", s.epsilon);
  check_parts(config, "num_hidden_layers", s.layers, "num_attention_heads", s.heads);
  check_divides(config, "num_attention_heads", s.heads, "num_key_value_heads", s.key_heads);
  if (s.head_channels == 0 && !config.has("head_dim"))
    check_divides(config, "hidden_size", s.channels, "num_attention_heads", s.heads);
  s.head_channels =
      config.integer("head_dim", 1, 1 << 14, s.head_channels > 0 ? s.head_channels : s.channels / s.heads);
  check_even(config, "head_dim", s.head_channels);
  s.rope = rope_settings(config, s.head_channels, s.context, s.rope.base);
  // Of biases and a head of its own the checkpoint knows best.
  const std::string first = "model.layers.0.";
  s.qkv_bias =
      config.boolean("attention_bias", s.qkv_bias) || holds(tensor_names, first + "self_attn.q_proj.bias");
  s.output_bias =
      config.boolean("attention_bias", s.output_bias) || holds(tensor_names, first + "self_attn.o_proj.bias");
  s.mlp_bias = config.boolean("mlp_bias", false) || holds(tensor_names, first + "mlp.gate_proj.bias");
  s.tied = config.boolean("tie_word_embeddings", s.tied) ||
           (!tensor_names.empty() && !holds(tensor_names, "lm_head.weight"));
  return s;
}

int llama_context(const LlamaSettings& s) {
  double longest = s.context;
  if (s.rope.scaling == RopeScaling::dynamic) longest *= 4;
  if (s.rope.scaling == RopeScaling::yarn && s.rope.trained == s.context) longest *= s.rope.factor;
  return int(std::min(longest, double(1 << 24)));
}

namespace {

Graph llama_graph(LlamaSettings settings) {
  return build_within_memory(llama_context(settings), [&](int context) {
    settings.context = context;
    return LlamaBuilder(settings).build();
  });
}

/// Where the field is absent the class's default counts; null means that there is no window.
int sliding_window(const Config& config, int missing) {
  if (!config.json().contains("sliding_window")) return missing;
  return config.integer("sliding_window", 0, 1 << 30, 0);
}

}  // namespace

Graph build_llama(const Config& config, std::span<const std::string> tensor_names) {
  return llama_graph(llama_settings(config, tensor_names,
                                    {.layers = 32,
                                     .heads = 32,
                                     .key_heads = 0,
                                     .channels = 4096,
                                     .head_channels = 0,
                                     .features = 11008,
                                     .context = 2048,
                                     .vocabulary = 32000}));
}

Graph build_mistral(const Config& config, std::span<const std::string> tensor_names) {
  LlamaSettings settings = llama_settings(config, tensor_names,
                                          {.layers = 32,
                                           .heads = 32,
                                           .key_heads = 8,
                                           .channels = 4096,
                                           .head_channels = 0,
                                           .features = 14336,
                                           .context = 131072,
                                           .vocabulary = 32000});
  settings.window = sliding_window(config, 4096);
  return llama_graph(settings);
}

Graph build_qwen2(const Config& config, std::span<const std::string> tensor_names) {
  LlamaSettings settings = llama_settings(config, tensor_names,
                                          {.layers = 32,
                                           .heads = 32,
                                           .key_heads = 32,
                                           .channels = 4096,
                                           .head_channels = 0,
                                           .features = 22016,
                                           .context = 32768,
                                           .vocabulary = 151936,
                                           .qkv_bias = true});
  if (config.boolean("use_sliding_window", false)) {
    settings.window = sliding_window(config, 4096);
    settings.first_window_layer = config.integer("max_window_layers", 0, 4096, 28);
  }
  return llama_graph(settings);
}

Graph build_gemma(const Config& config, std::span<const std::string> tensor_names) {
  LlamaSettings settings = llama_settings(config, tensor_names,
                                          {.layers = 28,
                                           .heads = 16,
                                           .key_heads = 16,
                                           .channels = 3072,
                                           .head_channels = 256,
                                           .features = 24576,
                                           .context = 8192,
                                           .vocabulary = 256000,
                                           .tied = true});
  // The first configurations say "gelu" where they mean its tanh form; hidden_activation says it plainly.
  settings.activation = activation_named(config.text("hidden_activation", "gelu_pytorch_tanh"),
                                         config.file() + ": hidden_activation");
  settings.embedding_scale = std::sqrt(double(settings.channels));
  settings.norm_one_plus = true;
  return llama_graph(settings);
}

}  // namespace orrery
