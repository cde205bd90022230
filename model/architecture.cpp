#include "model/architecture.h"

#include "model/architectures/gpt2.h"

namespace orrery {

std::span<const Architecture> architectures() {
  static const Architecture list[] = {
      {"gpt2", "GPT-2", "A decoder of transformer layers with learned positions (OpenAI, 2019).", build_gpt2},
      {"nanogpt", "nanoGPT", "GPT-2 as Andrej Karpathy's nanoGPT trains it.", build_nanogpt},
  };
  return list;
}

const Architecture* find_architecture(const std::string& name) {
  for (const Architecture& architecture : architectures())
    if (architecture.name == name) return &architecture;
  return nullptr;
}

}  // namespace orrery
