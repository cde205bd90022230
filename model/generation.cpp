#include "model/generation.h"

#include <nlohmann/json.hpp>

#include "model/message.h"

namespace orrery {
namespace {

/// Calls `visit` with each field of the settings and the wish for it.
template <class Visit>
void each_field(Visit visit) {
  visit(&SamplingSettings::temperature, &SamplingWishes::temperature);
  visit(&SamplingSettings::top_k, &SamplingWishes::top_k);
  visit(&SamplingSettings::top_p, &SamplingWishes::top_p);
  visit(&SamplingSettings::min_p, &SamplingWishes::min_p);
  visit(&SamplingSettings::typical, &SamplingWishes::typical);
  visit(&SamplingSettings::epsilon, &SamplingWishes::epsilon);
  visit(&SamplingSettings::repeat_penalty, &SamplingWishes::repeat_penalty);
  visit(&SamplingSettings::repeat_last_n, &SamplingWishes::repeat_last_n);
  visit(&SamplingSettings::no_repeat_ngram, &SamplingWishes::no_repeat_ngram);
  visit(&SamplingSettings::seed, &SamplingWishes::seed);
  visit(&SamplingSettings::order, &SamplingWishes::order);
}

std::optional<double> number_of(const Config& file, const char* field, double least, double most) {
  if (!file.has(field)) return std::nullopt;
  const double value = file.number(field, 0);
  if (value < least || value > most)
    throw Error(say("{0}: the field {1} must be a number from {2} to {3}, not {4}.", file.file(), field,
                    least, most, value));
  return value;
}

std::optional<int> integer_of(const Config& file, const char* field, int least, int most) {
  if (!file.has(field)) return std::nullopt;
  return file.integer(field, least, most);
}

}  // namespace

SamplingSettings fulfilled(SamplingSettings settings, const SamplingWishes& wishes) {
  each_field([&](auto setting, auto wish) {
    if (wishes.*wish) settings.*setting = *(wishes.*wish);
  });
  return settings;
}

SamplingSettings rebased(SamplingSettings settings, const SamplingSettings& before,
                         const SamplingSettings& after) {
  each_field([&](auto setting, auto) {
    if (settings.*setting == before.*setting) settings.*setting = after.*setting;
  });
  return settings;
}

SamplingWishes sampling_wishes(const Config& generation) {
  SamplingWishes wishes;
  wishes.temperature = number_of(generation, "temperature", 0, 1000);
  wishes.top_k = integer_of(generation, "top_k", 0, 1 << 24);
  wishes.top_p = number_of(generation, "top_p", 0, 1);
  wishes.min_p = number_of(generation, "min_p", 0, 1);
  wishes.typical = number_of(generation, "typical_p", 0, 1);
  wishes.epsilon = number_of(generation, "epsilon_cutoff", 0, 1);
  wishes.no_repeat_ngram = integer_of(generation, "no_repeat_ngram_size", 0, 1024);
  wishes.repeat_penalty = number_of(generation, "repetition_penalty", 0.01, 100);
  if (wishes.repeat_penalty) wishes.repeat_last_n = -1;
  if (!generation.boolean("do_sample", true)) wishes.temperature = 0;
  return wishes;
}

std::vector<int> text_ends(const Config& generation, const Config& config) {
  constexpr const char* field = "eos_token_id";
  // Where generation_config.json has the field it decides, with null too: nothing ends a text.
  const Config& file = generation.json().contains(field) ? generation : config;
  if (!file.has(field)) return {};
  if (!file.json().at(field).is_array()) return {file.integer(field, -1, 1 << 30)};
  std::vector<int> ends;
  for (const nlohmann::json& id : file.json().at(field))
    ends.push_back(Config({{field, id}}, file.file()).integer(field, -1, 1 << 30));
  return ends;
}

}  // namespace orrery
