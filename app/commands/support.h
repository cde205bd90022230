#pragma once
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/model.h"

namespace orrery {

/// A checker for options: a number from `least` to `most`. (CLI11's own lets "nan" through.)
CLI::Validator number_in(double least, double most);
/// The same for whole numbers.
CLI::Validator integer_in(std::int64_t least, std::int64_t most);

/// Options that several commands share, spelt as llama.cpp spells them.
struct InputOptions {
  std::string model = "sort-abc";
  std::string prompt, prompt_file;
  std::vector<int> ids;
  bool has_model = false, has_prompt = false, has_file = false,
       has_ids = false;  ///< given on the command line

  void add_model(CLI::App& command);
  void add_prompt(CLI::App& command);
  /// Loads the model. Throws Error.
  std::shared_ptr<const Model> load() const;
  /// The text of --prompt or --file; empty if neither is given. Throws Error naming a file.
  std::string given_text() const;
  /// That text, else the model's own; empty for --ids.
  std::string text(const Model& model) const;
  /// Tokens of --ids, or of text(). Throws Error (no tokenizer, characters that it lacks, an empty prompt).
  std::vector<int> tokens(const Model& model) const;
};

/// The text of a prompt file. Throws Error naming it.
std::string read_prompt_file(const std::string& file);

/// --temp --top-k --top-p --min-p --typical --epsilon --repeat-penalty --repeat-last-n --no-repeat-ngram
/// --seed
/// --samplers. The help says that what is not given is as in the model's files, or else as in `otherwise`.
void add_sampling(CLI::App& command, SamplingWishes& wishes, const SamplingSettings& otherwise = {});

/// -t --threads: sets how many threads work is shared among.
void add_threads(CLI::App& command);

/// A file that appears under its name only when it is complete: what was there before stays until then.
class OutputFile {
 public:
  /// Throws Error naming the file if it cannot be written.
  explicit OutputFile(std::filesystem::path path);
  ~OutputFile();  ///< removes what is not finished
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Where to write until finish(). Has the same ending, for programs that go by it.
  const std::filesystem::path& part() const { return part_; }
  void finish();

 private:
  [[noreturn]] void fail(const std::string& reason) const;

  std::filesystem::path path_, part_;
};

/// Writes to standard output at once. Throws Error if that fails.
void print(const std::string& text);
/// A sentence on standard error, in the language in use.
void tell(const Message& message);

/// A hook as the exported file holds it: the tensors of all heads in one.
struct Hook {
  std::string name;
  std::vector<const Tensor*> parts;  ///< one, or one a head
  bool by_head = false;
  bool over_sources() const { return parts.front()->cols.axis == Axis::source; }
};
/// All hooks of a network, aliases too, in the order in which the network computes them.
std::vector<Hook> hooks_of(const Graph& graph);
/// A hook's shape for `tokens` tokens.
std::vector<std::int64_t> hook_shape(const Hook& hook, std::int64_t tokens);

}  // namespace orrery
