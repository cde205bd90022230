#pragma once
#include <string>
#include <vector>

namespace orrery::test {

/// One model of tests/reference of every architecture, and of every way of theirs that has ops of its own.
inline const std::vector<std::string>& every_architecture() {
  static const std::vector<std::string> names = {"gpt2",
                                                 "nanogpt",
                                                 "llama",
                                                 "llama_rope_dynamic",
                                                 "llama_rope_yarn",
                                                 "gemma",
                                                 "mistral",
                                                 "gpt_neox",
                                                 "gpt_neox_serial",
                                                 "bloom",
                                                 "mpt",
                                                 "mpt_clip",
                                                 "mixtral",
                                                 "mamba",
                                                 "mamba_bias",
                                                 "rwkv4",
                                                 "rwkv4_rescale",
                                                 "rwkv7",
                                                 "rwkv7_layers",
                                                 "ttt_linear",
                                                 "ttt_linear_gate_conv"};
  return names;
}

}  // namespace orrery::test
