#include "model/formats/torch_checkpoint.h"

#include <algorithm>
#include <cstring>

#include "model/formats/json.h"
#include "model/formats/pickle.h"
#include "model/message.h"

namespace orrery {

namespace {

using Type = PickleValue::Type;

/// The types of storages, as safetensors spells them.
struct StorageType {
  const char *global, *name;
  int bytes;
};
constexpr StorageType storage_types[] = {
    {"torch FloatStorage", "F32", 4},         {"torch HalfStorage", "F16", 2},
    {"torch BFloat16Storage", "BF16", 2},     {"torch DoubleStorage", "F64", 8},
    {"torch LongStorage", "I64", 8},          {"torch IntStorage", "I32", 4},
    {"torch ShortStorage", "I16", 2},         {"torch CharStorage", "I8", 1},
    {"torch ByteStorage", "U8", 1},           {"torch BoolStorage", "BOOL", 1},
    {"torch.storage UntypedStorage", "U8", 1}};

/// A tensor as the pickle describes it: a view into a storage.
struct View {
  std::span<const std::byte> storage;
  const StorageType* type = nullptr;
  std::int64_t offset = 0;
  std::vector<std::int64_t> shape, strides;
};

class TorchReader {
 public:
  TorchReader(std::span<const std::byte> bytes, const std::string& file)
      : file_(file), size_(bytes.size()), entries_(read_zip(bytes, file)) {
    for (const auto& [name, data] : entries_)
      if (name == "data.pkl" || name.ends_with("/data.pkl")) folder_ = name.substr(0, name.size() - 8);
    const auto found = entries_.find(folder_ + "data.pkl");
    if (found == entries_.end())
      throw Error(say("{0} holds no data.pkl: it is no checkpoint of PyTorch.", file_));
    const auto order = entries_.find(folder_ + "byteorder");
    if (order != entries_.end() && order->second.size() == 3)  // "big"
      throw Error(say("{0}: big-endian numbers cannot be read.", file_));
    pickle_ = read_pickle(found->second, file_ + ": data.pkl");
  }

  TorchCheckpoint read() {
    const PickleValue* weights = pickle_.root->find("model");
    if (!weights || !weights->is(Type::dictionary)) weights = pickle_.root;
    if (!weights->is(Type::dictionary)) throw Error(say("{0} holds no dictionary of tensors.", file_));
    for (size_t i = 0; i < weights->items.size(); i += 2) {
      const PickleValue &key = *weights->items[i], &value = *weights->items[i + 1];
      if (!key.is(Type::text)) throw Error(say("{0} holds no dictionary of tensors.", file_));
      if (value.is(Type::call))
        add(key.text, value);
      else
        checkpoint_.ignored.push_back(key.text);
    }
    return std::move(checkpoint_);
  }

  nlohmann::json settings() const {
    const PickleValue* arguments = pickle_.root->find("model_args");
    if (!arguments || !arguments->is(Type::dictionary)) return nullptr;
    nlohmann::json json = nlohmann::json::object();
    for (size_t i = 0; i < arguments->items.size(); i += 2) {
      const PickleValue &key = *arguments->items[i], &value = *arguments->items[i + 1];
      if (!key.is(Type::text)) continue;
      if (value.is(Type::boolean)) json[key.text] = value.integer != 0;
      if (value.is(Type::integer)) json[key.text] = value.integer;
      if (value.is(Type::number)) json[key.text] = value.number;
      if (value.is(Type::text)) json[key.text] = value.text;
    }
    return json;
  }

 private:
  void add(const std::string& name, const PickleValue& call) {
    View view = view_of(name, call);
    StoredTensor tensor;
    tensor.type_name = view.type->name;
    tensor.type = number_type(tensor.type_name);
    tensor.shape = view.shape;
    tensor.name = name;
    tensor.file = file_;
    tensor.data = place(name, view);
    checkpoint_.tensors.push_back(std::move(tensor));
  }

  [[noreturn]] void fail(const std::string& name, const char* field) const {
    throw Error(say("{0}: the tensor {1} has no valid {2}.", file_, json_excerpt(name), field));
  }

  View view_of(const std::string& name, const PickleValue& call) const {
    const PickleValue &callee = *call.items[0], &arguments = *call.items[1];
    if (callee.text == "torch._utils _rebuild_parameter" && !arguments.items.empty() &&
        arguments.items[0]->is(Type::call) &&
        arguments.items[0]->items[0]->text == "torch._utils _rebuild_tensor_v2")
      return view_of(name, *arguments.items[0]);
    if (callee.text != "torch._utils _rebuild_tensor_v2" || arguments.items.size() < 4) fail(name, "entry");
    View view;
    storage(name, *arguments.items[0], view);
    if (!arguments.items[1]->is(Type::integer)) fail(name, "offset");
    view.offset = arguments.items[1]->integer;
    view.shape = sizes(name, *arguments.items[2]);
    view.strides = sizes(name, *arguments.items[3]);
    if (view.shape.size() != view.strides.size()) fail(name, "stride");
    return view;
  }

  /// ('storage', type, key, location, count)
  void storage(const std::string& name, const PickleValue& reference, View& view) const {
    if (!reference.is(Type::reference) || !reference.items[0]->is(Type::tuple) ||
        reference.items[0]->items.size() < 5)
      fail(name, "storage");
    const auto& fields = reference.items[0]->items;
    for (const StorageType& known : storage_types)
      if (fields[1]->is(Type::global) && fields[1]->text == known.global) view.type = &known;
    const auto found = entries_.find(folder_ + "data/" + fields[2]->text);
    if (!view.type || !fields[2]->is(Type::text) || found == entries_.end() || !fields[4]->is(Type::integer))
      fail(name, "storage");
    view.storage = found->second;
    std::uint64_t bytes = 0;
    if (fields[4]->integer < 0 ||
        __builtin_mul_overflow(std::uint64_t(fields[4]->integer), unsigned(view.type->bytes), &bytes) ||
        bytes != view.storage.size())
      fail(name, "storage");
  }

  std::vector<std::int64_t> sizes(const std::string& name, const PickleValue& tuple) const {
    constexpr size_t most_dimensions = 8;
    if (!tuple.is(Type::tuple) || tuple.items.size() > most_dimensions) fail(name, "shape");
    std::vector<std::int64_t> result;
    for (const PickleValue* item : tuple.items) {
      if (!item->is(Type::integer) || item->integer < 0) fail(name, "shape");
      result.push_back(item->integer);
    }
    return result;
  }

  /// Checks that a view lies inside of its storage; one whose numbers are not in order is copied.
  const std::byte* place(const std::string& name, const View& view) {
    const std::int64_t held = std::int64_t(view.storage.size()) / view.type->bytes;
    std::int64_t count = 1, last = view.offset;  // of numbers; the place of the last one
    bool in_order = true;
    for (size_t i = view.shape.size(); i-- > 0;) {
      in_order = in_order && (view.shape[i] == 1 || view.strides[i] == count);
      std::int64_t reach = 0;
      if (view.shape[i] > 0 && (__builtin_mul_overflow(view.shape[i] - 1, view.strides[i], &reach) ||
                                __builtin_add_overflow(last, reach, &last)))
        fail(name, "stride");
      if (__builtin_mul_overflow(count, view.shape[i], &count)) fail(name, "shape");
    }
    if (view.offset < 0 || view.offset > held || count > held || (count > 0 && last >= held))
      fail(name, "stride");
    const std::byte* data = view.storage.data() + view.offset * view.type->bytes;
    if (in_order || count == 0) return data;
    // Views may share a storage: without a bound, a small file could ask for any amount of copies.
    copied_ += size_t(count) * size_t(view.type->bytes);
    if (copied_ > 4 * size_ + (1 << 20))
      throw Error(say("{0}: its tensors overlap too much to be rearranged.", file_));
    return rearrange(view, data, count);
  }

  const std::byte* rearrange(const View& view, const std::byte* data, std::int64_t count) {
    const size_t size = size_t(view.type->bytes);
    std::vector<std::byte>& copy = checkpoint_.rearranged.emplace_back(size_t(count) * size);
    std::vector<std::int64_t> index(view.shape.size());
    for (size_t i = 0; i < size_t(count); ++i) {
      std::int64_t from = 0;
      for (size_t d = 0; d < index.size(); ++d) from += index[d] * view.strides[d];
      std::memcpy(copy.data() + i * size, data + from * view.type->bytes, size);
      for (size_t d = index.size(); d-- > 0 && ++index[d] == view.shape[d];) index[d] = 0;
    }
    return copy.data();
  }

  const std::string& file_;
  const size_t size_;  // of the file
  size_t copied_ = 0;
  ZipEntries entries_;
  std::string folder_;
  Pickle pickle_;
  TorchCheckpoint checkpoint_;
};

}  // namespace

TorchCheckpoint read_torch_checkpoint(std::span<const std::byte> bytes, const std::string& file,
                                      nlohmann::json& settings) {
  TorchReader reader(bytes, file);
  settings = reader.settings();
  return reader.read();
}

std::vector<std::string> read_nanogpt_characters(std::span<const std::byte> bytes, const std::string& file) {
  const Pickle pickle = read_pickle(bytes, file);
  const PickleValue *by_id = pickle.root->find("itos"), *by_text = pickle.root->find("stoi");
  const auto fail = [&] {
    throw Error(say("{0}: 'itos' and 'stoi' must be dictionaries between characters and ids.", file));
  };
  if (!by_id || !by_text || !by_id->is(Type::dictionary) || !by_text->is(Type::dictionary) ||
      by_id->items.size() != by_text->items.size())
    fail();
  std::vector<std::string> characters(by_id->items.size() / 2);
  for (size_t i = 0; i < by_id->items.size(); i += 2) {
    const PickleValue &id = *by_id->items[i], &text = *by_id->items[i + 1];
    if (!id.is(Type::integer) || !text.is(Type::text) || id.integer < 0 ||
        size_t(id.integer) >= characters.size())
      fail();
    characters[size_t(id.integer)] = text.text;
  }
  for (size_t i = 0; i < by_text->items.size(); i += 2) {
    const PickleValue &text = *by_text->items[i], &id = *by_text->items[i + 1];
    if (!id.is(Type::integer) || !text.is(Type::text) || id.integer < 0 ||
        size_t(id.integer) >= characters.size() || characters[size_t(id.integer)] != text.text)
      fail();
  }
  return characters;
}

}  // namespace orrery
