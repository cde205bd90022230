#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/insight_widgets.h"
#include "model/analysis/attribution.h"

namespace orrery {
using namespace ui;

namespace {

constexpr size_t candidates = 24;  // tokens to choose from
constexpr size_t most_bars = 60;

/// The ids with the largest logits at a row.
std::vector<int> best_ids(const Trace& trace, int row) {
  const MatrixView logits = trace.view(trace.graph().logits());
  std::vector<int> ids(size_t(logits.cols));
  std::iota(ids.begin(), ids.end(), 0);
  const size_t kept = std::min(candidates, ids.size());
  std::partial_sort(ids.begin(), ids.begin() + std::ptrdiff_t(kept), ids.end(), [&](int a, int b) {
    return logits(row, a) != logits(row, b) ? logits(row, a) > logits(row, b) : a < b;
  });
  ids.resize(kept);
  return ids;
}

/// What is asked: the logit of `token` (less that of `other`) after the token at `row`.
struct Question {
  int row, token, other;
};

/// Chips and lists in which the question is put; nothing while the tokens to choose from are not known.
std::optional<Question> question(App& app, int rows) {
  Insight& insight = app.insight;
  InsightChoices& choices = insight.choices;
  const int row = choices.row >= 0 && choices.row < rows ? choices.row : rows - 1;
  if (const int clicked = token_chips(app, "logits_row", rows, row); clicked >= 0) {
    choices.row = clicked;
    choices.token = choices.other = -1;
    return std::nullopt;
  }
  const auto trace = app.trace;
  const auto best = insight.ask<std::vector<int>>(InsightTopic::predictions, *trace, {row},
                                                  [trace, row](Progress&) { return best_ids(*trace, row); });
  if (!best.result || !best.current) {
    waiting(best.progress);
    return std::nullopt;
  }
  Question asked{row, choices.token >= 0 ? choices.token : best.result->front(), choices.other};
  ImGui::AlignTextToFramePadding();
  text(Font::small, colours().muted, tr("The logit of"));
  ImGui::SameLine();
  token_choice(app, "logits_token", *best.result, nullptr, asked.token);
  ImGui::SameLine();
  text(Font::small, colours().muted, tr("less that of"));
  ImGui::SameLine();
  token_choice(app, "logits_other", *best.result, tr("none"), asked.other);
  if (asked.other == asked.token) asked.other = -1;
  if (asked.token != best.result->front()) choices.token = asked.token;
  choices.other = asked.other;
  return asked;
}

void view_buttons(InsightChoices& choices) {
  if (choice("logits_give", tr("What each part gives"), !choices.lengths)) choices.lengths = false;
  ImGui::SameLine(0, px(4));
  if (choice("logits_lengths", tr("How long it is"), choices.lengths)) choices.lengths = true;
  ImGui::SameLine(0, px(14));
  if (choice("logits_by_size", tr("Largest first"), choices.by_size)) choices.by_size = !choices.by_size;
}

/// A bar a part; a head leads to its attention, an MLP to its neurons.
void part_bars(App& app, const std::vector<StreamPart>& parts, const std::vector<double>& values,
               bool one_sided) {
  InsightChoices& choices = app.insight.choices;
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  if (choices.by_size)
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return std::abs(values[a]) > std::abs(values[b]); });
  double largest = 1e-12, rest = 0;
  for (double value : values) largest = std::max(largest, std::abs(value));
  const size_t shown = choices.by_size ? std::min(order.size(), most_bars) : order.size();
  for (size_t i = 0; i < shown; ++i) {
    const StreamPart& part = parts[order[i]];
    BarLine line{part.name, values[order[i]], largest, false, false, one_sided};
    line.chosen = part.kind == StreamPart::Kind::mlp && part.layer == choices.neurons_of;
    const bool clicked = bar_line(app, "part_" + part.name, line);
    if (part.kind == StreamPart::Kind::head) {
      tooltip(tr("Click to see where this head looks"));
      if (clicked)
        choices.layer = part.layer, choices.head = part.head, choices.page = InsightPage::attention;
    } else if (part.kind == StreamPart::Kind::mlp) {
      tooltip(tr("Click to split this MLP into its neurons"));
      if (clicked) choices.neurons_of = line.chosen ? -1 : part.layer;
    }
  }
  for (size_t i = shown; i < order.size(); ++i) rest += values[order[i]];
  if (shown < order.size()) note(say("{0} more: {1}", order.size() - shown, rest));
}

void neuron_bars(App& app, const Question& asked) {
  const int layer = app.insight.choices.neurons_of;
  if (layer < 0) return;
  const auto trace = app.trace;
  heading(translate(say("Neurons of layer {0}", layer)).c_str());
  const auto answer = app.insight.ask<Finding<NeuronAttribution>>(
      InsightTopic::logit_neurons, *trace, {layer, asked.row, asked.token, asked.other},
      [trace, layer, asked](Progress&) {
        return attribute_neurons(*trace, layer, asked.row, asked.token, asked.other);
      });
  if (!answer.result || !answer.current) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const NeuronAttribution& neurons = **answer.result;
  std::vector<size_t> order(neurons.values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::abs(neurons.values[a]) > std::abs(neurons.values[b]);
  });
  const size_t shown = std::min<size_t>(order.size(), 12);
  double rest = neurons.bias;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i >= shown) {
      rest += neurons.values[order[i]];
      continue;
    }
    const std::string name = "L" + std::to_string(layer) + "N" + std::to_string(order[i]);
    if (bar_line(app, "logit_neuron_" + std::to_string(i),
                 {name, neurons.values[order[i]], std::abs(neurons.values[order[0]]), false, false, false})) {
      app.insight.choices.neuron_layer = layer;
      app.insight.choices.neuron = int(order[i]);
      app.insight.choices.page = InsightPage::neurons;
    }
  }
  note(say("{0} more neurons and the bias: {1}", order.size() - shown, rest));
}

void gives(App& app, const Question& asked) {
  const auto trace = app.trace;
  const auto answer = app.insight.ask<Finding<Attribution>>(
      InsightTopic::logits, *trace, {asked.row, asked.token, asked.other},
      [trace, asked](Progress&) { return attribute_logit(*trace, asked.row, asked.token, asked.other); });
  if (!answer.result || !answer.current) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const Attribution& found = **answer.result;
  text(Font::title, colours().text, number_text(found.stored).c_str());
  ImGui::SameLine();
  text(Font::small, colours().muted, asked.other >= 0 ? tr("the difference of the logits") : tr("the logit"));
  note(say("Sum of all parts and of the final norm's bias ({0}): {1}; difference to the stored number: {2}",
           found.constant, found.sum, std::abs(found.sum - found.stored)));
  ImGui::BeginChild("logits_bars");
  part_bars(app, found.parts, found.values, false);
  neuron_bars(app, asked);
  note(asked.other >= 0 ? say("Direct effects only: what a part does through later layers counts as theirs.")
                        : say("Direct effects only: what a part does through later layers counts as theirs. "
                              "A logit alone has "
                              "an arbitrary zero; the difference of two says more."));
  ImGui::EndChild();
}

/// "blocks.2.hook_resid_mid" -> "2_resid_mid", as components are written.
std::string short_name(const Tensor& state) {
  const size_t hook = state.name.find("hook_");
  if (hook == std::string::npos) return state.name;
  return (state.layer >= 0 ? std::to_string(state.layer) + "_" : std::string()) + state.name.substr(hook + 5);
}

void lengths(App& app, int row) {
  const auto trace = app.trace;
  const auto answer =
      app.insight.ask<Finding<StreamNorms>>(InsightTopic::lengths, *trace, {row}, [trace, row](Progress&) {
        return stream_norms(trace->graph(), *trace, {row, row + 1});
      });
  if (!answer.result || !answer.current) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const StreamNorms& norms = **answer.result;
  ImGui::BeginChild("length_bars");
  heading(tr("The residual stream"));
  double largest = 1e-12;
  for (double norm : norms.state_norms.numbers) largest = std::max(largest, norm);
  for (size_t i = 0; i < norms.states.size(); ++i)
    bar_line(app, "state_" + std::to_string(i),
             {short_name(*norms.states[i]), norms.state_norms(int(i), 0), largest, false, false, true});
  heading(tr("What was added to it"));
  part_bars(app, norms.parts, norms.part_norms.numbers, true);
  ImGui::EndChild();
}

}  // namespace

void logits_page(App& app) {
  const int rows = complete_rows(*app.trace, app.playback.steps());
  if (rows == 0) return note(say("Not computed yet."));
  const auto asked = question(app, rows);
  view_buttons(app.insight.choices);
  if (!asked) return;
  if (app.insight.choices.lengths)
    lengths(app, asked->row);
  else
    gives(app, *asked);
}

}  // namespace orrery
