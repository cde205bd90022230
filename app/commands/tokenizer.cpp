#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "app/commands/commands.h"
#include "app/commands/support.h"
#include "app/language.h"
#include "model/tokenizers/bpe_trainer.h"

namespace orrery {
namespace {

struct TrainOptions {
  std::string file, output, pattern = "gpt2";
  BpeTrainingOptions training;
};

/// Says on standard error how far it is: on one line that is written over, or ten times where that is kept.
class Report {
 public:
  Report(int wanted, const std::vector<std::string>& bytes) : wanted_(wanted), tokens_(bytes) {}
  void learned(const LearnedMerge& merge) {
    if (size_t(merge.id) == tokens_.size())
      tokens_.push_back(tokens_[size_t(merge.left)] + tokens_[size_t(merge.right)]);
    const int part = int(100 * (tokens_.size() - 256) / size_t(std::max(1, wanted_ - 256)));
    if (part / step_ == told_) return;
    told_ = part / step_;
    const std::string words =
        translate(say("{0} %: {1} tokens; the newest is {2}, seen {3} times", part, tokens_.size(),
                      display_token(tokens_[size_t(merge.id)]), merge.count));
    std::fprintf(stderr, over_ ? "\r\033[Korrery: %s" : "orrery: %s\n", words.c_str());
  }
  ~Report() {
    if (over_ && told_ > 0) std::fprintf(stderr, "\r\033[K");
  }

 private:
  int wanted_, told_ = 0;
  bool over_ = isatty(STDERR_FILENO) != 0;
  int step_ = over_ ? 1 : 10;
  std::vector<std::string> tokens_;
};

int train(const TrainOptions& options) {
  Progress progress;
  BpeTrainingOptions training = options.training;
  training.pattern = options.pattern == "gpt2" ? TrainingPattern::gpt2 : TrainingPattern::llama3;
  refuse_inputs(options.output, {options.file});
  OutputFile output(options.output);
  TrainedBpe trained;
  {
    Report report(training.vocabulary_size, byte_tokens());
    trained = train_bpe_on_file(options.file, training, progress,
                                [&](const LearnedMerge& merge) { report.learned(merge); });
  }
  std::ofstream file(output.part(), std::ios::binary);
  file << tokenizer_json(trained) << std::flush;
  if (!file) throw Error(say("{0} cannot be written: {1}", options.output, std::strerror(errno)));
  file.close();
  output.finish();
  tell(say("{0}: {1} tokens, learned from {2} words, {3} of them different", options.output,
           trained.tokens.size(), trained.words, trained.different_words));
  if (int(trained.tokens.size()) < training.vocabulary_size)
    tell(
        say("it has no more than these: no other pair of neighbours occurs {0} times", training.least_count));
  return 0;
}

}  // namespace

void add_tokenizer(CLI::App& program, Command& chosen) {
  auto options = std::make_shared<TrainOptions>();
  CLI::App* group = program.add_subcommand("tokenizer", tr("Makes tokenizers"));
  group->require_subcommand(1);
  CLI::App* command = group->add_subcommand("train", tr("Learns a byte-level BPE from a text file"));
  command->add_option("-f,--file", options->file, tr("The text to learn from"))
      ->type_name("FILE")
      ->required()
      ->check(not_empty());
  command
      ->add_option("--vocab-size", options->training.vocabulary_size,
                   tr("How many tokens: 256 bytes, and what is learned"))
      ->check(integer_in(256, 1 << 20))
      ->capture_default_str();
  command
      ->add_option("--min-frequency", options->training.least_count,
                   tr("Pairs that occur less often are not merged"))
      ->check(integer_in(1, INT64_MAX))
      ->capture_default_str();
  command->add_option("--pattern", options->pattern, tr("How words are cut: as GPT-2 or LLaMA 3 does"))
      ->check(CLI::IsMember({"gpt2", "llama3"}))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, tr("The tokenizer.json to write"))
      ->type_name("FILE")
      ->required()
      ->check(not_empty());
  command->callback([options, &chosen] { chosen = [options] { return train(*options); }; });
}

}  // namespace orrery
