#include "model/architecture.h"

#include "model/architectures/bloom.h"
#include "model/architectures/gpt2.h"
#include "model/architectures/gpt_neox.h"
#include "model/architectures/llama.h"
#include "model/architectures/mamba.h"
#include "model/architectures/mixtral.h"
#include "model/architectures/mpt.h"
#include "model/architectures/rwkv4.h"
#include "model/architectures/rwkv7.h"
#include "model/architectures/ttt.h"

namespace orrery {

std::span<const Architecture> architectures() {
  static const Architecture list[] = {
      {"gpt2", "GPT-2", "A decoder of transformer layers with learned positions (OpenAI, 2019).", build_gpt2},
      {"nanogpt", "nanoGPT", "GPT-2 as Andrej Karpathy's nanoGPT trains it.", build_nanogpt},
      {"gpt_neox", "GPT-NeoX", "A decoder whose heads turn in part; Pythia, too (EleutherAI, 2022).",
       build_gpt_neox},
      {"bloom", "BLOOM", "A decoder whose attention falls with distance (BigScience, 2022).", build_bloom},
      {"mpt", "MPT", "A decoder whose attention falls with distance, without biases (MosaicML, 2023).",
       build_mpt},
      {"llama", "LLaMA", "A decoder with rotated queries and keys and gated layers (Meta, 2023).",
       build_llama},
      {"mistral", "Mistral", "LLaMA that looks back over a sliding window (Mistral AI, 2023).",
       build_mistral},
      {"qwen2", "Qwen2", "LLaMA with biases on queries, keys and values (Alibaba, 2024).", build_qwen2},
      {"gemma", "Gemma", "LLaMA with scaled embeddings and a gate of GELU (Google, 2024).", build_gemma},
      {"mixtral", "Mixtral", "LLaMA with a router that chooses among experts (Mistral AI, 2023).",
       build_mixtral},
      {"mamba", "Mamba", "No attention: each channel carries a state from token to token (Gu and Dao, 2023).",
       build_mamba},
      {"rwkv", "RWKV-4", "No attention: fading means of values, carried along (Peng et al., 2023).",
       build_rwkv4},
      {"rwkv7",
       "RWKV-7",
       "Heads that carry a matrix and rewrite it key by key (Peng et al., 2025).",
       build_rwkv7,
       {"blocks.0.att.v0", "blocks.0.att.v1", "blocks.0.att.v2"}},
      {"ttt", "TTT-Linear", "Heads that hold a linear model, which learns while it reads (Sun et al., 2024).",
       build_ttt},
  };
  return list;
}

const Architecture* find_architecture(const std::string& name) {
  for (const Architecture& architecture : architectures())
    if (architecture.name == name) return &architecture;
  return nullptr;
}

}  // namespace orrery
