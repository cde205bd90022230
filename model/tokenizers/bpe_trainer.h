#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/progress.h"

namespace orrery {

/// How a text is cut into words, over whose borders nothing is merged.
enum class TrainingPattern { gpt2, llama3 };

struct BpeTrainingOptions {
  int vocabulary_size = 1024;  ///< bytes and merges together
  /// Pairs that occur less often are not merged: what occurs once teaches nothing about other texts.
  std::int64_t least_count = 2;
  TrainingPattern pattern = TrainingPattern::gpt2;
  size_t part_size = 1 << 20;  ///< bytes of the text that are cut at a time, about
};

/// Two tokens that became one.
struct LearnedMerge {
  int left = 0, right = 0;
  int id = 0;              ///< of the token that they become; the newest, but where two pairs spell one token
  std::int64_t count = 0;  ///< how often they stood side by side in the text at that time
  bool operator==(const LearnedMerge&) const = default;
};

struct TrainedBpe {
  TrainingPattern pattern = TrainingPattern::gpt2;
  std::vector<std::string> tokens;   ///< the bytes of each: first the 256 in GPT-2's order, then as learned
  std::vector<LearnedMerge> merges;  ///< in order of rank
  std::int64_t words = 0, different_words = 0;
};

/// The 256 tokens that a byte-level BPE begins with, in the order of their byte characters.
std::vector<std::string> byte_tokens();

/// Learns a byte-level BPE from a text (arXiv 1508.07909): again and again the pair of neighbours that occurs
/// most often becomes a token; among equals the pair with the smaller left id, then the smaller right id, as
/// in Hugging Face's trainer. Pairs are counted once; a merge changes only the words that hold it. Ends early
/// where no pair occurs often enough. `learned` is told of every merge on this thread. Throws Error naming
/// `source` for a text that is empty, no UTF-8 or has too many different words, and Cancelled.
TrainedBpe train_bpe(std::string_view text, const std::string& source, const BpeTrainingOptions& options,
                     Progress& progress, const std::function<void(const LearnedMerge&)>& learned = {});

/// The same for a file. Throws Error naming it, too, if it cannot be read or holds more than 1 GiB.
TrainedBpe train_bpe_on_file(const std::string& file, const BpeTrainingOptions& options, Progress& progress,
                             const std::function<void(const LearnedMerge&)>& learned = {});

/// As tokenizer.json in Hugging Face's format.
std::string tokenizer_json(const TrainedBpe& trained);

}  // namespace orrery
