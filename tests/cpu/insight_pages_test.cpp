// What the pages that look inside say of every architecture: an answer, or a sentence why there is none.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "app/language.h"
#include "app/pattern_pictures.h"
#include "model/analysis/attribution.h"
#include "model/analysis/head_guide.h"
#include "model/analysis/logit_lens.h"
#include "model/analysis/neurons.h"
#include "model/analysis/principal_components.h"
#include "model/analysis/score_parts.h"
#include "model/analysis/stream_parts.h"
#include "tests/support/every_architecture.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

constexpr int newest = 7;  // row of the recordings here

const std::set<std::string> without_attention = {
    "mamba", "mamba_bias",   "rwkv4",      "rwkv4_rescale",
    "rwkv7", "rwkv7_layers", "ttt_linear", "ttt_linear_gate_conv"};
/// Their feed-forward parts are gated, or chosen, after the last weights, or there are none.
const std::set<std::string> without_neurons = {"mamba", "mamba_bias", "rwkv4", "rwkv4_rescale", "mixtral"};

/// An answer, or a sentence in both languages.
template <class Result>
bool answers(const Finding<Result>& finding) {
  if (finding) return true;
  CHECK_FALSE(finding.why_not.key.empty());
  set_language("zh-Hant");
  const std::string translated = translate(finding.why_not);
  set_language("en");
  CHECK(translated != finding.why_not.english());
  return false;
}

}  // namespace

TEST_CASE("attention, why and heads: where there is attention; elsewhere a sentence says what there is") {
  for (const std::string& name : every_architecture()) {
    CAPTURE(name);
    const auto model = load_model(name);
    const auto trace = run_model(model, 6, 3);
    const Anatomy anatomy = anatomy_of(model->graph());
    const bool attention = !without_attention.contains(name);
    CHECK((anatomy.head_count() > 0) == attention);
    Progress progress;
    for (PatternMode mode : {PatternMode::weights, PatternMode::written, PatternMode::rollout})
      CHECK(answers(pattern_grid(*trace, anatomy, mode, trace->published(), progress)) == attention);
    CHECK(answers(head_field_guide(model, 1, 1, progress)) == attention);
    if (!attention) {
      CHECK(head_field_guide(model, 1, 1, progress).why_not.key == no_attention().key);
      continue;
    }
    for (const LayerParts& layer : anatomy.layers)
      for (const HeadParts& head : layer.heads) {
        CAPTURE(head.name());
        const auto split = split_score(*trace, head, newest, 5, progress);
        if (!answers(split)) continue;
        CHECK(split->sum == doctest::Approx(trace->at({head.scores, newest, 5})).epsilon(1e-3));
      }
  }
}

TEST_CASE("lens: the last state's best token is the one that the model finds most probable") {
  for (const std::string& name : every_architecture()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name), 6, 3);
    Progress progress;
    const auto lens = logit_lens(*trace, newest + 1, 3, false, progress);
    REQUIRE(answers(lens));
    CHECK(int(lens->states.size()) > trace->graph().layer_count());
    const MatrixView logits = trace->view(trace->graph().logits());
    for (int row = 0; row <= newest; ++row) {
      const float* numbers = logits.row(row);
      CHECK(lens->at(int(lens->states.size()) - 1, row).top[0] ==
            int(std::max_element(numbers, numbers + logits.cols) - numbers));
    }
  }
}

TEST_CASE("logits: the parts add up to the number that the model computed") {
  for (const std::string& name : every_architecture()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name), 6, 3);
    const auto found = attribute_logit(*trace, newest, 4);
    REQUIRE(answers(found));
    CHECK(found->stored == trace->at({&trace->graph().logits(), newest, 4}));
    CHECK(found->sum == doctest::Approx(found->stored).epsilon(1e-3).scale(1));
    CHECK(answers(stream_norms(trace->graph(), *trace, {newest, newest + 1})));
  }
}

TEST_CASE("neurons, space and sampling work, or say in a sentence why not") {
  for (const std::string& name : every_architecture()) {
    CAPTURE(name);
    const auto model = load_model(name);
    const auto trace = run_model(model, 6, 3);
    const auto neurons = most_active_neurons(*trace, newest, 5);
    CHECK(answers(neurons) == !without_neurons.contains(name));
    if (neurons) CHECK(answers(neuron_over_text(*trace, neurons->front().layer, neurons->front().neuron, 6)));
    Progress progress;
    const Tensor* table = model->graph().find("embed.W_E");
    REQUIRE(table);
    CHECK(answers(principal_components(model->weight(*table), 3, progress)));
    for (const Tensor* state : stream_states(model->graph(), true)) {
      MatrixView view = trace->view(*state);
      view.rows = newest;
      CHECK(answers(principal_components(view, 3, progress)));
    }
    CHECK(trace->sample_of(1).probabilities.size() == size_t(model->vocabulary_size()));
  }
}
