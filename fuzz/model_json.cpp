#include "fuzz/stored.h"
#include "model/formats/llm_viz.h"
#include "model/formats/safetensors_index.h"

using namespace orrery;

/// Any bytes as the index of several safetensors files, and as a model of llm-viz.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    for (const auto& [tensor, file] : read_safetensors_index(text, "input"))
      if (file.find('/') != file.npos || file == "..") __builtin_trap();
  } catch (const Error&) {
  }
  try {
    nlohmann::json settings;
    const LlmViz model = read_llm_viz(text, "input", settings);
    for (const StoredTensor& tensor : model.tensors) read_whole(tensor);
  } catch (const Error& error) {
    if (error.message.english().empty()) __builtin_trap();
  }
  return 0;
}
