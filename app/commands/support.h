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
/// A checker for names of files and models: an empty one is that of a shell's variable which is not set.
CLI::Validator not_empty();
/// An option for token ids, none below `least`: 1,2,3, perhaps in brackets. What is no such list is wrong
/// usage.
CLI::Option* add_id_list(CLI::App& command, const std::string& name, int least,
                         const std::function<void(std::vector<int>)>& take, const std::string& help);

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
  /// Throws Error if `output` is a file of the model or the prompt's (see refuse_inputs), or if it is there
  /// and the model cannot be opened. Reads no weights.
  void refuse_as_output(const std::filesystem::path& output) const;
};

/// The text of a prompt file. Throws Error naming it.
std::string read_prompt_file(const std::string& file);

/// --temp --top-k --top-p --min-p --typical --epsilon --repeat-penalty --repeat-last-n --no-repeat-ngram
/// --seed
/// --samplers. The help says that what is not given is as in the model's files, or else as in `otherwise`.
void add_sampling(CLI::App& command, SamplingWishes& wishes, const SamplingSettings& otherwise = {});

/// -t --threads: sets how many threads work is shared among.
void add_threads(CLI::App& command);

/// Throws Error if `output` is one of the files that a command reads, by whatever name: writing would lose
/// it.
void refuse_inputs(const std::filesystem::path& output, const std::vector<std::filesystem::path>& inputs);

/// A file that appears under its name only when it is complete: what was there before stays until then.
class OutputFile {
 public:
  /// Throws Error naming the file if it cannot be written.
  explicit OutputFile(std::filesystem::path path);
  ~OutputFile();  ///< removes what is not finished
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  /// Where to write until finish(): a file of its own, with the same ending for programs that go by it.
  const std::filesystem::path& part() const { return part_; }
  void finish();

 private:
  void make_part();
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
