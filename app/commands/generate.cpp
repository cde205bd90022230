#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
#include "model/beam_search.h"
#include "model/executor.h"

namespace orrery {
namespace {

struct GenerateOptions {
  InputOptions input;
  SamplingWishes sampling;
  int count = -1, context = 0;
  BeamSettings beams{.beams = 0};  ///< 0: none, tokens are drawn
  std::vector<int> ends;           ///< empty: those that the model's files name
  bool ignore_ends = false, json = false;

  SamplingSettings sampling_of(const Model& model) const {
    return fulfilled(fulfilled({}, model.sampling()), sampling);
  }
  std::vector<int> ends_of(const Model& model) const;
};

/// Throws Error if one that was given is outside of the vocabulary.
std::vector<int> GenerateOptions::ends_of(const Model& model) const {
  if (ignore_ends) return {};
  for (int id : ends)
    if (id >= model.vocabulary_size())
      throw Error(say("token id {0} is outside the vocabulary of {1}", id, model.vocabulary_size()));
  return ends.empty() ? model.ends() : ends;
}

enum class Stop { eos, length, context };
const char* name_of(Stop stop) {
  return stop == Stop::eos ? "eos" : stop == Stop::length ? "length" : "context";
}

void tell_short(Stop stop, int capacity, size_t written, int wanted) {
  if (stop == Stop::context && wanted >= 0)
    tell(say("the context of {0} tokens is full: {1} of {2} tokens were written", capacity, written, wanted));
}

std::string printable_text(const Tokenizer& tokenizer, std::span<const int> ids) {
  std::string bytes;
  for (int id : ids) bytes += tokenizer.bytes(id);
  return take_printable(bytes, true);
}

/// While a terminal looks on: how far it has come, on standard error.
class Watcher {
 public:
  explicit Watcher(const Progress& progress) {
    if (isatty(2)) thread_ = std::thread([this, &progress] { watch(progress); });
  }
  ~Watcher() {
    done_ = true;
    if (thread_.joinable()) thread_.join();
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

 private:
  void watch(const Progress& progress) {
    for (int shown = -1; !done_; std::this_thread::sleep_for(std::chrono::milliseconds(50)))
      if (const int percent = int(progress.fraction * 100); percent != shown)
        std::fprintf(stderr, "\r%s", translate(say("{0} % searched", shown = percent)).c_str());
    std::fprintf(stderr, "\r\033[K");
  }

  std::atomic<bool> done_{false};
  std::thread thread_;
};

/// Its tokens, without the one that ends it.
std::span<const int> said_by(const Hypothesis& hypothesis) {
  return std::span(hypothesis.ids).first(hypothesis.ids.size() - hypothesis.finished);
}

/// Nothing can be printed before the end: until then any of the beams may turn out to be the best.
int generate_with_beams(const GenerateOptions& options) {
  const auto model = options.input.load();
  const std::vector<int> prompt = options.input.tokens(*model);
  const int whole = model->graph().capacity();
  const int capacity = options.context > 0 ? std::min(options.context, whole) : whole;
  if (int(prompt.size()) > capacity)
    throw Error(say("the prompt has {0} tokens, but the model's context holds {1}", prompt.size(), capacity));
  BeamSettings settings = options.beams;
  settings.ends = options.ends_of(*model);
  settings.repetition = options.sampling_of(*model);
  settings.new_tokens = std::min(options.count, capacity - int(prompt.size()) + 1);
  Progress progress;
  const std::vector<Hypothesis> found = [&] {
    const Watcher watcher(progress);
    return beam_search(model, prompt, settings, progress).hypotheses();
  }();
  const Tokenizer* tokenizer = model->tokenizer();
  nlohmann::json all;
  for (const Hypothesis& hypothesis : found) {
    const auto said = said_by(hypothesis);
    nlohmann::json one = {{"ids", hypothesis.ids},
                          {"score", hypothesis.score},
                          {"log_probability", hypothesis.total},
                          {"finished", hypothesis.finished}};
    if (tokenizer) one["text"] = printable_text(*tokenizer, said);
    all.push_back(std::move(one));
  }
  const Stop stop = found[0].finished                     ? Stop::eos
                    : settings.new_tokens < options.count ? Stop::context
                                                          : Stop::length;
  if (options.json) {
    nlohmann::json result = {
        {"model", model->name()}, {"prompt_ids", prompt}, {"ids", all[0]["ids"]}, {"stop", name_of(stop)}};
    if (tokenizer) result["text"] = all[0]["text"];
    result["hypotheses"] = std::move(all);
    print(result.dump() + "\n");
  } else if (tokenizer) {
    print(all[0]["text"].get<std::string>() + "\n");
  } else {
    std::string ids;
    for (int id : said_by(found[0])) ids += (ids.empty() ? "" : " ") + std::to_string(id);
    print(ids + "\n");
  }
  tell_short(stop, capacity, found[0].ids.size(), options.count);
  return 0;
}

int generate(const GenerateOptions& options) {
  if (options.beams.beams > 0) return generate_with_beams(options);
  const auto model = options.input.load();
  const std::vector<int> prompt = options.input.tokens(*model);
  Executor executor = Executor::start(model, prompt, options.count, options.sampling_of(*model), nullptr,
                                      options.context > 0 ? options.context : -1);
  executor.ends = options.ends_of(*model);
  const Tokenizer* tokenizer = model->tokenizer();
  std::vector<int> ids;
  std::string pending, text;
  const auto put = [&](bool finished) {
    const std::string ready = tokenizer ? take_printable(pending, finished) : std::exchange(pending, "");
    text += ready;
    if (!options.json && !ready.empty()) print(ready);
  };
  while (options.count != 0 && executor.run_pass()) {
    const Trace& trace = *executor.trace();
    const int id = trace.pass(trace.pass_count() - 1).chosen;
    ids.push_back(id);
    if (std::ranges::find(executor.ends, id) != executor.ends.end()) continue;  // it says nothing
    pending += tokenizer ? tokenizer->bytes(id) : (ids.size() == 1 ? "" : " ") + std::to_string(id);
    put(false);
  }
  put(true);
  const Stop stop = executor.state() == RunState::text_ended     ? Stop::eos
                    : executor.state() == RunState::context_full ? Stop::context
                                                                 : Stop::length;
  if (options.json) {
    nlohmann::json result = {
        {"model", model->name()}, {"prompt_ids", prompt}, {"ids", ids}, {"stop", name_of(stop)}};
    if (tokenizer) result["text"] = text;
    print(result.dump() + "\n");
  } else {
    print("\n");
  }
  tell_short(stop, executor.trace()->capacity(), ids.size(), options.count);
  return 0;
}

void add_beams(CLI::App& command, BeamSettings& beams) {
  CLI::Option* search =
      command
          .add_option(
              "--beams", beams.beams,
              tr("Search with N beams instead of drawing; the best text is printed at the end, --json "
                 "prints all. Of the filters only the two against repetition act; -n is needed"))
          ->check(integer_in(1, 64))
          ->type_name("N");
  for (const char* draws :
       {"--temp", "--top-k", "--top-p", "--min-p", "--typical", "--epsilon", "--seed", "--samplers"})
    search->excludes(command.get_option(draws));
  command
      .add_option("--length-penalty", beams.length_penalty,
                  tr("Beams: a text's score is its log-probability / length ^ X"))
      ->check(number_in(-100, 100))
      ->capture_default_str()
      ->needs(search);
  command
      .add_flag("--early-stopping", beams.early_stopping,
                tr("Beams: stop when as many texts are finished as there are beams"))
      ->needs(search);
}

void add_ends(CLI::App& command, GenerateOptions& options) {
  CLI::Option* ends =
      add_id_list(
          command, "--eos", 0, [&options](std::vector<int> ids) { options.ends = std::move(ids); },
          tr("The token ids that end a text (default: those that the model's files name)"))
          ->type_name("ID,...");
  command
      .add_flag("--ignore-eos", options.ignore_ends,
                tr("Go on after a token that ends a text; it is written like any other"))
      ->excludes(ends);
}

}  // namespace

void add_generate(CLI::App& program, Command& chosen) {
  auto options = std::make_shared<GenerateOptions>();
  CLI::App* command = program.add_subcommand("generate", tr("Writes the continuation of a prompt"));
  options->input.add_model(*command);
  options->input.add_prompt(*command);
  command->add_option("-n,--n-predict", options->count, tr("How many tokens; -1 until the context is full"))
      ->check(integer_in(-1, 1 << 24))
      ->capture_default_str();
  command
      ->add_option("-c,--ctx-size", options->context,
                   tr("Tokens of context (default: all that the model has)"))
      ->check(integer_in(1, 1 << 24));
  add_threads(*command);
  add_sampling(*command, options->sampling);
  add_ends(*command, *options);
  add_beams(*command, options->beams);
  command->add_flag("--json", options->json,
                    tr("Print ids and text as JSON, and why it stopped: eos, length or context"));
  command->callback([options, &chosen] {
    if (options->beams.beams > 0 && options->count < 1)
      throw CLI::ValidationError("--beams", "needs -n, how many tokens to add, at least 1");
    chosen = [options] { return generate(*options); };
  });
}

}  // namespace orrery
