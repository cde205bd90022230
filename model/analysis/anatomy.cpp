#include "model/analysis/anatomy.h"

#include <algorithm>
#include <string_view>

namespace orrery {
namespace {

bool ends_with_hook(const Tensor& tensor, std::string_view hook) {
  return std::string_view(tensor.name).substr(0, tensor.name.find(".head")).ends_with(hook);
}

const Tensor* reader_named(const Graph& graph, const Tensor& tensor, const std::string& hook) {
  for (const Tensor* reader : graph.readers(tensor))
    if (ends_with_hook(*reader, hook)) return reader;
  return nullptr;
}

/// The output weights that `joined` applies to one of its heads.
const Tensor* output_weights(const Tensor& joined, const Tensor& mixed) {
  if (joined.op->name() != "join heads") return nullptr;
  const size_t heads = joined.inputs.size() / 2;
  for (size_t h = 0; h < heads; ++h)
    if (joined.inputs[h] == &mixed) return joined.inputs[heads + h];
  return nullptr;
}

/// The head that a pattern belongs to; nothing if the pattern is not made of queries, keys and values.
bool read_head(const Graph& graph, const Tensor& pattern, HeadParts& head) {
  head.pattern = &pattern;
  head.layer = pattern.layer;
  head.head = std::max(0, pattern.head);
  if (pattern.inputs.empty() || pattern.inputs[0]->inputs.size() < 2) return false;
  head.scores = pattern.inputs[0];
  head.query = head.scores->inputs[0];
  head.key = head.scores->inputs[1];
  head.mixed = reader_named(graph, pattern, "hook_z");
  if (!head.mixed || head.mixed->inputs.size() < 2) return false;
  head.value = head.mixed->inputs[1];
  for (const Tensor* reader : graph.readers(*head.mixed))
    if (!head.output) head.output = output_weights(*reader, *head.mixed);
  return true;
}

void read_mlp(const Graph& graph, const std::string& block, LayerParts& layer) {
  layer.hidden = graph.find(block + "mlp.hook_post");
  layer.mlp_out = graph.find(block + "hook_mlp_out");
  if (!layer.mlp_out || layer.mlp_out->op->name() != "linear") return;
  layer.hidden = layer.mlp_out->inputs[0];
  layer.hidden_weights = layer.mlp_out->inputs[1];
  if (layer.mlp_out->inputs.size() > 2) layer.hidden_bias = layer.mlp_out->inputs[2];
}

}  // namespace

int Anatomy::head_count() const {
  int heads = 0;
  for (const LayerParts& layer : layers) heads += int(layer.heads.size());
  return heads;
}

const HeadParts* Anatomy::find_head(int layer, int head) const {
  for (const LayerParts& parts : layers)
    for (const HeadParts& candidate : parts.heads)
      if (candidate.layer == layer && candidate.head == head) return &candidate;
  return nullptr;
}

Anatomy anatomy_of(const Graph& graph) {
  Anatomy anatomy;
  for (int i = 0; i < graph.layer_count(); ++i) {
    const std::string block = "blocks." + std::to_string(i) + ".";
    LayerParts layer;
    layer.layer = i;
    layer.before = graph.find(block + "hook_resid_pre");
    layer.after = graph.find(block + "hook_resid_post");
    layer.attention_out = graph.find(block + "hook_attn_out");
    read_mlp(graph, block, layer);
    anatomy.layers.push_back(std::move(layer));
  }
  for (const Tensor* tensor : graph.steps()) {
    if (!ends_with_hook(*tensor, "attn.hook_pattern") || tensor->layer < 0) continue;
    HeadParts head;
    if (read_head(graph, *tensor, head)) anatomy.layers[size_t(tensor->layer)].heads.push_back(head);
  }
  const auto states = stream_states(graph, true);
  if (!states.empty()) anatomy.last_state = states.back();
  return anatomy;
}

bool between_parts(const Tensor& state) {
  return ends_with_hook(state, "hook_resid_mid") || ends_with_hook(state, "hook_resid_conv");
}

std::vector<const Tensor*> stream_states(const Graph& graph, bool with_middles) {
  std::vector<const Tensor*> states;
  for (const Tensor* tensor : graph.steps())
    if (tensor->spine && (with_middles || !between_parts(*tensor))) states.push_back(tensor);
  return states;
}

Message no_attention() {
  return say(
      "This model has no attention: what came before reaches a token only through states that are carried "
      "along.");
}

}  // namespace orrery
