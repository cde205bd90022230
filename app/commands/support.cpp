#include "app/commands/support.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <limits>
#include <map>

#include "app/language.h"
#include "app/shipped_models.h"
#include "model/formats/mapped_file.h"
#include "model/parallel.h"
#include "model/tokenizer.h"

namespace orrery {
namespace {

constexpr size_t longest_prompt_file = 64u << 20;
constexpr int most_ids = 1 << 24;  // as arguments of their own; CLI11 takes 1 << 25 for a list without end

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

/// Throws wrong usage naming the option.
std::vector<int> parse_ids(const std::string& option, int least, const std::string& text) {
  const bool brackets = text.size() > 1 && text.front() == '[' && text.back() == ']';
  const std::string list = brackets ? text.substr(1, text.size() - 2) : text;
  std::vector<int> ids;
  for (size_t begin = 0; begin <= list.size();) {  // once for an empty list, too
    const size_t end = std::min(list.find(',', begin), list.size());
    int id = 0;
    if (!CLI::detail::lexical_cast(list.substr(begin, end - begin), id) || id < least)
      throw CLI::ValidationError(option, translate(say("'{0}' is no list of token ids like 1,2,3", text)));
    ids.push_back(id);
    begin = end + 1;
  }
  return ids;
}

/// The files that a model is read from. Throws Error if it cannot be opened.
std::vector<std::filesystem::path> files_of_model(const std::filesystem::path& path) {
  const Checkpoint checkpoint = open_checkpoint(path);
  std::vector<std::filesystem::path> files = checkpoint.weights_files;
  files.push_back(checkpoint.weights_file);
  const std::filesystem::path folder = checkpoint.weights_file.parent_path();
  for (const char* name : {"config.json", "generation_config.json", "meta.pkl"})
    files.push_back(folder / name);
  for (const char* name : tokenizer_files) files.push_back(folder / name);
  return files;
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
                  tr("Never the same N tokens in a row twice; where every token would repeat some, the most "
                     "probable one stays; 0 is off"))
      ->check(integer_in(0, 1024))
      ->default_str(number_text(otherwise.no_repeat_ngram));
}

}  // namespace

CLI::Validator number_in(double least, double most) { return range<double>(least, most, "NUMBER"); }
CLI::Validator integer_in(std::int64_t least, std::int64_t most) {
  return range<std::int64_t>(least, most, "INTEGER");
}

CLI::Validator not_empty() {
  return CLI::Validator(
      [](std::string& text) {
        return text.empty() ? std::string(tr("the name is empty: perhaps a variable of the shell is not set"))
                            : std::string();
      },
      "");
}

CLI::Option* add_id_list(CLI::App& command, const std::string& name, int least,
                         const std::function<void(std::vector<int>)>& take, const std::string& help) {
  // Taken as texts: CLI11's own lists of numbers leave out what is empty and make a zero of nothing at all.
  return command
      .add_option_function<std::vector<std::string>>(
          name,
          [name, least, take](const std::vector<std::string>& parts) {
            take(parse_ids(name, least, CLI::detail::join(parts, ",")));
          },
          help)
      ->expected(1, most_ids)
      ->allow_extra_args(false);  // which would take brackets away, and what is empty between them
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
      ->type_name("MODEL")
      ->check(not_empty());
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
  file->type_name("FILE")->check(not_empty())->excludes(text);
  auto* list = add_id_list(
      command, "--ids", std::numeric_limits<int>::min(),  // the model says which there are
      [this](std::vector<int> value) {
        ids = std::move(value);
        has_ids = true;
      },
      tr("Token ids instead of a text"));
  list->type_name("1,2,3")->excludes(text)->excludes(file);
}

std::shared_ptr<const Model> InputOptions::load() const {
  Progress progress;
  auto loaded = Model::load(model_path(model), progress);
  if (const auto note = left_out_note(*loaded)) tell(*note);
  return loaded;
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

void InputOptions::refuse_as_output(const std::filesystem::path& output) const {
  std::error_code error;
  if (!std::filesystem::exists(output, error)) return;
  if (has_file) refuse_inputs(output, {prompt_file});
  refuse_inputs(output, files_of_model(model_path(model)));
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

void refuse_inputs(const std::filesystem::path& output, const std::vector<std::filesystem::path>& inputs) {
  std::error_code missing;  // what is not there is no input
  for (const std::filesystem::path& input : inputs)
    if (std::filesystem::equivalent(output, input, missing))
      throw Error(say("{0} is one of the inputs: name another output.", output.string()));
}

OutputFile::OutputFile(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path_, ignored);
  if (std::filesystem::exists(status)) {
    if (!std::filesystem::is_regular_file(status)) fail(translate(say("it is no regular file")));
    // An existing file that may not be written must not be replaced through its folder either.
    if (access(path_.c_str(), W_OK) != 0) fail(std::strerror(errno));
  }
  make_part();
}

namespace {

char part_under_way[4096] = "";  // what an interrupted command takes away

void remove_part(int signal) {
  unlink(part_under_way);
  raise(signal);  // again, as nobody handles it now
}

void remove_if_interrupted(const std::string& part) {
  if (part.size() >= sizeof part_under_way) return;
  std::memcpy(part_under_way, part.c_str(), part.size() + 1);
  struct sigaction action = {};
  action.sa_handler = remove_part;
  action.sa_flags = int(SA_RESETHAND) | SA_NODEFER;
  for (int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
}

}  // namespace

/// Under a name that is free: a file that happens to be called so is somebody's, perhaps an input.
void OutputFile::make_part() {
  const std::string stem = path_.stem().string() + ".part", ending = path_.extension().string();
  for (int i = 1;; ++i) {
    const auto name = path_.parent_path() / (stem + (i > 1 ? std::to_string(i) : "") + ending);
    const int file = open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && errno == EEXIST) continue;
    if (file < 0) fail(std::strerror(errno));
    close(file);
    part_ = name;
    remove_if_interrupted(part_.string());
    return;
  }
}

OutputFile::~OutputFile() {
  std::error_code ignored;
  if (!part_.empty()) std::filesystem::remove(part_, ignored);
  part_under_way[0] = 0;
}

void OutputFile::finish() {
  std::error_code code;
  std::filesystem::rename(part_, path_, code);
  if (code) fail(code.message());
  part_.clear();
  part_under_way[0] = 0;
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
