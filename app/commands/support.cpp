#include "app/commands/support.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "app/language.h"
#include "app/shipped_models.h"
#include "model/formats/mapped_file.h"
#include "model/parallel.h"
#include "model/tokenizer.h"

namespace orrery {
namespace {

constexpr size_t longest_prompt_file = 64u << 20;

template <class Number>
CLI::Validator range(Number least, Number most, const std::string& name) {
  return CLI::Validator(
      [least, most](std::string& text) {
        Number value{};
        if (CLI::detail::lexical_cast(text, value) && value >= least && value <= most) return std::string();
        std::ostringstream words;
        words << "'" << text << "' is not a number from " << least << " to " << most;
        return words.str();
      },
      name);
}

std::string default_filters() {
  std::string names;
  for (Filter filter : SamplingSettings().order)
    names += (names.empty() ? "" : ";") + std::string(filter_name(filter));
  return names;
}

std::vector<Filter> parse_filters(const std::string& text) {
  std::vector<Filter> result;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ';');) {
    const auto found = find_filter(part);
    if (!found) throw CLI::ValidationError("--samplers", "'" + part + "' is none of " + default_filters());
    if (std::ranges::find(result, *found) != result.end())
      throw CLI::ValidationError("--samplers", "'" + part + "' stands there twice");
    result.push_back(*found);
  }
  return result;
}

void add_repetition(CLI::App& command, SamplingWishes& wishes, const SamplingSettings& otherwise) {
  command
      .add_option(
          "--repeat-penalty", wishes.repeat_penalty,
          tr("Make tokens that came before less probable: their logits are divided by R, or multiplied "
             "if negative; 1 is off"))
      ->check(number_in(0.01, 100))
      ->default_str(number_text(otherwise.repeat_penalty));
  command
      .add_option("--repeat-last-n", wishes.repeat_last_n,
                  tr("How many of the last tokens the penalty looks at; -1 all of them, 0 none"))
      ->check(integer_in(-1, 1 << 24))
      ->default_str(number_text(otherwise.repeat_last_n));
  command
      .add_option("--no-repeat-ngram", wishes.no_repeat_ngram,
                  tr("Never the same N tokens in a row twice; 0 is off"))
      ->check(integer_in(0, 1024))
      ->default_str(number_text(otherwise.no_repeat_ngram));
}

}  // namespace

CLI::Validator number_in(double least, double most) { return range<double>(least, most, "NUMBER"); }
CLI::Validator integer_in(std::int64_t least, std::int64_t most) {
  return range<std::int64_t>(least, most, "INTEGER");
}

void InputOptions::add_model(CLI::App& command) {
  command
      .add_option_function<std::string>(
          "-m,--model",
          [this](const std::string& value) {
            model = value;
            has_model = true;
          },
          translate(say("A shipped model's name, a folder or a file (default: {0})", model)))
      ->type_name("MODEL");
}

void InputOptions::add_prompt(CLI::App& command) {
  auto* text = command.add_option_function<std::string>(
      "-p,--prompt",
      [this](const std::string& value) {
        prompt = value;
        has_prompt = true;
      },
      tr("The text to begin with (default: the model's own)"));
  text->type_name("TEXT");
  auto* file = command.add_option_function<std::string>(
      "-f,--file",
      [this](const std::string& value) {
        prompt_file = value;
        has_file = true;
      },
      tr("Read the text from a file"));
  file->type_name("FILE")->excludes(text);
  auto* list = command.add_option_function<std::vector<int>>(
      "--ids",
      [this](const std::vector<int>& value) {
        ids = value;
        has_ids = true;
      },
      tr("Token ids instead of a text"));
  list->type_name("1,2,3")->delimiter(',')->excludes(text)->excludes(file);
}

std::shared_ptr<const Model> InputOptions::load() const {
  Progress progress;
  return Model::load(model_path(model), progress);
}

std::string InputOptions::given_text() const {
  return has_prompt || !has_file ? prompt : read_prompt_file(prompt_file);
}

std::string InputOptions::text(const Model& model) const {
  if (has_ids) return "";
  if (has_prompt || has_file) return given_text();
  return model.config().text("prompt", "");
}

std::vector<int> InputOptions::tokens(const Model& model) const {
  if (has_ids) return ids;
  if (!model.tokenizer())
    throw Error(say("{0} has no tokenizer: give token ids with --ids", model.path().string()));
  const std::string given = text(model);
  if (given.empty()) throw Error(say("the prompt is empty: give a text with -p or token ids with --ids"));
  check_utf8(given, has_file ? prompt_file : "--prompt");
  return model.tokenizer()->ids(given);
}

std::string read_prompt_file(const std::string& file) { return read_text_file(file, longest_prompt_file); }

void add_sampling(CLI::App& command, SamplingWishes& wishes, const SamplingSettings& otherwise) {
  command.footer(
      tr("What the model's generation_config.json says of sampling takes the place of these defaults."));
  command.add_option("--temp", wishes.temperature, tr("Temperature; 0 takes the most probable token"))
      ->check(number_in(0, 1000))
      ->default_str(number_text(otherwise.temperature));
  command.add_option("--top-k", wishes.top_k, tr("Keep the K most probable tokens; 0 keeps all"))
      ->check(integer_in(0, 1 << 24))
      ->default_str(number_text(otherwise.top_k));
  command
      .add_option("--top-p", wishes.top_p, tr("Keep the most probable tokens that make up P; 1 keeps all"))
      ->check(number_in(0, 1))
      ->default_str(number_text(otherwise.top_p));
  command
      .add_option("--min-p", wishes.min_p,
                  tr("Keep tokens at least P times as probable as the best; 0 keeps all"))
      ->check(number_in(0, 1))
      ->default_str(number_text(otherwise.min_p));
  command
      .add_option(
          "--typical", wishes.typical,
          tr("Keep the tokens whose surprise is nearest to the expected one and that make up P; 1 keeps "
             "all"))
      ->check(number_in(0, 1))
      ->default_str(number_text(otherwise.typical));
  command.add_option("--epsilon", wishes.epsilon, tr("Keep tokens at least as probable as P; 0 keeps all"))
      ->check(number_in(0, 1))
      ->default_str(number_text(otherwise.epsilon));
  add_repetition(command, wishes, otherwise);
  command.add_option("-s,--seed", wishes.seed, tr("The same seed gives the same text"))
      ->check(integer_in(0, INT64_MAX))
      ->default_str(number_text(double(otherwise.seed)));
  command
      .add_option_function<std::string>(
          "--samplers", [&wishes](const std::string& text) { wishes.order = parse_filters(text); },
          translate(say("The order of the filters (default: {0})", default_filters())))
      ->type_name("A;B;C");
}

void add_threads(CLI::App& command) {
  command
      .add_option_function<int>("-t,--threads", set_thread_count,
                                tr("How many threads compute; the numbers are the same (default: one a "
                                   "processor)"))
      ->check(integer_in(1, 256))
      ->type_name("N");
}

OutputFile::OutputFile(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path_, ignored);
  if (std::filesystem::exists(status)) {
    if (!std::filesystem::is_regular_file(status)) fail(translate(say("it is no regular file")));
    // An existing file that may not be written must not be replaced through its folder either.
    if (access(path_.c_str(), W_OK) != 0) fail(std::strerror(errno));
  }
  part_ = path_.parent_path() / (path_.stem().string() + ".part" + path_.extension().string());
  std::FILE* file = std::fopen(part_.c_str(), "wb");
  if (!file) fail(std::strerror(errno));
  std::fclose(file);
}

OutputFile::~OutputFile() {
  std::error_code ignored;
  if (!part_.empty()) std::filesystem::remove(part_, ignored);
}

void OutputFile::finish() {
  std::error_code code;
  std::filesystem::rename(part_, path_, code);
  if (code) fail(code.message());
  part_.clear();
}

void OutputFile::fail(const std::string& reason) const {
  throw Error(say("{0} cannot be written: {1}", path_.string(), reason));
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw Error(say("standard output cannot be written: {0}", std::strerror(errno)));
}

void tell(const Message& message) { std::fprintf(stderr, "orrery: %s\n", translate(message).c_str()); }

std::vector<Hook> hooks_of(const Graph& graph) {
  std::map<std::string, Hook> by_name;
  for (const auto& [name, tensor] : graph.names()) {
    if (tensor->role != Role::activation) continue;
    const size_t dot = name.rfind(".head");
    const bool by_head = tensor->head >= 0 && dot != std::string::npos;
    Hook& hook = by_name[by_head ? name.substr(0, dot) : name];
    hook.name = by_head ? name.substr(0, dot) : name;
    hook.by_head = by_head;
    hook.parts.push_back(tensor);
  }
  std::vector<Hook> result;
  for (auto& [name, hook] : by_name) {
    std::ranges::sort(hook.parts, {}, &Tensor::head);  // names sort head10 before head2
    result.push_back(std::move(hook));
  }
  std::ranges::stable_sort(result, {}, [](const Hook& hook) { return hook.parts.front()->step; });
  return result;
}

std::vector<std::int64_t> hook_shape(const Hook& hook, std::int64_t tokens) {
  const std::int64_t heads = std::int64_t(hook.parts.size()), cols = hook.parts.front()->cols.size;
  if (hook.over_sources()) {
    if (hook.by_head) return {heads, tokens, tokens};
    return {tokens, tokens};
  }
  if (hook.by_head) return {tokens, heads, cols};
  return {tokens, cols};
}

}  // namespace orrery
