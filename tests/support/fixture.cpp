#include "tests/support/fixture.h"

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "model/formats/mapped_file.h"
#include "model/formats/safetensors.h"

namespace orrery::test {

namespace {

template <class Number>
std::vector<double> numbers(std::span<const std::byte> data) {
  std::vector<double> result(data.size() / sizeof(Number));
  for (size_t i = 0; i < result.size(); ++i) {
    Number number;
    std::memcpy(&number, data.data() + i * sizeof number, sizeof number);
    result[i] = double(number);
  }
  return result;
}

std::vector<double> numbers(const SafetensorsEntry& entry) {
  if (entry.type == "F32") return numbers<float>(entry.data);
  if (entry.type == "I64") return numbers<std::int64_t>(entry.data);
  if (entry.type == "I32") return numbers<std::int32_t>(entry.data);
  if (entry.type == "U8") return numbers<std::uint8_t>(entry.data);
  throw std::runtime_error("oracle tensor " + entry.name + " has the type " + entry.type);
}

}  // namespace

std::vector<float> OracleTensor::row(std::int64_t index) const {
  if (index < 0) index += rows();
  auto begin = values.begin() + index * cols();
  return std::vector<float>(begin, begin + cols());
}

std::vector<int> OracleTensor::ids() const { return std::vector<int>(values.begin(), values.end()); }

Fixture::Fixture(const std::string& name)
    : folder_(reference(name)), tensors_(load_oracle(folder_ / "expected.safetensors")) {}

double Fixture::sampling(const std::string& field) const {
  std::ifstream file(folder_ / "meta.json");
  return nlohmann::json::parse(file).at("sampling").at(field).get<double>();
}

int Fixture::beam_end(int prompt) const {
  std::ifstream file(folder_ / "meta.json");
  return nlohmann::json::parse(file).at("cases").at(size_t(prompt)).at("beam_eos_token_id").get<int>();
}

std::filesystem::path reference(const std::string& name) {
  return std::filesystem::path(ORRERY_SOURCE_DIR) / "tests" / "reference" / name;
}

std::filesystem::path shared_fixture(const std::string& name) {
  return std::filesystem::path(ORRERY_SOURCE_DIR) / ".." / "shared" / "fixtures" / name;
}

std::map<std::string, OracleTensor> load_oracle(const std::filesystem::path& file) {
  MappedFile mapped(file);
  std::map<std::string, OracleTensor> tensors;
  for (const SafetensorsEntry& entry : read_safetensors(mapped.bytes(), file.string()).tensors)
    tensors[entry.name] = {entry.shape, numbers(entry)};
  return tensors;
}

}  // namespace orrery::test
