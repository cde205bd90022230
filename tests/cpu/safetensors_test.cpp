#include "model/formats/safetensors.h"

#include <doctest/doctest.h>

#include <cstring>

#include "model/formats/mapped_file.h"
#include "model/formats/safetensors_writer.h"
#include "model/message.h"
#include "tests/support/fixture.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using orrery::test::error_of;
using orrery::test::TemporaryFolder;

namespace {

std::string with_length(std::uint64_t length, const std::string& rest) {
  return std::string(reinterpret_cast<const char*>(&length), 8) + rest;
}

std::string reading_error(const std::string& bytes) {
  return error_of([&] { read_safetensors(std::as_bytes(std::span(bytes)), "f"); });
}

/// The error of a file with this header and so many bytes of data.
std::string header_error(const std::string& header, size_t data) {
  return reading_error(with_length(header.size(), header + std::string(data, '\0')));
}

std::string header_entry(const std::string& name, const std::string& type, const std::string& shape,
                         const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
         "}";
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("truncated and lying headers") {
  CHECK(reading_error("") == "f is empty.");
  CHECK(reading_error("1234567") == "f is too short for a safetensors file: 7 bytes.");
  CHECK(holds(reading_error(with_length(1, "")), "header should have 1 bytes, but the file has 8"));
  CHECK(holds(reading_error(with_length(~0ull, "{}")), "header should have 18446744073709551615 bytes"));
  CHECK(holds(reading_error(with_length(100'000'001, "{}")), "header should have 100000001 bytes"));
  CHECK(holds(header_error("[]", 0), "its header is no JSON object"));
  CHECK(holds(header_error(" {}", 0), "its header is no JSON object"));
  CHECK(holds(header_error("{", 0), "not valid JSON"));
  CHECK(holds(header_error("{\"\xff\":0}", 0), "not valid JSON"));
  CHECK(holds(header_error("{\"a\":" + std::string(50000, '['), 0), "nested deeper"));
  CHECK(holds(header_error("{}", 3), "holds 3 bytes that belong to no tensor"));
  CHECK(header_error("{}   ", 0) == "");
}

TEST_CASE("entries that are wrong, named") {
  CHECK(holds(header_error(R"({"a":3})", 0), "the tensor \"a\" has no valid entry"));
  CHECK(holds(header_error(R"({"a":{"shape":[],"data_offsets":[0,4]}})", 4), "no valid dtype"));
  CHECK(holds(header_error("{" + header_entry("a", "F33", "[1]", "[0,4]") + "}", 4), "unknown type \"F33\""));
  for (std::string shape : {"3", "[-1]", "[1.5]", "[\"1\"]", "[null]", "[9223372036854775807,2]", "[1e3]"})
    CHECK(holds(header_error("{" + header_entry("a", "F32", shape, "[0,4]") + "}", 4), "no valid shape"));
  for (std::string offsets : {"3", "[0]", "[0,4,4]", "[-1,4]", "[0,4.0]", "[0,\"4\"]"})
    CHECK(holds(header_error("{" + header_entry("a", "F32", "[1]", offsets) + "}", 4),
                "no valid data_offsets"));
  CHECK(holds(header_error("{" + header_entry("a", "F32", "[2]", "[0,8]") + "}", 4), "truncated"));
  CHECK(holds(header_error("{" + header_entry("a", "F32", "[1]", "[4,0]") + "}", 4), "bytes 4 to 0"));
  CHECK(holds(header_error("{" + header_entry("a", "F32", "[3]", "[0,4]") + "}", 4),
              "shape [3] needs 12 bytes, but has 4"));
  CHECK(holds(header_error("{" + header_entry("a", "U8", "[1]", "[0,1]") + "," +
                               header_entry("a", "U8", "[1]", "[1,2]") + "}",
                           2),
              "the name \"a\" occurs twice"));
  CHECK(holds(header_error(R"({"__metadata__":{"a":3}})", 0), "__metadata__ must hold texts"));
  CHECK(holds(header_error(R"({"__metadata__":[]})", 0), "__metadata__ must hold texts"));
}

TEST_CASE("ranges must lie side by side") {
  auto two = [](const std::string& first, const std::string& second, size_t data) {
    return header_error(
        "{" + header_entry("a", "U8", "[2]", first) + "," + header_entry("b", "U8", "[2]", second) + "}",
        data);
  };
  CHECK(two("[0,2]", "[2,4]", 4) == "");
  CHECK(two("[2,4]", "[0,2]", 4) == "");
  CHECK(holds(two("[0,2]", "[1,3]", 3), "the tensor \"b\" does not start where"));
  CHECK(holds(two("[0,2]", "[0,2]", 2), "does not start where"));
  CHECK(holds(two("[0,2]", "[3,5]", 5), "the tensor \"b\" does not start where"));
  CHECK(holds(two("[1,3]", "[3,5]", 5), "the tensor \"a\" does not start where"));
  CHECK(holds(two("[0,2]", "[2,4]", 5), "1 bytes that belong to no tensor"));
}

TEST_CASE("tensors of rank 0 and without numbers are legal") {
  std::string header = "{" + header_entry("none", "F32", "[0,7]", "[0,0]") + "," +
                       header_entry("one", "F64", "[]", "[0,8]") + "}";
  std::string bytes = with_length(header.size(), header + std::string(8, '\0'));
  SafetensorsHeader read = read_safetensors(std::as_bytes(std::span(bytes)), "f");
  REQUIRE(read.tensors.size() == 2);
  CHECK(read.tensors[0].name == "none");
  CHECK(read.tensors[0].data.empty());
  CHECK(read.tensors[1].shape.empty());
  CHECK(read.tensors[1].data.size() == 8);
}

TEST_CASE("what the writer writes, the reader reads") {
  TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "t.safetensors";
  {
    SafetensorsWriter writer(path,
                             {{"z.first", SafetensorsTensor::Type::F32, {2, 2}},
                              {"ids", SafetensorsTensor::Type::I64, {2}},
                              {"empty", SafetensorsTensor::Type::F32, {0, 3}}},
                             {{"prompt", "春\n\"x\""}});
    writer.write(std::vector<float>{1, 2});
    writer.write(std::vector<float>{3, -4.5f});
    writer.write(std::vector<std::int64_t>{-7, 1ll << 40});
    writer.finish();
  }
  auto tensors = test::load_oracle(path);
  CHECK(tensors.at("z.first").values == std::vector<double>{1, 2, 3, -4.5});
  CHECK(tensors.at("z.first").shape == std::vector<std::int64_t>{2, 2});
  CHECK(tensors.at("ids").values == std::vector<double>{-7, double(1ll << 40)});
  CHECK(tensors.at("empty").values.empty());
  MappedFile file(path);
  CHECK(read_safetensors(file.bytes(), "t").metadata.at("prompt") == "春\n\"x\"");
  CHECK(std::to_integer<int>(file.bytes()[0]) % 8 == 0);  // the header's length
}

TEST_CASE("a file that cannot be written is named, and an unfinished one is removed") {
  TemporaryFolder folder;
  std::string missing = (folder.path() / "no" / "t.safetensors").string();
  CHECK(error_of([&] { SafetensorsWriter(missing, {}, {}); }) ==
        missing + " cannot be written: No such file or directory");
  if (std::filesystem::exists("/dev/full"))
    CHECK(error_of([] { SafetensorsWriter("/dev/full", {}, {}).finish(); }) ==
          "/dev/full cannot be written: No space left on device");
  std::filesystem::path path = folder.path() / "t.safetensors";
  { SafetensorsWriter writer(path, {{"a", SafetensorsTensor::Type::F32, {1}}}, {}); }
  CHECK_FALSE(std::filesystem::exists(path));
  SafetensorsWriter writer(path, {{"a", SafetensorsTensor::Type::F32, {1}}}, {});
  CHECK_THROWS_AS(writer.finish(), std::logic_error);
  CHECK_THROWS_AS(writer.write(std::vector<float>{1, 2}), std::logic_error);
}
