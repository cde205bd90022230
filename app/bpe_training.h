#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "model/message.h"
#include "model/progress.h"
#include "model/tokenizer.h"
#include "model/tokenizers/bpe_trainer.h"

namespace orrery {

/// What training leaves: the file, and the tokenizer that it makes.
struct TrainedTokenizer {
  std::string json;  ///< tokenizer.json
  std::shared_ptr<const Tokenizer> tokenizer;
  std::int64_t words = 0, different_words = 0;
};

/// Writes a new file. Throws Error naming it, also if it is there already.
void save_new_file(const std::filesystem::path& file, const std::string& content);

/// A BPE that learns on a thread of its own, while the window shows what it has learned so far. Main thread.
class BpeTraining {
 public:
  enum class State { idle, running, done, failed, cancelled };

  BpeTraining() = default;
  ~BpeTraining();  ///< cancels and joins
  BpeTraining(const BpeTraining&) = delete;
  BpeTraining& operator=(const BpeTraining&) = delete;

  /// Forgets what was learned before and begins with another text.
  void start(const std::filesystem::path& file, const BpeTrainingOptions& options);
  void cancel() { progress_.cancelled = true; }
  /// Takes over what was learned since, `most` merges at a time: a person shall see them, however fast they
  /// come. True if there was anything, or if all has been taken over and the work has ended.
  bool update(size_t most = SIZE_MAX);

  State state() const { return state_; }
  float progress() const { return progress_.fraction.load(std::memory_order_relaxed); }
  const std::optional<Message>& problem() const { return problem_; }
  const std::filesystem::path& file() const { return file_; }
  const std::vector<LearnedMerge>& merges() const { return merges_; }
  const std::string& bytes(int id) const { return tokens_[size_t(id)]; }
  /// All of it, once it is done.
  const std::shared_ptr<const TrainedTokenizer>& result() const { return result_; }
  /// A text in the tokens that are known by now.
  std::vector<int> encode(const std::string& text) const;

 private:
  void work(const std::filesystem::path& file, const BpeTrainingOptions& options);
  void stop();

  std::filesystem::path file_;
  State state_ = State::idle;
  std::optional<Message> problem_;
  std::shared_ptr<const TrainedTokenizer> result_;
  std::vector<LearnedMerge> merges_;
  std::vector<std::string> tokens_;
  std::unordered_map<std::uint64_t, size_t> ranks_;  // by left id << 32 | right id: a place in merges_

  std::thread thread_;
  Progress progress_;
  std::mutex mutex_;  // for what the thread hands over
  std::vector<LearnedMerge> fresh_;
  State ended_ = State::running;
  std::optional<Message> failure_;
  std::shared_ptr<const TrainedTokenizer> trained_;
};

}  // namespace orrery
