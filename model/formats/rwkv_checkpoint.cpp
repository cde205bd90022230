#include "model/formats/rwkv_checkpoint.h"

#include <nlohmann/json.hpp>

namespace orrery {

nlohmann::json rwkv7_settings(const std::map<std::string, StoredTensor>& tensors) {
  if (!tensors.contains("emb.weight") || !tensors.contains("blocks.0.att.r_k")) return nullptr;
  nlohmann::json settings = {{"model_type", "rwkv7"}};
  const auto take = [&](const char* field, const std::string& name, bool rows) {
    settings[field] = 1;
    const auto found = tensors.find(name);
    if (found != tensors.end()) settings[field] = rows ? found->second.rows() : found->second.cols();
  };
  int layers = 0;
  while (tensors.contains("blocks." + std::to_string(layers) + ".ln1.weight")) ++layers;
  settings["num_hidden_layers"] = layers;
  take("vocab_size", "emb.weight", true);
  take("hidden_size", "emb.weight", false);
  take("head_dim", "blocks.0.att.r_k", false);
  take("intermediate_size", "blocks.0.ffn.key.weight", true);
  take("decay_low_rank_dim", "blocks.0.att.w1", false);
  take("a_low_rank_dim", "blocks.0.att.a1", false);
  take("gate_low_rank_dim", "blocks.0.att.g1", false);
  take("v_low_rank_dim", "blocks.1.att.v1", false);
  return settings;
}

}  // namespace orrery
