#include "model/checkpoint.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "model/message.h"
#include "model/model.h"
#include "model/resources.h"
#include "tests/support/fixture.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using orrery::test::error_of;
using orrery::test::reference;
using orrery::test::TemporaryFolder;

namespace {

/// A safetensors file of a header and its data.
std::string safetensors(const std::string& header, const std::string& data) {
  std::uint64_t length = header.size();
  std::string bytes(reinterpret_cast<const char*>(&length), 8);
  return bytes + header + data;
}

std::string floats(const std::vector<float>& numbers) {
  return std::string(reinterpret_cast<const char*>(numbers.data()), numbers.size() * 4);
}

/// A folder with a model of one tensor `w` of shape [2, 3]: 0 1 2 / 3 4 5.
void write_small_model(const TemporaryFolder& folder) {
  folder.write("config.json", R"({"model_type": "gpt2"})");
  folder.write("model.safetensors",
               safetensors(R"({"w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})",
                           floats({0, 1, 2, 3, 4, 5})));
}

Tensor weight(int rows, int cols, WeightSource source, bool columns_contiguous = false) {
  Tensor tensor;
  tensor.name = "part";
  tensor.rows = {Axis::feature, rows};
  tensor.cols = {Axis::feature, cols};
  tensor.role = Role::weight;
  tensor.columns_contiguous = columns_contiguous;
  tensor.source = std::move(source);
  return tensor;
}

std::vector<float> stored_numbers(const Checkpoint& checkpoint, const Tensor& tensor) {
  std::vector<float> numbers(size_t(tensor.rows.size * tensor.cols.size), -1);
  read_weight(checkpoint, tensor, numbers.data());
  return numbers;
}

}  // namespace

TEST_CASE("the fixtures open: prefixes stripped, mask buffers ignored") {
  for (std::string name : {"gpt2", "gpt2_hubnames", "nanogpt", "nanogpt_bias"}) {
    CAPTURE(name);
    Checkpoint checkpoint = open_checkpoint(reference(name));
    REQUIRE(checkpoint.tensors.contains("wte.weight"));
    CHECK(checkpoint.tensors.at("wte.weight").rows() == checkpoint.config.integer("vocab_size", 1, 1000));
    CHECK(checkpoint.tensors.at("wte.weight").cols() == checkpoint.config.integer("n_embd", 1, 1000));
    CHECK(checkpoint.tensors.contains("h.1.mlp.c_proj.weight"));
    CHECK(checkpoint.weights_file == reference(name) / "model.safetensors");
    CHECK(checkpoint.tokenizer == nullptr);
    CHECK(checkpoint.ignored.empty() == (name != "gpt2_hubnames"));
    for (const auto& [tensor, stored] : checkpoint.tensors) CHECK_FALSE(tensor.starts_with("transformer."));
  }
}

TEST_CASE("a file may be named instead of its folder") {
  Checkpoint checkpoint = open_checkpoint(reference("gpt2") / "model.safetensors");
  CHECK(checkpoint.config.integer("n_head", 1, 100) == 4);
  CHECK(checkpoint.tensors.size() == open_checkpoint(reference("gpt2")).tensors.size());
}

TEST_CASE("a checkpoint stays readable when it is moved") {
  TemporaryFolder folder;
  write_small_model(folder);
  Checkpoint first = open_checkpoint(folder.path());
  Checkpoint second = std::move(first);
  CHECK(stored_numbers(second, weight(2, 3, {"w", 2, 3})) == std::vector<float>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("read_weight: parts, transposed files and both memory orders") {
  TemporaryFolder folder;
  write_small_model(folder);
  Checkpoint checkpoint = open_checkpoint(folder.path());
  WeightSource plain{"w", 2, 3}, transposed{"w", 2, 3, 0, 0, true};
  CHECK(stored_numbers(checkpoint, weight(2, 3, plain)) == std::vector<float>{0, 1, 2, 3, 4, 5});
  CHECK(stored_numbers(checkpoint, weight(2, 3, plain, true)) == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(stored_numbers(checkpoint, weight(3, 2, transposed)) == std::vector<float>{0, 3, 1, 4, 2, 5});
  CHECK(stored_numbers(checkpoint, weight(3, 2, transposed, true)) == std::vector<float>{0, 1, 2, 3, 4, 5});
  CHECK(stored_numbers(checkpoint, weight(2, 2, {"w", 2, 3, 0, 1})) == std::vector<float>{1, 2, 4, 5});
  CHECK(stored_numbers(checkpoint, weight(1, 2, {"w", 2, 3, 1, 1})) == std::vector<float>{4, 5});
  CHECK(stored_numbers(checkpoint, weight(2, 1, {"w", 2, 3, 1, 1, true})) == std::vector<float>{4, 5});
}

TEST_CASE("read_weight turns matrices of any size round") {
  TemporaryFolder folder;
  folder.write("config.json", "{}");
  constexpr int rows = 131, cols = 70;
  std::vector<float> numbers;
  for (int i = 0; i < rows * cols; ++i) numbers.push_back(float(i));
  folder.write(
      "model.safetensors",
      safetensors(R"({"w":{"dtype":"F32","shape":[131,70],"data_offsets":[0,36680]}})", floats(numbers)));
  const Checkpoint checkpoint = open_checkpoint(folder.path());
  const auto found = stored_numbers(checkpoint, weight(rows - 1, cols - 2, {"w", rows, cols, 1, 2}, true));
  for (int row = 0; row < rows - 1; ++row)
    for (int col = 0; col < cols - 2; ++col)
      REQUIRE(found[size_t(col * (rows - 1) + row)] == float((row + 1) * cols + col + 2));
  numbers[100 * cols + 69] = std::nanf("");
  folder.write(
      "model.safetensors",
      safetensors(R"({"w":{"dtype":"F32","shape":[131,70],"data_offsets":[0,36680]}})", floats(numbers)));
  const std::string error = error_of([&] {
    stored_numbers(open_checkpoint(folder.path()), weight(rows, cols, {"w", rows, cols}, true));
  });
  CHECK(error.find("row 100, column 69") != std::string::npos);
}

TEST_CASE("F16 and BF16 become the same numbers") {
  TemporaryFolder folder;
  folder.write("config.json", "{}");
  // 1, -2, 65504 (the largest half), 2^-24 (the smallest), 2^-14 - 2^-24 (the largest subnormal), -0, 1/3
  const std::uint16_t halves[] = {0x3C00, 0xC000, 0x7BFF, 0x0001, 0x03FF, 0x8000, 0x3555};
  const std::uint16_t brains[] = {0x3F80, 0xC000, 0x477F, 0x3380, 0x3880, 0x8000, 0x3EAB};
  std::string data(reinterpret_cast<const char*>(halves), sizeof halves);
  data.append(reinterpret_cast<const char*>(brains), sizeof brains);
  folder.write("model.safetensors", safetensors(R"({"half":{"dtype":"F16","shape":[7],"data_offsets":[0,14]},
    "brain":{"dtype":"BF16","shape":[1,7],"data_offsets":[14,28]}})",
                                                data));
  Checkpoint checkpoint = open_checkpoint(folder.path());
  CHECK(stored_numbers(checkpoint, weight(1, 7, {"half", 1, 7})) ==
        std::vector<float>{1, -2, 65504, 0x1p-24f, 0x1p-14f - 0x1p-24f, -0.f, 0x1.554p-2f});
  CHECK(stored_numbers(checkpoint, weight(1, 7, {"brain", 1, 7})) ==
        std::vector<float>{1, -2, 65280, 0x1p-24f, 0x1p-14f, -0.f, 0x1.56p-2f});
  CHECK(std::signbit(stored_numbers(checkpoint, weight(1, 7, {"half", 1, 7}))[5]));
}

TEST_CASE("F64 becomes the nearest F32") {
  TemporaryFolder folder;
  folder.write("config.json", "{}");
  const double wide[] = {1, -0x1p-149, 1 + 0x1p-24 + 0x1p-40, 0.1};
  folder.write("model.safetensors",
               safetensors(R"({"w":{"dtype":"F64","shape":[2,2],"data_offsets":[0,32]}})",
                           std::string(reinterpret_cast<const char*>(wide), sizeof wide)));
  CHECK(stored_numbers(open_checkpoint(folder.path()), weight(2, 2, {"w", 2, 2})) ==
        std::vector<float>{1, -0x1p-149f, 1 + 0x1p-23f, 0.1f});
}

TEST_CASE("a load can be cancelled") {
  Progress progress;
  progress.cancelled = true;
  CHECK_THROWS_AS(Model::load(reference("gpt2"), progress), Cancelled);
}

TEST_CASE("read_weight names tensor, both shapes and the file") {
  TemporaryFolder folder;
  write_small_model(folder);
  Checkpoint checkpoint = open_checkpoint(folder.path());
  std::string file = (folder.path() / "model.safetensors").string();
  CHECK(error_of([&] {
          stored_numbers(checkpoint, weight(3, 2, {"w", 3, 2}));
        }) == file + ": the tensor w has the shape [2, 3], but the configuration asks for [3, 2].");
  CHECK(error_of([&] {
          stored_numbers(checkpoint, weight(1, 6, {"w", 1, 6}));
        }) == file + ": the tensor w has the shape [2, 3], but the configuration asks for [1, 6].");
  CHECK(error_of([&] {
          stored_numbers(checkpoint, weight(1, 1, {"v", 1, 1}));
        }) == file + ": the tensor v is missing.");
  CHECK(error_of([&] {
          stored_numbers(checkpoint, weight(2, 2, {"w", 2, 3, 0, 2}));
        }).find("no part") != std::string::npos);
}

TEST_CASE("weights that are no finite numbers, or of another type, are refused by name") {
  float infinity = std::numeric_limits<float>::infinity();
  for (float bad : {std::nanf(""), infinity, -infinity}) {
    TemporaryFolder folder;
    folder.write("config.json", "{}");
    folder.write(
        "model.safetensors",
        safetensors(R"({"w":{"dtype":"F32","shape":[1,3],"data_offsets":[0,12]}})", floats({1, bad, 2})));
    Checkpoint checkpoint = open_checkpoint(folder.path());
    std::string error = error_of([&] { stored_numbers(checkpoint, weight(1, 3, {"w", 1, 3})); });
    CHECK(error.find("the tensor w holds") != std::string::npos);
    CHECK(error.find("row 0, column 1") != std::string::npos);
    CHECK(stored_numbers(checkpoint, weight(1, 1, {"w", 1, 3, 0, 2})) == std::vector<float>{2});
  }
  TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors", safetensors(R"({"w":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})",
                                                std::string(8, '\0')));
  Checkpoint checkpoint = open_checkpoint(folder.path());
  CHECK(error_of([&] {
          stored_numbers(checkpoint, weight(1, 1, {"w", 1, 1}));
        }).find("has the type I64") != std::string::npos);
}

TEST_CASE("folders and files that hold no model: one sentence each") {
  TemporaryFolder folder;
  std::string path = folder.path().string();
  auto error = [](const std::string& name) { return error_of([&] { open_checkpoint(name); }); };
  CHECK(error(path + "/nothing") == "There is no file or folder " + path + "/nothing.");
  CHECK(error(path) ==
        path + " holds no weights: no .safetensors, .gguf, .pt, .pth or .bin file that could be one.");
  folder.write("a.safetensors", safetensors("{}", ""));
  CHECK(error(path) == path + " has no config.json, which says what model the weights belong to.");
  folder.write("config.json", "");
  CHECK(error(path) == path + "/config.json is empty.");
  folder.write("config.json", "{\n\"a\": }");
  CHECK(error(path) == path + "/config.json is not valid JSON (line 2, byte 8).");
  folder.write("config.json", "[1]");
  CHECK(error(path) == path + "/config.json holds no JSON object.");
  folder.write("config.json", std::string(100000, '['));
  CHECK(error(path) == path + "/config.json is nested deeper than 32 levels.");
  folder.write("config.json", "{}");
  folder.write("a.safetensors", "");
  CHECK(error(path) == path + "/a.safetensors is empty.");
  folder.write("b.safetensors", "");
  CHECK(error(path) == path + " holds several .safetensors files: name one of them.");
  folder.write("model.safetensors", safetensors("{}", ""));
  CHECK(open_checkpoint(path).tensors.empty());
  CHECK(error("/dev/null") == "/dev/null is not a regular file.");
}

TEST_CASE("the tokenizer of the folder comes with the weights, and must fit them") {
  TemporaryFolder folder;
  write_small_model(folder);
  folder.write("config.json", R"({"vocab_size": 2})");
  folder.write("tokenizer.json", R"({"type": "char", "tokens": ["a", "b"]})");
  REQUIRE(open_checkpoint(folder.path()).tokenizer);
  CHECK(open_checkpoint(folder.path()).tokenizer->size() == 2);
  folder.write("tokenizer.json", R"({"type": "char", "tokens": ["a", "b", "c"]})");
  CHECK(error_of([&] { open_checkpoint(folder.path()); }) ==
        (folder.path() / "config.json").string() + ": vocab_size is 2, but the tokenizer has 3 tokens.");
}

TEST_CASE("one name with and without a prefix is refused") {
  TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors", safetensors(R"({"w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},
    "_orig_mod.transformer.w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                                                "ab"));
  CHECK(error_of([&] { open_checkpoint(folder.path()); }).find("\"w\" occurs twice") != std::string::npos);
}

TEST_CASE("the models that ship open with their tokenizers") {
  int opened = 0;
  for (const auto& place : std::filesystem::directory_iterator(resource_path() / "assets" / "models")) {
    if (!std::filesystem::exists(place.path() / "config.json")) continue;
    CAPTURE(place.path().string());
    Checkpoint checkpoint = open_checkpoint(place.path());
    REQUIRE(checkpoint.tokenizer);
    CHECK(checkpoint.tokenizer->size() == checkpoint.config.integer("vocab_size", 1, 1 << 20));
    for (int id = 0; id < checkpoint.tokenizer->size(); ++id)
      REQUIRE(checkpoint.tokenizer->ids(checkpoint.tokenizer->bytes(id)) == std::vector<int>{id});
    ++opened;
  }
  CHECK(opened >= 3);
}
