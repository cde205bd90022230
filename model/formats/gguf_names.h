#pragma once
#include <span>
#include <string>

namespace orrery {

/// What GGUF's converter (llama.cpp's convert_hf_to_gguf.py) does to a tensor of Hugging Face's.
enum class GgufChange {
  none,
  turned_queries,  ///< rows of each head in pairs that turn together
  turned_keys,     ///< the same, by the heads of keys
  fused,           ///< rows by part and head in place of head and part
  transposed,      ///< GPT-2's matrices, which are [in, out]
  taps,            ///< the middle one of [E, 1, K] is left out
  decay,           ///< −exp of the numbers
  plus_one,        ///< 1 + the numbers
  experts          ///< all experts in one tensor
};

/// A part's names in both worlds, without "blk.N." and ".weight" or ".bias".
struct GgufName {
  std::string gguf;
  std::string name;  ///< {layer} and {expert} stand for numbers
  bool in_layer = true;
  GgufChange change = GgufChange::none;
};

/// A key without its architecture, and the field of config.json.
struct GgufKey {
  std::string gguf, name;
  bool whole = true, needed = true;
};

/// Which settings need more than a name.
enum class GgufFamily { plain, llama, gpt_neox, mpt, mamba };

/// One architecture as GGUF spells it.
struct GgufDialect {
  std::string architecture;  ///< general.architecture
  std::string model_type;    ///< of config.json
  GgufFamily family;
  std::span<const GgufKey> keys;
  std::span<const GgufName> names;
};

/// Null if Orrery has none of that name.
const GgufDialect* find_gguf_dialect(const std::string& architecture);
/// All names, for a sentence: "llama, gpt2, ...".
std::string gguf_architectures();

}  // namespace orrery
