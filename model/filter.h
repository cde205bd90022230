#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace orrery {

/// What changes the logits before a token is drawn.
enum class Filter { penalties, no_repeat_ngram, temperature, top_k, top_p, min_p, typical, epsilon };

/// How the next token is drawn. The order of the filters is explicit: nanoGPT and Hugging Face divide by the
/// temperature before they cut, llama.cpp last. The order here is Hugging Face's.
struct SamplingSettings {
  double temperature = 0.8;   ///< 0 = greedy: the most probable token, the lowest id on ties
  int top_k = 0;              ///< 0 = off
  double top_p = 1;           ///< 1 = off
  double min_p = 0;           ///< 0 = off
  double typical = 1;         ///< 1 = off
  double epsilon = 0;         ///< 0 = off
  double repeat_penalty = 1;  ///< 1 = off
  int repeat_last_n = 64;     ///< so many of the last tokens are penalised: -1 all of them, 0 = off
  int no_repeat_ngram = 0;    ///< 0 = off
  std::uint64_t seed = 1;
  std::vector<Filter> order = {Filter::penalties, Filter::no_repeat_ngram, Filter::temperature,
                               Filter::top_k,     Filter::top_p,           Filter::min_p,
                               Filter::typical,   Filter::epsilon};
  bool operator==(const SamplingSettings&) const = default;
};

/// Applies one filter to logits [V] (double arithmetic inside); what it removes becomes -inf, and one token
/// at least always stays. `history`: the ids of all tokens so far, for the two that look at them. Semantics
/// as Hugging Face's processors (reference section 13.1), but that the penalties look at the last tokens
/// only, as llama.cpp's.
void apply_filter(Filter filter, const SamplingSettings& settings, std::span<const int> history,
                  std::vector<float>& logits);
/// Whether a filter, so set, leaves every logit as it is.
bool is_off(Filter filter, const SamplingSettings& settings);

/// Probabilities of logits; -inf gives 0. An infinite logit takes everything.
std::vector<double> exact_softmax(std::span<const float> logits);
/// The most probable token, the lowest id on ties. There must be one.
size_t most_probable(std::span<const float> logits);

/// llama.cpp's spelling where it has the filter: "penalties", "no_repeat_ngram", "temperature", "top_k",
/// "top_p", "min_p", "typ_p", "epsilon".
const char* filter_name(Filter filter);
/// The filter of that name, or of one that other programs give it ("temp", "typical", "repetition_penalty").
std::optional<Filter> find_filter(std::string_view name);

}  // namespace orrery
