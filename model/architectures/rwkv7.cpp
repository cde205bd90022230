#include "model/architectures/rwkv7.h"

#include "model/architectures/network_builder.h"

// RWKV-7 (Peng et al. 2025): each head carries a matrix from keys to values. How fast it fades, which key is
// taken out and how much of it are decided by the token, through narrow networks. Reference section 9.2.

namespace orrery {
namespace {

/// How a checkpoint spells the tensors: as the authors' program does, or as Hugging Face folders do.
struct Spelling {
  const char *table, *first_norm, *last_norm, *head, *layer, *norm1, *norm2, *att, *group_norm;
  const char *receptance, *key, *value, *output;
  bool narrow_networks_named;  ///< "w_lora.lora.0.weight" [out, in], not "w1" [in, out]
};

constexpr Spelling authors = {"emb.weight", "blocks.0.ln0.", "ln_out.", "head.weight", "blocks.",
                              "ln1.",       "ln2.",          "att.",    "ln_x.",       "receptance.",
                              "key.",       "value.",        "output.", false};
constexpr Spelling layers = {"model.embeddings.weight",
                             "model.layers.0.pre_norm.",
                             "model.norm.",
                             "lm_head.weight",
                             "model.layers.",
                             "attn_norm.",
                             "ffn_norm.",
                             "attn.",
                             "g_norm.",
                             "r_proj.",
                             "k_proj.",
                             "v_proj.",
                             "o_proj.",
                             true};

struct Rwkv7Settings {
  int layers, channels, head_channels, features, context, vocabulary;
  int decay_rank, rate_rank, value_rank, gate_rank;
  double epsilon, group_epsilon;
  bool tied, mixers_packed;
  Spelling spelling;
};

class Rwkv7Builder : NetworkBuilder {
 public:
  explicit Rwkv7Builder(const Rwkv7Settings& settings)
      : NetworkBuilder(settings.channels, settings.vocabulary, settings.epsilon),
        s_(settings),
        names_(s_.spelling),
        heads_(s_.channels / s_.head_channels),
        head_channel_{Axis::head, s_.head_channels} {}

  Graph build() {
    const Tensor& table = embed();
    for (int i = 0; i < s_.layers; ++i) layer(i);
    {
      auto scope = graph_.group(say("Output"));
      unembed(layer_norm("ln_final.", names_.last_norm, *stream_), s_.tied ? &table : nullptr, names_.head);
    }
    return finish();
  }

 private:
  const Tensor& embed() {
    auto scope = graph_.group(say("Embedding"));
    const Tensor& tokens = graph_.input("tokens", s_.context);
    const Tensor& table = token_table(names_.table);
    const Tensor& x = graph_.apply("hook_embed", Kind::embedding, ops::embedding(), {&tokens, &table});
    const Tensor& normed = layer_norm("embed.ln.", names_.first_norm, x);
    graph_.alias("blocks.0.hook_resid_pre", normed);
    set_stream(normed);
    return table;
  }

  void layer(int i) {
    auto scope = graph_.group(say("Layer {0}", i), Flow::sequence, i);
    const std::string block = block_name(i), file = names_.layer + std::to_string(i) + ".";
    if (i > 0) graph_.alias(block + "hook_resid_pre", *stream_);
    add_to_stream(block + "hook_resid_mid", time_mixing(i, block, file));
    add_to_stream(block + "hook_resid_post", channel_mixing(block, file));
  }

  /// What the heads of a layer share: the blends with the token before, and the narrow networks' middles.
  struct Shared {
    const Tensor *receptance, *key, *value, *decay, *rate, *blend, *gate;
  };

  const Tensor& time_mixing(int i, const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Time mixing"));
    const std::string att = block + "att.", from = file + names_.att;
    const Tensor& x = layer_norm(block + "ln1.", file + names_.norm1, *stream_);
    const Shared shared = share(i, x, att, from);
    std::vector<const Tensor*> results, weights;
    {
      auto heads = graph_.group(say("Heads"), Flow::parallel);
      for (int h = 0; h < heads_; ++h) {
        auto head = graph_.group(say("Head {0}", h), Flow::sequence, i, h);
        results.push_back(&one_head(i, h, shared, att, from));
        weights.push_back(&matrix(att + "W_O.head" + std::to_string(h), from + names_.output + "weight",
                                  part(h), channel_));
      }
    }
    results.insert(results.end(), weights.begin(), weights.end());
    return apply(block + "hook_attn_out", ops::join_heads(heads_), results);
  }

  Shared share(int i, const Tensor& x, const std::string& att, const std::string& from) {
    const auto blend = [&](const std::string& letter) -> const Tensor& {
      return shifted(att, letter, mixer(att, letter, from), x);
    };
    Shared shared{};
    shared.receptance = &blend("r");
    shared.key = &blend("k");
    shared.value = &blend("v");
    const Tensor& decay = narrow("w", blend("w"), s_.decay_rank, att, from);
    shared.decay = &apply(att + "hook_w_middle", ops::activate(Activation::tanh), {&decay});
    shared.rate = &narrow("a", blend("a"), s_.rate_rank, att, from);
    if (i > 0) shared.blend = &narrow("v", *shared.value, s_.value_rank, att, from);
    const Tensor& gate = narrow("g", blend("g"), s_.gate_rank, att, from);
    shared.gate = &apply(att + "hook_g_middle", ops::activate(Activation::sigmoid), {&gate});
    return shared;
  }

  /// How much of the token before comes into a blend of time mixing; older files of Hugging Face's kind have
  /// the six in one tensor.
  const Tensor& mixer(const std::string& att, const std::string& letter, const std::string& from) {
    const std::string name = att + "time_mix_" + letter;
    if (!s_.mixers_packed) return vector(name, from + "x_" + letter, Kind::weight, channel_);
    const int row = int(std::string("rwkvag").find(letter));
    return graph_.weight(name, one_, channel_, Kind::weight, {from + "x_x", 6, channel_.size, row, 0});
  }

  const Tensor& shifted(const std::string& part, const std::string& letter, const Tensor& share,
                        const Tensor& x) {
    return apply(part + "hook_mix_" + letter, ops::token_shift(true), {&x, &share});
  }

  /// The first half of a narrow network: D channels to a few.
  const Tensor& narrow(const std::string& letter, const Tensor& x, int rank, const std::string& att,
                       const std::string& from) {
    const Tensor& weight =
        narrow_matrix(att + "W_" + letter + "_1", from, letter, 1, channel_, Dim{Axis::unit, rank});
    return apply(att + "hook_" + letter + "_low", ops::linear(), {&x, &weight});
  }

  /// The second half, for one head: back to its channels.
  const Tensor& widen(const std::string& name, const std::string& letter, const Tensor& low, int h, bool bias,
                      const std::string& att, const std::string& from) {
    const std::string suffix = ".head" + std::to_string(h);
    std::vector<const Tensor*> inputs = {
        &low, &narrow_matrix(att + "W_" + letter + "_2" + suffix, from, letter, 2, low.cols, part(h))};
    if (bias) {
      const std::string file =
          names_.narrow_networks_named ? from + letter + "_lora.lora.2.bias" : from + letter + "0";
      inputs.push_back(&vector(att + "b_" + letter + suffix, file, Kind::weight, part(h)));
    }
    return apply(att + name + suffix, ops::linear(), inputs);
  }

  const Tensor& narrow_matrix(const std::string& name, const std::string& from, const std::string& letter,
                              int half, const Part& in, const Part& out) {
    if (names_.narrow_networks_named)
      return matrix(name, from + letter + (half == 1 ? "_lora.lora.0.weight" : "_lora.lora.2.weight"), in,
                    out);
    return graph_.weight(name, in.dim, out.dim, Kind::weight,
                         {from + letter + std::to_string(half), in.total, out.total, in.first, out.first});
  }

  Part part(int h) const { return {head_channel_, h * s_.head_channels, s_.channels}; }

  const Tensor& one_head(int i, int h, const Shared& shared, const std::string& att,
                         const std::string& from) {
    const std::string suffix = ".head" + std::to_string(h);
    const auto own = [&](const char* name, const char* file, Kind kind = Kind::weight) -> const Tensor& {
      return vector(att + name + suffix, from + file, kind, part(h));
    };
    const Tensor& r = project(att + "hook_r" + suffix, *shared.receptance, att + "W_R" + suffix, "",
                              from + names_.receptance, channel_, part(h));
    const Tensor& raw_k = project(att + "hook_raw_k" + suffix, *shared.key, att + "W_K" + suffix, "",
                                  from + names_.key, channel_, part(h));
    const Tensor& v = values(i, h, shared, att, from);
    const Tensor& raw_w = widen("hook_raw_w", "w", *shared.decay, h, true, att, from);
    const Tensor& w = apply(att + "hook_w" + suffix, ops::decay(), {&raw_w});
    const Tensor& raw_a = widen("hook_raw_a", "a", *shared.rate, h, true, att, from);
    const Tensor& a = apply(att + "hook_a" + suffix, ops::activate(Activation::sigmoid), {&raw_a});
    const Tensor& removal = apply(att + "hook_kk" + suffix, ops::removal_key(), {&raw_k, &own("k_k", "k_k")});
    const Tensor& k = apply(att + "hook_k" + suffix, ops::writing_key(), {&raw_k, &a, &own("k_a", "k_a")});
    const int width = s_.head_channels;
    const Tensor& state =
        graph_.declare(att + "hook_state" + suffix, Kind::activation, {Axis::state, width * width, width});
    graph_.define(state, ops::delta_state(), {&state, &w, &removal, &a, &v, &k});
    const Tensor& y = apply(att + "hook_y" + suffix, ops::ask_state(), {&state, &r});
    const Tensor& normed = head_norm(y, att, from, suffix, h);
    const Tensor& fit = graph_.weight(att + "r_k" + suffix, one_, head_channel_, Kind::weight,
                                      {from + "r_k", heads_, width, h, 0});
    const Tensor& out =
        apply(att + "hook_with_bonus" + suffix, ops::own_bonus(), {&normed, &r, &k, &fit, &v});
    const Tensor& gate = widen("hook_g", "g", *shared.gate, h, false, att, from);
    return apply(att + "hook_z" + suffix, ops::multiply(), {&out, &gate});
  }

  /// A head's values; from the second layer on blended with those of the first.
  const Tensor& values(int i, int h, const Shared& shared, const std::string& att, const std::string& from) {
    const std::string suffix = ".head" + std::to_string(h);
    const Tensor& raw = project(att + (i > 0 ? "hook_raw_v" : "hook_v") + suffix, *shared.value,
                                att + "W_V" + suffix, "", from + names_.value, channel_, part(h));
    if (i == 0) {
      first_values_.push_back(&raw);
      return raw;
    }
    const Tensor& gate = widen("hook_v_blend", "v", *shared.blend, h, true, att, from);
    return apply(att + "hook_v" + suffix, ops::blend_values(), {&raw, first_values_[size_t(h)], &gate});
  }

  const Tensor& head_norm(const Tensor& y, const std::string& att, const std::string& from,
                          const std::string& suffix, int h) {
    const std::string norm = att + "ln.", file = from + names_.group_norm;
    const Tensor& scale =
        graph_.apply(norm + "hook_scale" + suffix, Kind::norm, ops::layer_norm_scale(s_.group_epsilon), {&y});
    const Tensor& normalized =
        graph_.apply(norm + "hook_normalized" + suffix, Kind::norm, ops::normalize(), {&y, &scale});
    return graph_.apply(norm + "out" + suffix, Kind::norm, ops::scale_shift(),
                        {&normalized, &vector(norm + "w" + suffix, file + "weight", Kind::norm, part(h)),
                         &vector(norm + "b" + suffix, file + "bias", Kind::norm, part(h))});
  }

  const Tensor& channel_mixing(const std::string& block, const std::string& file) {
    auto scope = graph_.group(say("Channel mixing"));
    const std::string ffn = block + "ffn.", from = file + "ffn.";
    const Dim feature{Axis::feature, s_.features};
    const Tensor& x = layer_norm(block + "ln2.", file + names_.norm2, *stream_);
    const Tensor& mixed =
        shifted(ffn, "k", vector(ffn + "time_mix_k", from + "x_k", Kind::weight, channel_), x);
    const Tensor& k = project(ffn + "hook_pre", mixed, ffn + "W_K", "", from + "key.", channel_, feature);
    const Tensor& active = apply(ffn + "hook_post", ops::activate(Activation::squared_relu), {&k});
    return project(block + "hook_mlp_out", active, ffn + "W_V", "", from + "value.", feature, channel_);
  }

  Rwkv7Settings s_;
  Spelling names_;
  int heads_;
  Dim head_channel_;
  std::vector<const Tensor*> first_values_;  // of the first layer's heads
};

/// Later kinds of it, in the same files, have tables and networks that add to what a layer writes: without
/// them the numbers would be others.
void refuse_additions(const Config& config, std::span<const std::string> tensor_names) {
  constexpr std::string_view first_layer = "blocks.0.";
  for (const std::string& name : tensor_names) {
    if (!name.starts_with(first_layer)) continue;
    const std::string_view part = std::string_view(name).substr(first_layer.size());
    const bool known = part.starts_with("ln") || part.starts_with("att.") || part == "ffn.x_k" ||
                       part == "ffn.key.weight" || part == "ffn.value.weight";
    if (!known)
      throw Error(
          say("{0}: the tensor {1} belongs to a kind of RWKV-7 that is not supported.", config.file(), name));
  }
}

}  // namespace

Graph build_rwkv7(const Config& config, std::span<const std::string> tensor_names) {
  Rwkv7Settings s{};
  s.spelling = holds(tensor_names, "model.embeddings.weight") ? layers : authors;
  refuse_additions(config, tensor_names);
  s.mixers_packed = holds(tensor_names, "model.layers.0.attn.x_x");
  s.layers = config.integer("num_hidden_layers", 1, 4096);
  s.channels = config.integer("hidden_size", 1, 1 << 16);
  s.head_channels = config.integer("head_dim", 1, 1 << 12, 64);
  s.features = config.integer("intermediate_size", 1, 1 << 19, 4 * s.channels);
  s.vocabulary = config.integer("vocab_size", 1, size_limit);
  s.decay_rank = config.integer("decay_low_rank_dim", 1, 1 << 16);
  s.rate_rank = config.integer("a_low_rank_dim", 1, 1 << 16);
  s.value_rank = config.integer("v_low_rank_dim", 1, 1 << 16);
  s.gate_rank = config.integer("gate_low_rank_dim", 1, 1 << 16);
  s.epsilon = config.number("norm_eps", 1e-5);
  // Hugging Face folders derive it from the head's size, which is 64 in all trained models.
  s.group_epsilon = s.spelling.narrow_networks_named ? s.head_channels * s.epsilon : 64e-5;
  s.tied = config.boolean("tie_word_embeddings", false) && !holds(tensor_names, s.spelling.head);
  check_positive(config, "norm_eps", s.epsilon);
  check_divides(config, "hidden_size", s.channels, "head_dim", s.head_channels);
  check_state(config, std::int64_t(s.head_channels) * s.head_channels);
  check_parts(config, "num_hidden_layers", s.layers, "heads", s.channels / s.head_channels);
  // The model has no longest text; this is the length of those that it was trained on.
  return build_within_memory(config.integer("max_position_embeddings", 1, size_limit, 4096),
                             [&](int context) {
                               s.context = context;
                               return Rwkv7Builder(s).build();
                             });
}

}  // namespace orrery
