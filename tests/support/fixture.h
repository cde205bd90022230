#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace orrery::test {

/// One tensor of an oracle file, its numbers as double: F32, I64 and U8 all fit.
struct OracleTensor {
  std::vector<std::int64_t> shape;
  std::vector<double> values;  ///< row-major

  std::int64_t cols() const { return shape.empty() ? 1 : shape.back(); }
  std::int64_t rows() const { return cols() ? std::int64_t(values.size()) / cols() : 0; }
  double at(std::int64_t row, std::int64_t col) const { return values.at(size_t(row * cols() + col)); }
  std::vector<float> row(std::int64_t index) const;  ///< negative: from the end
  std::vector<int> ids() const;
};

/// Golden outputs of a reference implementation: the tensors of an expected.safetensors by name.
class Fixture {
 public:
  /// `name` is a folder of tests/reference, e.g. "gpt2".
  explicit Fixture(const std::string& name);

  const std::filesystem::path& folder() const { return folder_; }
  bool has(const std::string& tensor) const { return tensors_.contains(tensor); }
  const OracleTensor& at(const std::string& tensor) const { return tensors_.at(tensor); }
  const std::map<std::string, OracleTensor>& tensors() const { return tensors_; }
  /// A number of the field `sampling` of meta.json, e.g. "top_k".
  double sampling(const std::string& field) const;
  /// The id that ends a hypothesis of a prompt's beam searches.
  int beam_end(int prompt) const;

 private:
  std::filesystem::path folder_;
  std::map<std::string, OracleTensor> tensors_;
};

/// tests/reference/`name` in the source tree.
std::filesystem::path reference(const std::string& name);
/// ../shared/fixtures/`name` beside the repository: data that is not ours to ship; may be missing.
std::filesystem::path shared_fixture(const std::string& name);

/// Every tensor of a safetensors file of types F32, I64 and U8.
std::map<std::string, OracleTensor> load_oracle(const std::filesystem::path& file);

}  // namespace orrery::test
