#include "model/architectures/network_builder.h"

#include <algorithm>
#include <cmath>

namespace orrery {

const Tensor& NetworkBuilder::vector(const std::string& name, const std::string& file, Kind kind,
                                     const Part& part) {
  return graph_.weight(name, one_, part.dim, kind, {file, 1, part.total, 0, part.first});
}

const Tensor& NetworkBuilder::matrix(const std::string& name, const std::string& file, const Part& in,
                                     const Part& out) {
  WeightSource source{file, out.total, in.total, out.first, in.first, true};
  if (file_holds_in_out_) source = {file, in.total, out.total, in.first, out.first, false};
  return graph_.weight(name, in.dim, out.dim, Kind::weight, source);
}

const Tensor& NetworkBuilder::token_table(const std::string& file) {
  return graph_.weight("embed.W_E", vocabulary_, channel_, Kind::embedding,
                       {file, vocabulary_.size, channel_.size});
}

const Tensor& NetworkBuilder::project(const std::string& name, const Tensor& x, const std::string& weight,
                                      const std::string& bias, const std::string& file, const Part& in,
                                      const Part& out, Kind kind) {
  std::vector<const Tensor*> inputs = {&x, &matrix(weight, file + "weight", in, out)};
  if (!bias.empty()) inputs.push_back(&vector(bias, file + "bias", Kind::weight, out));
  return graph_.apply(name, kind, ops::linear(), inputs);
}

const Tensor& NetworkBuilder::layer_norm(const std::string& name, const std::string& file, const Tensor& x,
                                         bool bias) {
  const Tensor& weight = vector(name + "w", file + "weight", Kind::norm, x.cols);
  return layer_norm(name, x, weight, bias ? &vector(name + "b", file + "bias", Kind::norm, x.cols) : nullptr,
                    epsilon_);
}

const Tensor& NetworkBuilder::layer_norm(const std::string& name, const Tensor& x, const Tensor& weight,
                                         const Tensor* bias, double epsilon) {
  const Tensor& scale = graph_.apply(name + "hook_scale", Kind::norm, ops::layer_norm_scale(epsilon), {&x});
  const Tensor& normalized =
      graph_.apply(name + "hook_normalized", Kind::norm, ops::normalize(), {&x, &scale});
  std::vector<const Tensor*> inputs = {&normalized, &weight};
  if (bias) inputs.push_back(bias);
  return graph_.apply(name + "out", Kind::norm, ops::scale_shift(), inputs);
}

const Tensor& NetworkBuilder::rms_norm(const std::string& name, const std::string& file, const Tensor& x,
                                       bool one_plus) {
  const Tensor& scale = graph_.apply(name + "hook_scale", Kind::norm, ops::rms_norm_scale(epsilon_), {&x});
  const Tensor& normalized = graph_.apply(name + "hook_normalized", Kind::norm, ops::divide(), {&x, &scale});
  const Tensor& weight = vector(name + "w", file + "weight", Kind::norm, x.cols);
  return graph_.apply(name + "out", Kind::norm, one_plus ? ops::scale_by_one_plus() : ops::scale_shift(),
                      {&normalized, &weight});
}

const Tensor& NetworkBuilder::attend(const std::string& attn, const std::string& suffix, const Tensor& q,
                                     const Tensor& k, const Tensor& v, const Attention& rule) {
  const Tensor& scores = apply(attn + "hook_attn_scores" + suffix,
                               ops::attention_scores(rule.scale, rule.slope, rule.window), {&q, &k});
  const Tensor& pattern = graph_.apply(attn + "hook_pattern" + suffix, Kind::attention,
                                       ops::attention_pattern(rule.window), {&scores});
  return apply(attn + "hook_z" + suffix, ops::attention_values(rule.window), {&pattern, &v});
}

const Tensor& NetworkBuilder::fused_attention(int layer, const Tensor& x, const FusedWeights& weights,
                                              const Look& look) {
  const std::string attn = block_name(layer) + "attn.";
  const Dim head_channel{Axis::head, channel_.size / weights.heads};
  std::vector<const Tensor*> inputs, outputs;
  {
    auto heads = graph_.group(say("Heads"), Flow::parallel);
    for (int h = 0; h < weights.heads; ++h) {
      auto head = graph_.group(say("Head {0}", h), Flow::sequence, layer, h);
      const std::string suffix = ".head" + std::to_string(h);
      const Tensor* qkv[3];
      for (int part = 0; part < 3; ++part) {
        const std::string capital(1, "QKV"[part]), letter(1, "qkv"[part]);
        const int place = weights.head_first ? 3 * h + part : part * weights.heads + h;
        qkv[part] =
            &project(attn + "hook_" + weights.before + letter + suffix, x, attn + "W_" + capital + suffix,
                     weights.bias ? attn + "b_" + capital + suffix : "", weights.qkv, channel_,
                     {head_channel, place * head_channel.size, 3 * channel_.size});
      }
      inputs.push_back(&look(h, suffix, {qkv[0], qkv[1], qkv[2]}));
      outputs.push_back(&matrix(attn + "W_O" + suffix, weights.output + "weight",
                                {head_channel, h * head_channel.size, channel_.size}, channel_));
    }
  }
  inputs.insert(inputs.end(), outputs.begin(), outputs.end());
  if (weights.bias) inputs.push_back(&vector(attn + "b_O", weights.output + "bias", Kind::weight, channel_));
  return apply(block_name(layer) + "hook_attn_out", ops::join_heads(weights.heads), inputs);
}

const Tensor& NetworkBuilder::plain_feed_forward(const std::string& block, const Tensor& x,
                                                 const std::string& file_in, const std::string& file_out,
                                                 int features, Activation activation, bool bias) {
  const Dim feature{Axis::feature, features};
  const std::string mlp = block + "mlp.";
  const Tensor& pre =
      project(mlp + "hook_pre", x, mlp + "W_in", bias ? mlp + "b_in" : "", file_in, channel_, feature);
  const Tensor& post = apply(mlp + "hook_post", ops::activate(activation), {&pre});
  return project(block + "hook_mlp_out", post, mlp + "W_out", bias ? mlp + "b_out" : "", file_out, feature,
                 channel_);
}

const Tensor& NetworkBuilder::gated_feed_forward(const std::string& block, const Tensor& x,
                                                 const std::string& file, int features, Activation activation,
                                                 bool bias) {
  const Dim feature{Axis::feature, features};
  const std::string mlp = block + "mlp.";
  const auto bias_name = [&](const char* name) { return bias ? mlp + name : ""; };
  const Tensor& gate = project(mlp + "hook_pre", x, mlp + "W_gate", bias_name("b_gate"), file + "gate_proj.",
                               channel_, feature);
  const Tensor& up = project(mlp + "hook_pre_linear", x, mlp + "W_in", bias_name("b_in"), file + "up_proj.",
                             channel_, feature);
  const Tensor& post = apply(mlp + "hook_post", ops::gate(activation), {&gate, &up});
  return project(block + "hook_mlp_out", post, mlp + "W_out", bias_name("b_out"), file + "down_proj.",
                 feature, channel_);
}

void NetworkBuilder::set_stream(const Tensor& state) {
  stream_ = &state;
  graph_.mark_spine(state);
}

void NetworkBuilder::add_to_stream(const std::string& name, const Tensor& part, const Tensor* second) {
  std::vector<const Tensor*> inputs = {stream_, &part};
  if (second) inputs.push_back(second);
  set_stream(apply(name, ops::add(), inputs));
}

void NetworkBuilder::unembed(const Tensor& x, const Tensor* table, const std::string& file) {
  if (table) {
    apply("logits", ops::unembed(), {&x, table});
  } else {
    const Tensor& head = graph_.weight("unembed.W_U", channel_, vocabulary_, Kind::weight,
                                       {file, vocabulary_.size, channel_.size, 0, 0, true});
    apply("logits", ops::linear(), {&x, &head});
  }
}

std::string block_name(int layer) { return "blocks." + std::to_string(layer) + "."; }

Graph build_within_memory(int wanted, const std::function<Graph(int context)>& build) {
  wanted = std::min(wanted, 1 << 20);
  constexpr double limit = 4294967296;  // numbers
  double numbers = 0, pairs = 0;        // that grow with the tokens, and with their square
  const Graph trial = build(1);
  for (const Tensor* tensor : trial.steps())
    tensor->cols.axis == Axis::source ? pairs += 1 : numbers += tensor->cols.size;
  const double most = pairs > 0 ? (std::sqrt(numbers * numbers + 4 * pairs * limit) - numbers) / (2 * pairs)
                                : limit / std::max(numbers, 1.0);
  return build(std::clamp(int(std::min(most, double(wanted))), 1, wanted));
}

bool holds(std::span<const std::string> tensor_names, const std::string& name) {
  return std::ranges::find(tensor_names, name) != tensor_names.end();
}

void check_divides(const Config& config, const char* field, int size, const char* parts_field, int parts) {
  if (size % parts != 0)
    throw Error(
        say("{0}: {1} = {2} cannot be divided by {3} = {4}", config.file(), field, size, parts_field, parts));
}

void check_even(const Config& config, const char* field, int size) {
  if (size % 2 != 0)
    throw Error(
        say("{0}: {1} = {2} must be even, so that channels can turn in pairs", config.file(), field, size));
}

void check_positive(const Config& config, const char* field, double number) {
  if (!(number > 0)) throw Error(say("{0}: '{1}' must be positive", config.file(), field));
}

void check_state(const Config& config, std::int64_t numbers) {
  if (numbers > size_limit)
    throw Error(say("{0}: a state of {1} numbers is larger than Orrery can show", config.file(), numbers));
}

void throw_unsupported(const Config& config, const char* field, const char* value) {
  throw Error(say("{0}: Orrery cannot run models with '{1}': {2}", config.file(), field, value));
}

const char* field_of(const Config& config, const char* own, const char* usual) {
  return config.has(own) || !config.has(usual) ? own : usual;
}

void check_parts(const Config& config, const char* layers_field, int layers, const char* parts_field,
                 int parts) {
  if (std::int64_t(layers) * parts > 20000)
    throw Error(say("{0}: {1} = {2} with {3} = {4} are more parts than Orrery can show", config.file(),
                    layers_field, layers, parts_field, parts));
}

}  // namespace orrery
