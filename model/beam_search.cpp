#include "model/beam_search.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/plain_executor.h"

namespace orrery {
namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

std::vector<float> log_softmax(std::span<const float> logits) {
  std::vector<float> numbers(logits.begin(), logits.end());
  for (float& logit : numbers)
    if (std::isnan(logit)) logit = float(impossible);
  const std::vector<double> probabilities = exact_softmax(numbers);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = float(std::log(probabilities[i]));
  return numbers;
}

double score_of(double total, size_t length, double penalty) {
  return total / std::pow(double(length), penalty);
}

}  // namespace

BeamSearch::BeamSearch(const BeamSettings& settings, std::span<const int> text)
    : settings_(settings), text_(text.begin(), text.end()), beams_(1) {}

std::vector<float> BeamSearch::scores(const Beam& beam, std::span<const float> logits) const {
  std::vector<float> result = log_softmax(logits);
  const SamplingSettings& repetition = settings_.repetition;
  if (is_off(Filter::penalties, repetition) && is_off(Filter::no_repeat_ngram, repetition)) return result;
  std::vector<int> history = text_;
  history.insert(history.end(), beam.ids.begin(), beam.ids.end());
  for (Filter filter : {Filter::penalties, Filter::no_repeat_ngram})
    apply_filter(filter, repetition, history, result);
  return result;
}

/// Twice as many as beams: were each of the first half an end, the rest would do. With several ends more.
std::vector<BeamSearch::Candidate> BeamSearch::best_candidates(
    std::span<const std::vector<float>> logits) const {
  const size_t wanted = std::max<size_t>(2, 1 + settings_.ends.size()) * size_t(settings_.beams);
  std::vector<Candidate> best;
  const auto better = [](const Candidate& a, const Candidate& b) {
    return a.total != b.total ? a.total > b.total : a.beam != b.beam ? a.beam < b.beam : a.id < b.id;
  };
  for (size_t beam = 0; beam < beams_.size(); ++beam) {
    const std::vector<float> found = scores(beams_[beam], logits[beam]);
    for (size_t id = 0; id < found.size(); ++id)
      if (found[id] > float(impossible))
        best.push_back({int(beam), int(id), double(found[id]), beams_[beam].total + double(found[id])});
    const size_t kept = std::min(wanted, best.size());
    std::partial_sort(best.begin(), best.begin() + std::ptrdiff_t(kept), best.end(), better);
    best.resize(kept);
  }
  return best;
}

void BeamSearch::step(std::span<const std::vector<float>> logits) {
  const std::vector<Candidate> candidates = best_candidates(logits);
  if (candidates.empty()) throw Error(say("No token can be chosen: the model's logits are no numbers."));
  std::vector<Beam> next;
  for (size_t rank = 0; rank < candidates.size(); ++rank) {
    const Candidate& candidate = candidates[rank];
    const Beam& from = beams_[size_t(candidate.beam)];
    BeamNode node{
        from.node, steps_, candidate.id, candidate.log_probability, candidate.total, BeamNode::Fate::dropped};
    std::vector<int> ids = from.ids;
    ids.push_back(candidate.id);
    const int place = int(nodes_.size());
    if (int(next.size()) < settings_.beams) {
      if (std::ranges::find(settings_.ends, candidate.id) == settings_.ends.end()) {
        node.fate = BeamNode::Fate::kept;
        next.push_back({candidate.beam, place, candidate.total, std::move(ids)});
      } else if (int(rank) < settings_.beams) {
        const double score = score_of(candidate.total, ids.size(), settings_.length_penalty);
        if (add(finished_, {std::move(ids), candidate.total, score, true, place}))
          node.fate = BeamNode::Fate::finished;
      }
    }
    nodes_.push_back(node);
  }
  beams_ = std::move(next);
  ++steps_;
  done_ = nothing_better(candidates.front().total);
}

/// Keeps the best `beams`; false if the new one is not among them. Of equals the earlier ones stay.
bool BeamSearch::add(std::vector<Hypothesis>& heap, Hypothesis hypothesis) const {
  const auto worst = std::ranges::min_element(heap, {}, &Hypothesis::score);
  if (int(heap.size()) >= settings_.beams) {
    if (!(hypothesis.score > worst->score)) return false;
    heap.erase(worst);
  }
  heap.push_back(std::move(hypothesis));
  return true;
}

bool BeamSearch::nothing_better(double best_total) const {
  if (int(finished_.size()) < settings_.beams) return false;
  if (settings_.early_stopping) return true;
  const double worst = std::ranges::min_element(finished_, {}, &Hypothesis::score)->score;
  return worst >= score_of(best_total, size_t(steps_), settings_.length_penalty);
}

std::vector<Hypothesis> BeamSearch::hypotheses() const {
  std::vector<Hypothesis> result = finished_;
  if (!done_)
    for (const Beam& beam : beams_) {
      if (beam.ids.empty()) continue;
      const double score = score_of(beam.total, beam.ids.size(), settings_.length_penalty);
      add(result, {beam.ids, beam.total, score, false, beam.node});
    }
  std::ranges::stable_sort(result, std::greater<>(), &Hypothesis::score);
  return result;
}

namespace {

using Runs = std::vector<std::unique_ptr<PlainExecutor>>;

/// The states of the next step's beams: a beam's first child goes on in its place, the others get copies.
Runs divide(Runs runs, const std::vector<BeamSearch::Beam>& beams, const std::shared_ptr<const Model>& model,
            int capacity) {
  Runs next(beams.size());
  std::vector<size_t> first(runs.size());
  for (size_t i = 0; i < beams.size(); ++i) {
    auto& parent = runs[size_t(beams[i].parent)];
    if (!parent) continue;
    next[i] = std::move(parent);
    first[size_t(beams[i].parent)] = i;
  }
  std::erase(runs, nullptr);
  for (size_t i = 0; i < beams.size(); ++i) {
    if (next[i]) continue;
    if (runs.empty()) {
      next[i] = std::make_unique<PlainExecutor>(model, capacity, 1);
    } else {
      next[i] = std::move(runs.back());
      runs.pop_back();
    }
    next[i]->take(*next[first[size_t(beams[i].parent)]]);
  }
  return next;
}

BeamSearch run(BeamSearch search, const std::shared_ptr<const Model>& model, Runs runs,
               std::vector<std::vector<float>> logits, int capacity, const BeamSettings& settings,
               Progress& progress) {
  const float whole = float(settings.new_tokens);
  for (;;) {
    search.step(logits);
    progress.report(float(search.steps()) / whole);
    if (search.done()) return search;
    const auto& beams = search.beams();
    runs = divide(std::move(runs), beams, model, capacity);
    logits.clear();
    for (size_t i = 0; i < beams.size(); ++i) {
      const auto found = runs[i]->feed({&beams[i].ids.back(), 1});
      logits.emplace_back(found.begin(), found.end());
      progress.report((float(search.steps()) + float(i + 1) / float(beams.size() + 1)) / whole);
    }
  }
}

/// The last token is not fed any more, so one more than there is room for can be found.
BeamSettings fitted(BeamSettings settings, const Model& model, int tokens) {
  settings.beams = std::max(1, settings.beams);
  settings.new_tokens = std::clamp(settings.new_tokens, 1, model.graph().capacity() - tokens + 1);
  return settings;
}

}  // namespace

BeamSearch beam_search(const std::shared_ptr<const Model>& model, std::span<const int> text,
                       const BeamSettings& wanted, Progress& progress) {
  const int tokens = int(text.size());
  if (tokens > model->graph().capacity())
    throw Error(say("the prompt has {0} tokens, but the model's context holds {1}", tokens,
                    model->graph().capacity()));
  const BeamSettings settings = fitted(wanted, *model, tokens);
  const int capacity = tokens + settings.new_tokens - 1;
  Runs runs;
  runs.push_back(std::make_unique<PlainExecutor>(model, capacity, tokens));
  const auto logits = runs[0]->feed(text);
  return run(BeamSearch(settings, text), model, std::move(runs), {{logits.begin(), logits.end()}}, capacity,
             settings, progress);
}

BeamSearch beam_search(const Trace& trace, int pass, const BeamSettings& wanted, Progress& progress) {
  const int tokens = trace.pass(pass).rows.end;
  const BeamSettings settings = fitted(wanted, trace.model(), tokens);
  const int capacity = tokens + settings.new_tokens - 1;
  Runs runs;
  runs.push_back(std::make_unique<PlainExecutor>(trace.shared_model(), capacity, 1));
  runs[0]->take(trace, tokens);
  return run(BeamSearch(settings, trace.ids(tokens)), trace.shared_model(), std::move(runs),
             {trace.logits_of(pass)}, capacity, settings, progress);
}

}  // namespace orrery
