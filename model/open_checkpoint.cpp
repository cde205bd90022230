#include <algorithm>
#include <cstring>
#include <set>

#include "model/checkpoint.h"
#include "model/formats/gguf_model.h"
#include "model/formats/json.h"
#include "model/formats/llama2c.h"
#include "model/formats/llm_viz.h"
#include "model/formats/mapped_file.h"
#include "model/formats/rwkv_checkpoint.h"
#include "model/formats/safetensors.h"
#include "model/formats/safetensors_index.h"
#include "model/formats/torch_checkpoint.h"
#include "model/message.h"
#include "model/tokenizers/character_tokenizer.h"
#include "model/tokenizers/hugging_face_writer.h"

// One function a format: which file of a folder it is, and what it makes of the file.

namespace orrery {

namespace {

namespace fs = std::filesystem;

constexpr size_t largest_config = 16 << 20, largest_index = 256 << 20;  // bytes

/// Files of a folder that end so, but for `other`.
std::vector<fs::path> files_ending(const fs::path& folder, const char* ending, const char* other = "") {
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator place(folder, error), end; !error && place != end; place.increment(error))
    if (place->path().extension() == ending && place->path().filename() != other)
      found.push_back(place->path());
  if (error) throw Error(say("{0} cannot be read: {1}.", folder.string(), error.message()));
  return found;
}

/// The file of a folder that holds or names its weights.
fs::path find_weights(const fs::path& folder) {
  for (const char* name : {"model.safetensors", "model.safetensors.index.json"})
    if (is_there(folder / name)) return folder / name;
  const auto only = [&](std::vector<fs::path> found) {
    if (found.size() > 1)
      throw Error(say("{0} holds several {1} files: name one of them.", folder.string(),
                      found.front().extension().string()));
    return found.front();
  };
  if (auto found = files_ending(folder, ".safetensors"); !found.empty()) return only(std::move(found));
  for (const char* name : {"pytorch_model.bin", "pytorch_model.bin.index.json", "ckpt.pt"})
    if (is_there(folder / name)) return folder / name;
  for (const char* ending : {".gguf", ".pt", ".pth", ".bin"})
    if (auto found = files_ending(folder, ending, "tokenizer.bin"); !found.empty())
      return only(std::move(found));
  throw Error(say("{0} holds no weights: no .safetensors, .gguf, .pt, .pth or .bin file that could be one.",
                  folder.string()));
}

Config read_config(const fs::path& file) {
  nlohmann::json json = parse_json(read_text_file(file, largest_config), file.string());
  if (!json.is_object()) throw Error(say("{0} holds no JSON object.", file.string()));
  return Config(json, file.string());
}

Config config_of(const fs::path& folder) {
  if (!is_there(folder / "config.json"))
    throw Error(say("{0} has no config.json, which says what model the weights belong to.", folder.string()));
  return read_config(folder / "config.json");
}

/// torch.compile puts `_orig_mod.` before every name, the language-model head's class `transformer.`.
std::string plain_name(std::string_view name) {
  for (std::string_view prefix : {"_orig_mod.", "transformer."})
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  return std::string(name);
}

/// Older exports save the causal mask as if it were a weight.
bool is_mask_buffer(std::string_view name) {
  return name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias");
}

void add(Checkpoint& checkpoint, StoredTensor tensor) {
  std::string name = plain_name(tensor.name);
  if (is_mask_buffer(name)) {
    checkpoint.ignored.push_back(std::move(name));
    return;
  }
  if (tensor.name.starts_with("_orig_mod.")) tensor.name.erase(0, 10);
  const std::string file = tensor.file;
  if (!checkpoint.tensors.emplace(name, std::move(tensor)).second)
    throw Error(
        say("{0}: the tensor {1} occurs twice, with and without a prefix.", file, json_excerpt(name)));
}

std::span<const std::byte> map_file(Checkpoint& checkpoint, const fs::path& path) {
  auto file = std::make_shared<MappedFile>(path);
  const auto bytes = file->bytes();
  checkpoint.files.push_back(std::move(file));
  checkpoint.weights_files.push_back(path);
  return bytes;
}

StoredTensor stored(SafetensorsEntry entry, const std::string& file) {
  StoredTensor tensor{number_type(entry.type), entry.type, std::move(entry.shape), entry.data.data()};
  tensor.name = std::move(entry.name);
  tensor.file = file;
  return tensor;
}

void open_safetensors(Checkpoint& checkpoint, std::span<const std::byte> bytes, const fs::path& folder) {
  checkpoint.format = "safetensors";
  checkpoint.config = config_of(folder);
  SafetensorsHeader header = read_safetensors(bytes, checkpoint.weights_file.string());
  checkpoint.metadata = std::move(header.metadata);
  for (SafetensorsEntry& entry : header.tensors)
    add(checkpoint, stored(std::move(entry), checkpoint.weights_file.string()));
}

/// A head that shares the embedding's numbers is no matrix of its own.
void drop_shared_head(Checkpoint& checkpoint) {
  const auto head = checkpoint.tensors.find("lm_head.weight"), table = checkpoint.tensors.find("wte.weight");
  if (head != checkpoint.tensors.end() && table != checkpoint.tensors.end() &&
      head->second.data == table->second.data && head->second.shape == table->second.shape) {
    checkpoint.ignored.push_back(head->first);
    checkpoint.tensors.erase(head);
  }
}

[[noreturn]] void refuse_old_torch(const std::string& file) {
  throw Error(say("{0} is no ZIP archive, as which PyTorch saves since 1.6.", file));
}

/// The tensors of one file of several.
std::vector<StoredTensor> open_shard(Checkpoint& checkpoint, const fs::path& path) {
  const std::string file = path.string();
  const std::span<const std::byte> bytes = map_file(checkpoint, path);
  if (is_zip(bytes)) {
    nlohmann::json settings;
    auto read = std::make_shared<TorchCheckpoint>(read_torch_checkpoint(bytes, file, settings));
    checkpoint.ignored.insert(checkpoint.ignored.end(), read->ignored.begin(), read->ignored.end());
    checkpoint.files.push_back(read);  // owns what was rearranged
    return read->tensors;
  }
  if (path.extension() == ".bin") refuse_old_torch(file);
  std::vector<StoredTensor> tensors;
  for (SafetensorsEntry& entry : read_safetensors(bytes, file).tensors)
    tensors.push_back(stored(std::move(entry), file));
  return tensors;
}

/// Tensors spread over several files; what a file holds beside its own share is ignored.
void open_sharded(Checkpoint& checkpoint, const fs::path& folder) {
  checkpoint.format =
      checkpoint.weights_file.string().ends_with(".bin.index.json") ? "PyTorch" : "safetensors";
  checkpoint.config = config_of(folder);
  const std::string index = checkpoint.weights_file.string();
  const auto place = read_safetensors_index(read_text_file(checkpoint.weights_file, largest_index), index);
  std::map<std::string, std::vector<std::string>> shards;
  for (const auto& [tensor, file] : place) shards[file].push_back(tensor);
  for (const auto& [name, wanted] : shards) {
    const std::string file = (folder / name).string();
    std::set<std::string> found;
    for (StoredTensor& tensor : open_shard(checkpoint, folder / name)) {
      const auto owner = place.find(tensor.name);
      if (owner == place.end() || owner->second != name) {
        checkpoint.ignored.push_back(tensor.name);
        continue;
      }
      found.insert(tensor.name);
      add(checkpoint, std::move(tensor));
    }
    for (const std::string& tensor : wanted)
      if (!found.contains(tensor))
        throw Error(
            say("{0}: the tensor {1} should lie in {2}, but does not.", index, json_excerpt(tensor), file));
  }
  drop_shared_head(checkpoint);
}

/// nanoGPT's ckpt.pt, which holds its configuration; RWKV-7's .pth, whose tensors say all; or weights that
/// torch.save wrote beside a config.json.
void open_torch(Checkpoint& checkpoint, std::span<const std::byte> bytes, const fs::path& folder) {
  checkpoint.format = "PyTorch";
  const std::string file = checkpoint.weights_file.string();
  nlohmann::json settings;
  auto read = std::make_shared<TorchCheckpoint>(read_torch_checkpoint(bytes, file, settings));
  checkpoint.ignored = read->ignored;
  for (const StoredTensor& tensor : read->tensors) add(checkpoint, tensor);
  if (settings.is_object()) {
    settings["model_type"] = "nanogpt";
    checkpoint.config = Config(settings, file);
  } else if (auto rwkv = rwkv7_settings(checkpoint.tensors);
             rwkv.is_object() && !is_there(folder / "config.json")) {
    checkpoint.config = Config(rwkv, file);
  } else {
    checkpoint.config = config_of(folder);
  }
  checkpoint.files.push_back(read);  // owns what was rearranged
  drop_shared_head(checkpoint);
  const fs::path characters = folder / "meta.pkl";
  if (!settings.is_object() || !is_there(characters)) return;
  const MappedFile meta(characters);
  const auto tokens = read_nanogpt_characters(meta.bytes(), characters.string());
  checkpoint.tokenizer = std::make_shared<CharacterTokenizer>(tokens, characters.string());
  checkpoint.tokenizer_json = [tokens] { return write_hugging_face(tokens); };
}

void open_llama2c(Checkpoint& checkpoint, std::span<const std::byte> bytes) {
  const std::string file = checkpoint.weights_file.string();
  nlohmann::json settings;
  Llama2c read = read_llama2c(bytes, file, settings);
  checkpoint.format = "llama2.c " + std::to_string(read.version);
  checkpoint.config = Config(settings, file);
  for (StoredTensor& tensor : read.tensors) add(checkpoint, std::move(tensor));
}

void open_llm_viz(Checkpoint& checkpoint, std::span<const std::byte> bytes) {
  const std::string file = checkpoint.weights_file.string();
  if (bytes.size() > largest_index)
    throw Error(say("{0} is too large: {1} bytes, {2} at most.", file, bytes.size(), largest_index));
  nlohmann::json settings;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  auto read = std::make_shared<LlmViz>(read_llm_viz(text, file, settings));
  checkpoint.format = "llm-viz";
  checkpoint.config = Config(settings, file);
  for (const StoredTensor& tensor : read->tensors) add(checkpoint, tensor);
  checkpoint.files.push_back(read);  // owns the numbers
}

void open_gguf(Checkpoint& checkpoint, std::span<const std::byte> bytes) {
  const std::string file = checkpoint.weights_file.string();
  nlohmann::json keys, settings;
  const Gguf gguf = read_gguf(bytes, file, keys);
  const Config metadata(keys, file);
  checkpoint.format = "GGUF " + std::to_string(gguf.version);
  for (StoredTensor& tensor : read_gguf_model(gguf, metadata, settings)) add(checkpoint, std::move(tensor));
  if (std::ranges::any_of(gguf.tensors,
                          [](const auto& tensor) { return tensor.name == "rope_freqs.weight"; }))
    checkpoint.ignored.push_back("rope_freqs.weight");  // says what the configuration says, too
  const GgufTokenizer tokenizer = read_gguf_tokenizer(metadata);
  if (!tokenizer.model.empty()) {
    checkpoint.tokenizer = make_gguf_tokenizer(tokenizer, file);
    checkpoint.tokenizer_json = [tokenizer, file] { return write_hugging_face(tokenizer, file); };
  }
  const auto take_id = [&](const char* key, const auto& take) {
    if (metadata.has(key)) take(metadata.integer(key, 0, 1 << 30));
  };
  take_id("tokenizer.ggml.bos_token_id", [&](int id) { settings["bos_token_id"] = id; });
  take_id("tokenizer.ggml.eos_token_id", [&](int id) { settings["eos_token_id"] = id; });
  // What ends a turn or a message of a chat ends a text, too.
  for (const char* key : {"tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"})
    take_id(key, [&](int id) {
      nlohmann::json& ends = settings["eos_token_id"];
      if (!ends.is_array()) ends = ends.is_null() ? nlohmann::json::array() : nlohmann::json::array({ends});
      if (std::ranges::find(ends, nlohmann::json(id)) == ends.end()) ends.push_back(id);
    });
  checkpoint.config = Config(settings, file);
}

/// A pickle by itself, as PyTorch saved before it made archives.
bool is_old_torch(std::span<const std::byte> bytes) {
  constexpr unsigned char start[] = {0x80, 2, 0x8a, 10};  // protocol 2, a long number of 10 bytes
  return bytes.size() >= 4 && std::memcmp(bytes.data(), start, 4) == 0;
}

/// By what the file begins with, then by its name.
void open_weights(Checkpoint& checkpoint, const fs::path& folder) {
  const fs::path& path = checkpoint.weights_file;
  if (path.filename().string().ends_with(".index.json")) return open_sharded(checkpoint, folder);
  const std::span<const std::byte> bytes = map_file(checkpoint, path);
  if (is_gguf(bytes)) return open_gguf(checkpoint, bytes);
  if (is_zip(bytes)) return open_torch(checkpoint, bytes, folder);
  if (path.filename() == "config.json")
    throw Error(say("{0} holds no weights: name its folder.", path.string()));
  if (path.extension() == ".json") return open_llm_viz(checkpoint, bytes);
  if (path.extension() == ".pt" || path.extension() == ".pth" || is_old_torch(bytes))
    refuse_old_torch(path.string());
  if (path.extension() == ".bin") return open_llama2c(checkpoint, bytes);
  open_safetensors(checkpoint, bytes, folder);
}

/// A padding token that was added after the training may have no row in the model's tables.
void open_tokenizer_beside(Checkpoint& checkpoint, const fs::path& folder) {
  std::vector<std::string> left_out;
  const int vocabulary = checkpoint.config.integer("vocab_size", 1, 0x7fffffff, 0x7fffffff);
  checkpoint.tokenizer = open_tokenizer(folder, vocabulary, &left_out);
  for (const std::string& token : left_out) checkpoint.ignored.push_back("tokenizer.json: " + token);
}

/// A token beyond the vocabulary would have no embedding.
void check_vocabulary(const Checkpoint& checkpoint) {
  if (!checkpoint.tokenizer || !checkpoint.config.has("vocab_size")) return;
  int size = checkpoint.config.integer("vocab_size", 1, 1 << 30);
  if (checkpoint.tokenizer->size() > size)
    throw Error(say("{0}: vocab_size is {1}, but the tokenizer has {2} tokens.", checkpoint.config.file(),
                    size, checkpoint.tokenizer->size()));
}

}  // namespace

Checkpoint open_checkpoint(const fs::path& path) {
  if (!is_there(path)) throw Error(say("There is no file or folder {0}.", path.string()));
  Checkpoint checkpoint;
  checkpoint.path = path;
  fs::path folder = path;
  const bool whole = fs::is_directory(path);
  if (!whole) folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  checkpoint.weights_file = whole ? find_weights(folder) : path;
  open_weights(checkpoint, folder);
  if (!checkpoint.tokenizer) open_tokenizer_beside(checkpoint, folder);
  check_vocabulary(checkpoint);
  if (is_there(folder / "generation_config.json"))
    checkpoint.generation = read_config(folder / "generation_config.json");
  return checkpoint;
}

}  // namespace orrery
