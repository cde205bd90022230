#pragma once
#include <optional>
#include <vector>

#include "model/config.h"
#include "model/filter.h"

namespace orrery {

/// What somebody says about how tokens are drawn, a model's files or a command's options; the rest is empty.
struct SamplingWishes {
  std::optional<double> temperature, top_p, min_p, typical, epsilon, repeat_penalty;
  std::optional<int> top_k, repeat_last_n, no_repeat_ngram;
  std::optional<std::uint64_t> seed;
  std::optional<std::vector<Filter>> order;
};

/// The settings with what was wished for in its place.
SamplingSettings fulfilled(SamplingSettings settings, const SamplingWishes& wishes);

/// `settings`, where what stood as `before` has it becomes as `after` has it: what was changed since stays.
SamplingSettings rebased(SamplingSettings settings, const SamplingSettings& before,
                         const SamplingSettings& after);

/// What generation_config.json says under Hugging Face's names. `do_sample` false is greedy; its penalty
/// looks at all tokens. Throws Error naming the file and a field out of range.
SamplingWishes sampling_wishes(const Config& generation);

/// The ids that end a text: `eos_token_id`, one or several, of generation_config.json, else of the model's
/// own configuration. Throws Error naming file and field.
std::vector<int> text_ends(const Config& generation, const Config& config);

}  // namespace orrery
