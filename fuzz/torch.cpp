#include "fuzz/stored.h"
#include "model/formats/pickle.h"
#include "model/formats/rwkv_checkpoint.h"
#include "model/formats/torch_checkpoint.h"

using namespace orrery;

/// Any bytes as PyTorch's archive, as its pickle alone, and as nanoGPT's meta.pkl.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    nlohmann::json settings;
    const TorchCheckpoint checkpoint = read_torch_checkpoint(bytes, "input", settings);
    std::map<std::string, StoredTensor> by_name;
    for (const StoredTensor& tensor : checkpoint.tensors) {
      read_whole(tensor);
      by_name.emplace(tensor.name, tensor);
    }
    rwkv7_settings(by_name);
  } catch (const Error& error) {
    if (error.message.english().empty()) __builtin_trap();
  }
  try {
    if (read_pickle(bytes, "input").values.size() > size) __builtin_trap();
  } catch (const Error&) {
  }
  try {
    for (const std::string& character : read_nanogpt_characters(bytes, "input"))
      if (character.size() > size) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}
