#include "model/formats/gguf.h"

#include "fuzz/stored.h"
#include "model/formats/gguf_model.h"
#include "model/tokenizers/hugging_face_writer.h"
#include "model/tokenizers/readers.h"

using namespace orrery;

namespace {

/// What a tokenizer is written as must be read again.
void check_tokenizer(const Config& metadata) {
  try {
    const GgufTokenizer source = read_gguf_tokenizer(metadata);
    if (source.model.empty()) return;
    const auto tokenizer = make_gguf_tokenizer(source, "input");
    tokenizer->encode("ab a");
    read_tokenizer_json(write_hugging_face(source, "input"), "input");
  } catch (const Error&) {
  }
}

}  // namespace

/// Any bytes as a GGUF file: either a sentence, or tensors that lie inside of the bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, size_t size) {
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    nlohmann::json keys, settings;
    const Gguf gguf = read_gguf(bytes, "input", keys);
    for (const GgufTensor& tensor : gguf.tensors) touch(tensor.data);
    const Config metadata(keys, "input");
    check_tokenizer(metadata);
    for (const StoredTensor& tensor : read_gguf_model(gguf, metadata, settings)) read_whole(tensor);
  } catch (const Error& error) {
    if (error.message.english().empty()) __builtin_trap();
  }
  return 0;
}
