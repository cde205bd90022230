#include "model/tokenizers/bpe_trainer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <queue>
#include <span>
#include <unordered_map>

#include "model/formats/mapped_file.h"
#include "model/message.h"
#include "model/tokenizer.h"
#include "model/tokenizers/bpe.h"
#include "model/tokenizers/byte_characters.h"
#include "model/tokenizers/pattern.h"
#include "model/tokenizers/tokenizer_file.h"
#include "model/tokenizers/unicode.h"
#include "model/tokenizers/vocabulary.h"

namespace orrery {

namespace {

constexpr size_t largest_text = 1 << 30;   // bytes
constexpr size_t longest_part = 64 << 20;  // bytes without a place where a word certainly ends
constexpr size_t most_symbols = 1 << 26;   // in all different words; a symbol takes some 12 bytes
constexpr float counting_part = 0.4f;      // of the progress

/// A place at or after `from` where the text can be cut in two that are cut into words as the whole is.
size_t next_cut(std::string_view text, size_t from, TrainingPattern pattern) {
  constexpr size_t none = std::string_view::npos;
  const auto is_space = [&](size_t at) { return text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'); };
  size_t before = none;  // where the character before begins
  for (size_t at = from; at < text.size(); ++at) {
    if ((text[at] & 0xc0) == 0x80) continue;
    // GPT-2's words take in one space before them and none behind; those of LLaMA 3 may end in line ends.
    if (pattern == TrainingPattern::gpt2 && before != none && is_space(at) &&
        !is_white_space(code_point(text.substr(before))))
      return at;
    if (pattern == TrainingPattern::llama3 && at > 0 && text[at - 1] == '\n' &&
        !is_white_space(code_point(text.substr(at))))
      return at;
    before = at;
  }
  return text.size();
}

/// The different words of a text with how often each occurs.
using WordCounts = std::unordered_map<std::string, std::int64_t, TextHash, std::equal_to<>>;

WordCounts count_words(std::string_view text, const std::string& source, const BpeTrainingOptions& options,
                       Progress& progress) {
  const bool gpt2 = options.pattern == TrainingPattern::gpt2;
  const Pattern pattern = Pattern::expression(gpt2 ? gpt2_pattern : llama3_pattern, source);
  WordCounts words;
  size_t symbols = 0;
  const auto count = [&](std::string_view word) {
    auto found = words.find(word);
    if (found != words.end()) {
      ++found->second;
      return;
    }
    words.emplace(word, 1);
    symbols += word.size();
    if (symbols > most_symbols)
      throw Error(say("{0} has too many different words to learn from: take a part of it.", source));
  };
  for (size_t begin = 0, end; begin < text.size(); begin = end) {
    progress.report(counting_part * float(double(begin) / double(text.size())));
    end = next_cut(text, std::min(begin + options.part_size, text.size()), options.pattern);
    if (end - begin > longest_part)
      throw Error(say("{0} cannot be cut into words: there is no space for {1} bytes after byte {2}.", source,
                      end - begin, begin));
    const std::string_view part = text.substr(begin, end - begin);
    size_t last = 0;
    for (const TextRange& word : pattern.find_all(part)) {
      if (word.begin > last) count(part.substr(last, word.begin - last));  // what no alternative matches
      count(part.substr(word.begin, word.end - word.begin));
      last = word.end;
    }
    if (last < part.size()) count(part.substr(last));
  }
  return words;
}

/// A pair of neighbours in the queue; stale if its count is no longer this.
struct Entry {
  std::int64_t count;
  int left, right;
  /// The most frequent first, the smallest ids among equals.
  bool operator<(const Entry& other) const {
    if (count != other.count) return count < other.count;
    return left != other.left ? left > other.left : right > other.right;
  }
};

class Trainer {
 public:
  Trainer(const WordCounts& counts, TrainedBpe& trained) : trained_(trained) {
    trained_.tokens = byte_tokens();
    int byte_ids[256];
    for (int id = 0; id < 256; ++id) {
      const std::string& bytes = trained_.tokens[size_t(id)];
      byte_ids[static_cast<unsigned char>(bytes[0])] = id;
      ids_.emplace(bytes, id);
    }
    // In order of their texts, so that nothing depends on how a table of hashes is laid out.
    std::vector<const WordCounts::value_type*> order;
    for (const auto& word : counts) order.push_back(&word);
    std::ranges::sort(order, {}, [](const auto* word) -> const std::string& { return word->first; });
    for (const auto* word : order) {
      trained_.words += word->second;
      if (word->first.size() < 2) continue;
      Word& added = words_.emplace_back();
      added.count = word->second;
      for (char byte : word->first) added.symbols.push_back(byte_ids[static_cast<unsigned char>(byte)]);
      for (size_t i = 0; i + 1 < added.symbols.size(); ++i) count_pair(words_.size() - 1, i, 1);
    }
    trained_.different_words = std::int64_t(order.size());
    offer_risen();
  }

  /// Makes a token of the most frequent pair; false if none occurs at least `least` times.
  bool merge(std::int64_t least, Progress& progress) {
    while (!queue_.empty()) {
      const Entry best = queue_.top();
      queue_.pop();
      auto found = pairs_.find(pair_key(best.left, best.right));
      if (found == pairs_.end() || found->second.count <= 0) continue;
      if (found->second.count < best.count) queue_.push({found->second.count, best.left, best.right});
      if (found->second.count != best.count) continue;
      if (best.count < least) return false;
      const LearnedMerge merge{best.left, best.right, token_of(best.left, best.right), best.count};
      trained_.merges.push_back(merge);
      // Moved out: the table changes while they are merged.
      const std::vector<std::uint32_t> words = std::move(found->second.words);
      for (size_t word : words) {
        if (progress.cancelled.load(std::memory_order_relaxed)) throw Cancelled();
        merge_in(word, merge);
      }
      offer_risen();
      return true;
    }
    return false;
  }

 private:
  struct Word {
    std::vector<int> symbols;
    std::int64_t count = 0;
  };
  struct Pair {
    std::int64_t count = 0;
    std::vector<std::uint32_t> words;  // where it may occur; some twice, some where it no longer does
  };

  int token_of(int left, int right) {
    std::string bytes = trained_.tokens[size_t(left)] + trained_.tokens[size_t(right)];
    const auto [found, fresh] = ids_.emplace(bytes, int(trained_.tokens.size()));
    if (fresh) trained_.tokens.push_back(std::move(bytes));
    return found->second;
  }

  /// Counts (`way` 1) or takes away (-1) the pair at a place of a word. A pair that occurs nowhere is
  /// forgotten.
  void count_pair(size_t number, size_t place, int way) {
    const Word& word = words_[number];
    const std::uint64_t key = pair_key(word.symbols[place], word.symbols[place + 1]);
    auto found = pairs_.try_emplace(key).first;
    Pair& pair = found->second;
    pair.count += way * word.count;
    if (way > 0) {
      if (pair.words.empty() || pair.words.back() != number) pair.words.push_back(std::uint32_t(number));
      risen_.push_back(key);
    } else if (pair.count == 0) {
      pairs_.erase(found);
    }
  }

  /// Merges in one word; only the pairs beside a merge change.
  void merge_in(size_t number, const LearnedMerge& merge) {
    std::vector<int>& symbols = words_[number].symbols;
    const size_t size = symbols.size();
    merged_.clear();
    fresh_.clear();
    const auto merges_at = [&](size_t i) {
      return i + 1 < size && symbols[i] == merge.left && symbols[i + 1] == merge.right;
    };
    size_t counted = 0;  // pairs that begin before this place are taken away already
    for (size_t i = 0; i < size; ++i) {
      const bool both = merges_at(i);
      merged_.push_back(both ? merge.id : symbols[i]);
      fresh_.push_back(both);
      if (!both) continue;
      for (size_t place = std::max(counted, i ? i - 1 : 0); place <= i + 1 && place + 1 < size; ++place)
        count_pair(number, place, -1);
      counted = i + 2;
      ++i;
    }
    if (merged_.size() == size) return;
    symbols = merged_;
    for (size_t i = 0; i + 1 < symbols.size(); ++i)
      if (fresh_[i] || fresh_[i + 1]) count_pair(number, i, 1);
  }

  /// Puts pairs into the queue that occur more often than they did, or for the first time.
  void offer_risen() {
    std::ranges::sort(risen_);
    risen_.erase(std::unique(risen_.begin(), risen_.end()), risen_.end());
    for (std::uint64_t key : risen_)
      if (auto found = pairs_.find(key); found != pairs_.end() && found->second.count > 0)
        queue_.push({found->second.count, int(key >> 32), int(key & 0xffffffff)});
    risen_.clear();
  }

  TrainedBpe& trained_;
  std::unordered_map<std::string, int> ids_;
  std::vector<Word> words_;
  std::unordered_map<std::uint64_t, Pair> pairs_;
  std::priority_queue<Entry> queue_;
  std::vector<std::uint64_t> risen_;
  std::vector<int> merged_;  // a word while it is merged
  std::vector<char> fresh_;  // whether a symbol of it has just been made
};

}  // namespace

std::vector<std::string> byte_tokens() {
  std::vector<unsigned char> order(256);
  std::iota(order.begin(), order.end(), static_cast<unsigned char>(0));
  const auto point = [](unsigned char byte) { return code_point(byte_character(byte)); };
  std::ranges::sort(order, {}, point);
  std::vector<std::string> tokens;
  for (unsigned char byte : order) tokens.emplace_back(1, char(byte));
  return tokens;
}

TrainedBpe train_bpe(std::string_view text, const std::string& source, const BpeTrainingOptions& options,
                     Progress& progress, const std::function<void(const LearnedMerge&)>& learned) {
  if (text.empty()) throw Error(say("{0} is empty: there is nothing to learn from.", source));
  check_utf8(text, source);
  TrainedBpe trained;
  trained.pattern = options.pattern;
  Trainer trainer(count_words(text, source, options, progress), trained);
  const size_t wanted = size_t(std::max(options.vocabulary_size, 256));
  while (trained.tokens.size() < wanted && trainer.merge(options.least_count, progress)) {
    if (learned) learned(trained.merges.back());
    const double done = double(trained.tokens.size() - 256) / double(wanted - 256);
    progress.report(counting_part + (1 - counting_part) * float(done));
  }
  progress.report(1);
  return trained;
}

TrainedBpe train_bpe_on_file(const std::string& file, const BpeTrainingOptions& options, Progress& progress,
                             const std::function<void(const LearnedMerge&)>& learned) {
  const MappedFile mapped(file);
  const std::span<const std::byte> bytes = mapped.bytes();
  if (bytes.size() > largest_text)
    throw Error(say("{0} holds more than {1} bytes: take a part of it.", file, largest_text));
  return train_bpe({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file, options, progress,
                   learned);
}

std::string tokenizer_json(const TrainedBpe& trained) {
  using json = nlohmann::ordered_json;
  std::vector<std::string> spelled;
  json vocabulary = json::object(), merges = json::array();
  auto& entries = vocabulary.get_ref<json::object_t&>();  // its operator[] looks at every entry
  for (const std::string& token : trained.tokens) {
    std::string text;
    for (char byte : token) text += byte_character(static_cast<unsigned char>(byte));
    entries.emplace_back(text, spelled.size());
    spelled.push_back(std::move(text));
  }
  for (const LearnedMerge& merge : trained.merges)
    merges.push_back(spelled[size_t(merge.left)] + " " + spelled[size_t(merge.right)]);
  json model = bpe_model();
  model["vocab"] = std::move(vocabulary);
  model["merges"] = std::move(merges);
  json file = tokenizer_file(std::move(model));
  file["pre_tokenizer"] =
      trained.pattern == TrainingPattern::gpt2 ? byte_level(true) : byte_level_after(llama3_pattern);
  file["decoder"] = byte_level(true);
  return file.dump(1, ' ') + "\n";
}

}  // namespace orrery
