#include "model/architectures/gpt2.h"

#include <algorithm>
#include <cmath>

#include "model/ops.h"

// GPT-2 (Radford et al. 2019) and nanoGPT's model.py: learned positions, layer norm before each part, one
// residual stream. Reference sections 2 and 2.1; activations are named as in TransformerLens.

namespace orrery {
namespace {

/// What the two configuration dialects say, in one vocabulary.
struct Settings {
  int n_layer, n_head, n_embd, n_inner, context, vocabulary;
  double epsilon = 1e-5;
  Activation activation = Activation::gelu;
  bool scale_scores = true, scale_by_layer = false;
  bool conv1d = false;  ///< the file holds [in, out] (GPT-2's Conv1D) and not [out, in]
  bool bias = true, tied = true;
};

constexpr int size_limit = 1 << 24;  // a sane bound, so that products of two sizes fit 64 bits

Settings gpt2_settings(const Config& config) {
  Settings s{};
  s.n_layer = config.integer("n_layer", 1, 4096, 12);
  s.n_head = config.integer("n_head", 1, 4096, 12);
  s.n_embd = config.integer("n_embd", 1, 1 << 17, 768);
  s.n_inner = config.integer("n_inner", 1, 1 << 19, 4 * s.n_embd);
  s.context = config.integer("n_positions", 1, 1 << 20, 1024);
  s.vocabulary = config.integer("vocab_size", 1, size_limit, 50257);
  s.epsilon = config.number("layer_norm_epsilon", 1e-5);
  s.activation = activation_named(config.text("activation_function", "gelu_new"),
                                  config.file() + ": activation_function");
  s.scale_scores = config.boolean("scale_attn_weights", true);
  s.scale_by_layer = config.boolean("scale_attn_by_inverse_layer_idx", false);
  s.conv1d = true;
  return s;
}

Settings nanogpt_settings(const Config& config) {
  Settings s{};
  s.n_layer = config.integer("n_layer", 1, 4096);
  s.n_head = config.integer("n_head", 1, 4096);
  s.n_embd = config.integer("n_embd", 1, 1 << 17);
  s.n_inner = 4 * s.n_embd;
  s.context = config.integer("block_size", 1, 1 << 20);
  s.vocabulary = config.integer("vocab_size", 1, size_limit);
  return s;
}

void check_epsilon(const Config& config, double epsilon) {
  if (!(epsilon > 0)) throw Error(say("{0}: '{1}' must be positive", config.file(), "layer_norm_epsilon"));
}

/// Builds the network; `graph` grows in the order in which the model computes.
class Gpt2Builder {
 public:
  explicit Gpt2Builder(const Settings& settings)
      : s_(settings),
        channel_{Axis::channel, s_.n_embd},
        feature_{Axis::feature, s_.n_inner},
        vocabulary_{Axis::vocabulary, s_.vocabulary},
        head_channel_{Axis::head, s_.n_embd / s_.n_head},
        one_{Axis::unit, 1} {}

  Graph build() {
    const Tensor& table = embed();
    for (int i = 0; i < s_.n_layer; ++i) layer(i);
    output(table);
    label_tensors();
    return std::move(graph_);
  }

 private:
  const Tensor& embed() {
    auto scope = graph_.group(say("Embedding"));
    const Tensor& tokens = graph_.input("tokens", s_.context);
    const Tensor& table = graph_.weight("embed.W_E", vocabulary_, channel_, Kind::embedding,
                                        {"wte.weight", s_.vocabulary, s_.n_embd});
    const Tensor& positions = graph_.weight("pos_embed.W_pos", {Axis::position, s_.context}, channel_,
                                            Kind::embedding, {"wpe.weight", s_.context, s_.n_embd});
    const Tensor& token = graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, &table});
    const Tensor& position =
        graph_.apply("hook_pos_embed", Kind::embedding, ops::position_embedding(), {&tokens, &positions});
    stream_ = &graph_.apply("blocks.0.hook_resid_pre", Kind::activation, ops::add(), {&token, &position});
    graph_.mark_spine(*stream_);
    return table;
  }

  void layer(int i) {
    auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
    const std::string block = "blocks." + std::to_string(i) + ".", file = "h." + std::to_string(i) + ".";
    if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
    add_to_stream(block + "hook_resid_mid", attention(i, block, file));
    add_to_stream(block + "hook_resid_post", feed_forward(block, file));
  }

  const Tensor& attention(int i, const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Self-attention"));
    const Tensor& x = layer_norm(block + "ln1.", file + "ln_1.", *stream_);
    std::vector<const Tensor*> inputs(size_t(2 * s_.n_head));
    {
      auto heads = graph_.group(say("Heads"), Flow::parallel);
      for (int h = 0; h < s_.n_head; ++h) {
        auto head = graph_.group(say("Head {0}", h), Flow::sequence, i, h);
        inputs[size_t(h)] = &attention_head(i, h, x, block + "attn.", file + "attn.");
        inputs[size_t(s_.n_head + h)] =
            &linear_weight(block + "attn.W_O.head" + std::to_string(h), file + "attn.c_proj.weight",
                           s_.n_embd, s_.n_embd, head_channel_, channel_, h * head_channel_.size, 0);
      }
    }
    if (s_.bias)
      inputs.push_back(&vector(block + "attn.b_O", file + "attn.c_proj.bias", Kind::weight, channel_));
    return graph_.apply(block + "hook_attn_out", Kind::activation, ops::join_heads(s_.n_head), inputs);
  }

  const Tensor& attention_head(int i, int h, const Tensor& x, const std::string& attn,
                               const std::string& file) {
    const std::string suffix = ".head" + std::to_string(h);
    const Tensor* qkv[3];
    for (int part = 0; part < 3; ++part) {
      const char letter = "qkv"[part], capital = "QKV"[part];
      const int first =
          part * s_.n_embd + h * head_channel_.size;  // c_attn holds q, k, v side by side, heads in order
      std::vector<const Tensor*> inputs = {
          &x, &linear_weight(attn + "W_" + capital + suffix, file + "c_attn.weight", s_.n_embd, 3 * s_.n_embd,
                             channel_, head_channel_, 0, first)};
      if (s_.bias)
        inputs.push_back(&graph_.weight(attn + "b_" + capital + suffix, one_, head_channel_, Kind::weight,
                                        {file + "c_attn.bias", 1, 3 * s_.n_embd, 0, first}));
      qkv[part] = &graph_.apply(attn + "hook_" + letter + suffix, Kind::activation, ops::linear(), inputs);
    }
    double scale = s_.scale_scores ? 1 / std::sqrt(double(head_channel_.size)) : 1;
    if (s_.scale_by_layer) scale /= i + 1;
    const Tensor& scores = graph_.apply(attn + "hook_attn_scores" + suffix, Kind::activation,
                                        ops::attention_scores(scale), {qkv[0], qkv[1]});
    const Tensor& pattern =
        graph_.apply(attn + "hook_pattern" + suffix, Kind::attention, ops::attention_pattern(), {&scores});
    return graph_.apply(attn + "hook_z" + suffix, Kind::activation, ops::attention_values(),
                        {&pattern, qkv[2]});
  }

  const Tensor& feed_forward(const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Feed-forward"));
    const Tensor& x = layer_norm(block + "ln2.", file + "ln_2.", *stream_);
    const Tensor& pre = linear(block + "mlp.hook_pre", x, block + "mlp.W_in", block + "mlp.b_in",
                               file + "mlp.c_fc.", channel_, feature_);
    const Tensor& post =
        graph_.apply(block + "mlp.hook_post", Kind::activation, ops::activate(s_.activation), {&pre});
    return linear(block + "hook_mlp_out", post, block + "mlp.W_out", block + "mlp.b_out",
                  file + "mlp.c_proj.", feature_, channel_);
  }

  void output(const Tensor& table) {
    auto scope = graph_.group(say("Output"));
    const Tensor& x = layer_norm("ln_final.", "ln_f.", *stream_);
    if (s_.tied) {
      graph_.apply("logits", Kind::activation, ops::unembed(), {&x, &table});
    } else {
      const Tensor& head = graph_.weight("unembed.W_U", channel_, vocabulary_, Kind::weight,
                                         {"lm_head.weight", s_.vocabulary, s_.n_embd, 0, 0, true});
      graph_.apply("logits", Kind::activation, ops::linear(), {&x, &head});
    }
  }

  const Tensor& layer_norm(const std::string& name, const std::string& file, const Tensor& x) {
    const Tensor& scale =
        graph_.apply(name + "hook_scale", Kind::norm, ops::layer_norm_scale(s_.epsilon), {&x});
    const Tensor& normalized =
        graph_.apply(name + "hook_normalized", Kind::norm, ops::normalize(), {&x, &scale});
    std::vector<const Tensor*> inputs = {&normalized,
                                         &vector(name + "w", file + "weight", Kind::norm, channel_)};
    if (s_.bias) inputs.push_back(&vector(name + "b", file + "bias", Kind::norm, channel_));
    return graph_.apply(name + "out", Kind::norm, ops::scale_shift(), inputs);
  }

  const Tensor& linear(const std::string& name, const Tensor& x, const std::string& weight,
                       const std::string& bias, const std::string& file, Dim in, Dim out) {
    std::vector<const Tensor*> inputs = {
        &x, &linear_weight(weight, file + "weight", in.size, out.size, in, out, 0, 0)};
    if (s_.bias) inputs.push_back(&vector(bias, file + "bias", Kind::weight, out));
    return graph_.apply(name, Kind::activation, ops::linear(), inputs);
  }

  /// The part of a checkpoint's [in, out] matrix that starts at (row, column), whichever way round the file
  /// holds it.
  const Tensor& linear_weight(const std::string& name, const std::string& file, int file_in, int file_out,
                              Dim rows, Dim cols, int row, int column) {
    WeightSource source{file, file_in, file_out, row, column, false};
    if (!s_.conv1d) source = {file, file_out, file_in, column, row, true};
    return graph_.weight(name, rows, cols, Kind::weight, source);
  }

  const Tensor& vector(const std::string& name, const std::string& file, Kind kind, Dim size) {
    return graph_.weight(name, one_, size, kind, {file, 1, size.size});
  }

  void add_to_stream(const std::string& name, const Tensor& part) {
    stream_ = &graph_.apply(name, Kind::activation, ops::add(), {stream_, &part});
    graph_.mark_spine(*stream_);
  }

  /// What people call the parts, by the last part of their names.
  void label_tensors() {
    const std::pair<std::string, Message> labels[] = {
        {"tokens", say("Tokens")},
        {"W_E", say("Token table")},
        {"W_pos", say("Position table")},
        {"hook_embed", say("Token embeddings")},
        {"hook_pos_embed", say("Position embeddings")},
        {"hook_resid_pre", say("Residual stream")},
        {"hook_resid_mid", say("Residual stream")},
        {"hook_resid_post", say("Residual stream")},
        {"hook_scale", say("Scale")},
        {"hook_normalized", say("Normalized")},
        {"out", say("Layer norm")},
        {"w", say("Norm weight")},
        {"b", say("Norm bias")},
        {"W_Q", say("Q weights")},
        {"W_K", say("K weights")},
        {"W_V", say("V weights")},
        {"W_O", say("Output weights")},
        {"b_Q", say("Q bias")},
        {"b_K", say("K bias")},
        {"b_V", say("V bias")},
        {"b_O", say("Output bias")},
        {"hook_q", say("Queries")},
        {"hook_k", say("Keys")},
        {"hook_v", say("Values")},
        {"hook_attn_scores", say("Scores")},
        {"hook_pattern", say("Attention")},
        {"hook_z", say("Mixed values")},
        {"hook_attn_out", say("Attention output")},
        {"W_in", say("MLP input weights")},
        {"b_in", say("MLP input bias")},
        {"W_out", say("MLP output weights")},
        {"b_out", say("MLP output bias")},
        {"hook_pre", say("MLP hidden")},
        {"hook_post", say("MLP activated")},
        {"hook_mlp_out", say("MLP output")},
        {"W_U", say("Unembedding table")},
        {"logits", say("Logits")},
    };
    for (const Tensor* tensor : graph_.tensors()) {
      std::string name = tensor->name.substr(0, tensor->name.find(".head"));
      name = name.substr(name.rfind('.') + 1);
      for (const auto& [last, label] : labels)
        if (last == name) graph_.label(*tensor, label);
    }
  }

  Settings s_;
  Dim channel_, feature_, vocabulary_, head_channel_, one_;
  Graph graph_;
  const Tensor* stream_ = nullptr;  // the newest state of the residual stream
};

Graph build(Settings settings, const Config& config, std::span<const std::string> tensor_names) {
  auto present = [&](const char* name) {
    return std::ranges::find(tensor_names, name) != tensor_names.end();
  };
  if (settings.n_embd % settings.n_head != 0)
    throw Error(say("{0}: n_embd = {1} cannot be divided into n_head = {2} heads", config.file(),
                    settings.n_embd, settings.n_head));
  if (std::int64_t(settings.n_layer) * settings.n_head > 100000)
    throw Error(say("{0}: n_layer = {1} with n_head = {2} are more heads than Orrery can show", config.file(),
                    settings.n_layer, settings.n_head));
  check_epsilon(config, settings.epsilon);
  settings.tied = config.boolean("tie_word_embeddings", true) && !present("lm_head.weight");
  return Gpt2Builder(settings).build();
}

}  // namespace

Graph build_gpt2(const Config& config, std::span<const std::string> tensor_names) {
  return build(gpt2_settings(config), config, tensor_names);
}

Graph build_nanogpt(const Config& config, std::span<const std::string> tensor_names) {
  Settings settings = nanogpt_settings(config);
  settings.bias = config.boolean("bias", true);
  return build(settings, config, tensor_names);
}

}  // namespace orrery
