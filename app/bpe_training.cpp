#include "app/bpe_training.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "model/tokenizers/pattern.h"
#include "model/tokenizers/readers.h"

namespace orrery {

namespace {

std::uint64_t pair_key(int left, int right) { return std::uint64_t(left) << 32 | std::uint32_t(right); }

}  // namespace

void save_new_file(const std::filesystem::path& file, const std::string& content) {
  std::error_code error;
  if (std::filesystem::exists(file, error))
    throw Error(say("{0} is there already: choose another name", file.string()));
  std::filesystem::path part = file;
  part += ".part";
  std::ofstream out(part, std::ios::binary);
  out << content << std::flush;
  const bool written = bool(out);
  const std::string reason = std::strerror(errno);
  out.close();
  if (written) std::filesystem::rename(part, file, error);
  if (written && !error) return;
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  throw Error(say("{0} cannot be written: {1}", file.string(), written ? error.message() : reason));
}

BpeTraining::~BpeTraining() { stop(); }

void BpeTraining::stop() {
  progress_.cancelled = true;
  if (thread_.joinable()) thread_.join();
}

void BpeTraining::start(const std::filesystem::path& file, const BpeTrainingOptions& options) {
  stop();
  file_ = file;
  state_ = ended_ = State::running;
  problem_.reset();
  failure_.reset();
  result_ = trained_ = nullptr;
  merges_.clear();
  fresh_.clear();
  ranks_.clear();
  tokens_ = byte_tokens();
  progress_.fraction = 0;
  progress_.cancelled = false;
  thread_ = std::thread([this, file, options] { work(file, options); });
}

void BpeTraining::work(const std::filesystem::path& file, const BpeTrainingOptions& options) {
  State end = State::done;
  std::optional<Message> failure;
  std::shared_ptr<const TrainedTokenizer> trained;
  try {
    const TrainedBpe bpe =
        train_bpe_on_file(file.string(), options, progress_, [this](const LearnedMerge& merge) {
          std::lock_guard lock(mutex_);
          fresh_.push_back(merge);
        });
    TrainedTokenizer made{tokenizer_json(bpe), nullptr, bpe.words, bpe.different_words};
    made.tokenizer = read_tokenizer_json(made.json, file.string());
    trained = std::make_shared<const TrainedTokenizer>(std::move(made));
  } catch (const Cancelled&) {
    end = State::cancelled;
  } catch (const Error& error) {
    end = State::failed;
    failure = error.message;
  } catch (const std::bad_alloc&) {
    end = State::failed;
    failure = say("There is not enough memory to learn from {0}", file.string());
  }
  std::lock_guard lock(mutex_);
  ended_ = end;
  failure_ = std::move(failure);
  trained_ = std::move(trained);
}

bool BpeTraining::update(size_t most) {
  if (state_ != State::running) return false;
  std::vector<LearnedMerge> fresh;
  {
    std::lock_guard lock(mutex_);
    const auto end = fresh_.begin() + std::ptrdiff_t(std::min(most, fresh_.size()));
    fresh.assign(fresh_.begin(), end);
    fresh_.erase(fresh_.begin(), end);
    if (fresh_.empty()) {
      state_ = ended_;
      problem_ = failure_;
      result_ = trained_;
    }
  }
  for (const LearnedMerge& merge : fresh) {
    if (size_t(merge.id) == tokens_.size()) tokens_.push_back(bytes(merge.left) + bytes(merge.right));
    ranks_.emplace(pair_key(merge.left, merge.right), merges_.size());
    merges_.push_back(merge);
  }
  return !fresh.empty() || state_ != State::running;
}

std::vector<int> BpeTraining::encode(const std::string& text) const {
  static const Pattern pattern = Pattern::expression(gpt2_pattern, "GPT-2");
  std::vector<int> byte_ids(256), ids, word;
  for (int id = 0; id < 256; ++id) byte_ids[static_cast<unsigned char>(tokens_[size_t(id)][0])] = id;
  for (const TextRange& range : pattern.find_all(text.substr(0, whole_characters(text)))) {
    word.clear();
    for (size_t i = range.begin; i < range.end; ++i)
      word.push_back(byte_ids[static_cast<unsigned char>(text[i])]);
    for (;;) {
      size_t best = merges_.size(), place = 0;
      for (size_t i = 0; i + 1 < word.size(); ++i)
        if (auto found = ranks_.find(pair_key(word[i], word[i + 1])); found != ranks_.end())
          if (found->second < best) best = found->second, place = i;
      if (best == merges_.size()) break;
      word[place] = merges_[best].id;
      word.erase(word.begin() + std::ptrdiff_t(place) + 1);
    }
    ids.insert(ids.end(), word.begin(), word.end());
  }
  return ids;
}

}  // namespace orrery
