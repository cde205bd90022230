#include "model/analysis/head_guide.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "model/analysis/attention_views.h"
#include "model/executor.h"

namespace orrery {
namespace {

/// The token that this model's texts begin with; -1 where its configuration names none.
int beginning_token(const Model& model) {
  const auto& json = model.config().json();
  const auto found = json.find("bos_token_id");
  if (found == json.end() || !found->is_number_integer()) return -1;
  const auto id = found->get<std::int64_t>();
  return id >= 0 && id < model.vocabulary_size() ? int(id) : -1;
}

constexpr double HeadScores::*all_scores[] = {&HeadScores::previous,  &HeadScores::induction,
                                              &HeadScores::duplicate, &HeadScores::first,
                                              &HeadScores::self,      &HeadScores::entropy};

/// Runs the model on a text up to its last pattern.
std::shared_ptr<const Trace> read_text(const std::shared_ptr<const Model>& model, const std::vector<int>& ids,
                                       const Anatomy& anatomy, float done, float part, Progress& progress) {
  int last = 0;
  for (const LayerParts& layer : anatomy.layers)
    for (const HeadParts& head : layer.heads) last = std::max(last, head.pattern->step);
  Executor run = Executor::start(model, ids, 0, {}, nullptr, int(ids.size()));
  while (int(run.trace()->published()) <= last && run.step())
    progress.report(done + part * float(run.trace()->published()) / float(last + 1));
  return run.trace();
}

}  // namespace

std::vector<int> repeated_text(int vocabulary, int length, int begin, std::uint64_t seed, int text) {
  std::vector<int> half;
  std::set<int> seen;
  const bool distinct = vocabulary > 2 * length;
  for (int draw = 0; int(half.size()) < length; ++draw) {
    const int id = int(random_number(seed + std::uint64_t(text), draw) * vocabulary);
    if (distinct && (id == begin || !seen.insert(id).second)) continue;
    half.push_back(id);
  }
  std::vector<int> ids;
  if (begin >= 0) ids.push_back(begin);
  for (int repeat = 0; repeat < 2; ++repeat) ids.insert(ids.end(), half.begin(), half.end());
  return ids;
}

HeadScores score_pattern(const Matrix& pattern, int start, int length) {
  HeadScores scores;
  const int rows = pattern.rows;
  const std::vector<double> entropy = attention_entropy(pattern);
  for (int i = 0; i < rows; ++i) {
    scores.self += pattern(i, i) / rows;
    if (i == 0) continue;
    scores.previous += pattern(i, i - 1) / (rows - 1);
    scores.first += pattern(i, 0) / (rows - 1);
    scores.entropy += entropy[size_t(i)] / (rows - 1);
  }
  for (int i = start + length; i < rows; ++i) {
    scores.duplicate += pattern(i, i - length) / length;
    scores.induction += pattern(i, i - length + 1) / length;
  }
  return scores;
}

Finding<HeadGuide> head_field_guide(const std::shared_ptr<const Model>& model, std::uint64_t seed, int texts,
                                    Progress& progress) try {
  const Anatomy anatomy = anatomy_of(model->graph());
  if (anatomy.head_count() == 0) return no_attention();
  const int begin = beginning_token(*model), start = begin >= 0 ? 1 : 0;
  HeadGuide guide;
  guide.seed = seed;
  guide.texts = texts;
  guide.begins = begin >= 0;
  guide.length = std::min(50, (model->graph().capacity() - start) / 2);
  if (guide.length < 2) return say("The context of this model is too short for a text that repeats.");
  guide.distinct = model->vocabulary_size() > 2 * guide.length;
  for (const LayerParts& layer : anatomy.layers)
    for (const HeadParts& head : layer.heads)
      guide.heads.push_back({head.layer, head.head, 0, 0, 0, 0, 0, 0});
  for (int text = 0; text < texts; ++text) {
    const std::vector<int> ids = repeated_text(model->vocabulary_size(), guide.length, begin, seed, text);
    const float part = 1 / float(texts);
    const auto trace = read_text(model, ids, anatomy, float(text) * part, part, progress);
    for (HeadScores& scores : guide.heads) {
      const HeadParts& head = *anatomy.find_head(scores.layer, scores.head);
      const HeadScores found =
          score_pattern(attention_pattern(*trace, head, int(ids.size())), start, guide.length);
      for (auto score : all_scores) scores.*score += found.*score / texts;
    }
  }
  return guide;
} catch (const Error& error) {
  return error.message;
}

double score_of(const HeadScores& scores, HeadKind kind) {
  switch (kind) {
    case HeadKind::previous:
      return scores.previous;
    case HeadKind::induction:
      return scores.induction;
    case HeadKind::duplicate:
      return scores.duplicate;
    case HeadKind::first:
      return scores.first;
    case HeadKind::self:
      return scores.self;
    case HeadKind::none:
      return scores.entropy;
  }
  return 0;
}

HeadKind head_kind(const HeadScores& scores) {
  constexpr double clear = 0.4;  // less than this is no habit
  HeadKind best = HeadKind::none;
  double most = clear;
  for (HeadKind kind :
       {HeadKind::previous, HeadKind::induction, HeadKind::duplicate, HeadKind::first, HeadKind::self})
    if (score_of(scores, kind) > most) best = kind, most = score_of(scores, kind);
  return best;
}

std::string head_guide_csv(const HeadGuide& guide) {
  std::string text = "layer,head,previous_token,induction,duplicate,first_token,self,entropy\n";
  for (const HeadScores& s : guide.heads) {
    char line[160];
    std::snprintf(line, sizeof line, "%d,%d,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f\n", s.layer, s.head, s.previous,
                  s.induction, s.duplicate, s.first, s.self, s.entropy);
    text += line;
  }
  return text;
}

}  // namespace orrery
