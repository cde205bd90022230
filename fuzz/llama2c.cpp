#include "model/formats/llama2c.h"

#include "fuzz/stored.h"

using namespace orrery;

/// Any bytes as a model of llama2.c.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  try {
    nlohmann::json settings;
    const Llama2c model = read_llama2c({reinterpret_cast<const std::byte*>(data), size}, "input", settings);
    for (const StoredTensor& tensor : model.tensors) read_whole(tensor);
  } catch (const Error& error) {
    if (error.message.english().empty()) __builtin_trap();
  }
  return 0;
}
