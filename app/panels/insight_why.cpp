#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/insight_widgets.h"
#include "model/analysis/score_parts.h"

namespace orrery {
using namespace ui;

namespace {

/// What a line of the split is called: a part's component name, or the bias.
std::string part_name(const ScoreParts& split, size_t index) {
  return index < split.parts.size() ? split.parts[index].name : std::string(tr("bias"));
}

std::vector<size_t> by_size(const std::vector<double>& values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return std::abs(values[a]) > std::abs(values[b]); });
  return order;
}

void bars(const App& app, const std::string& id, const ScoreParts& split, const std::vector<double>& values,
          bool keys) {
  const std::vector<size_t> order = by_size(values);
  const double largest = order.empty() ? 1 : std::abs(values[order[0]]);
  constexpr size_t most = 40;  // the rest is too small to be seen
  for (size_t i = 0; i < std::min(order.size(), most); ++i) {
    BarLine line{part_name(split, order[i]), values[order[i]], largest, false, false, false};
    line.muted = keys && split.key_bias_drops_out && order[i] == split.parts.size();
    bar_line(app, id + std::to_string(i), line);
    if (line.muted) tooltip(tr("The same for every key: it drops out of the softmax."));
  }
  if (order.size() > most) {
    double rest = 0;
    for (size_t i = most; i < order.size(); ++i) rest += values[order[i]];
    note(say("{0} more: {1}", order.size() - most, rest));
  }
}

/// The sum beside the model's own number.
void check(const ScoreParts& split) {
  text(Font::title, colours().text, number_text(split.stored).c_str());
  ImGui::SameLine();
  text(Font::small, colours().muted, tr("the score"));
  if (split.beyond != 0)
    note(say("{0} of it is not query times key: a penalty for the distance.", split.beyond));
  note(say("Sum of all parts: {0}; difference to the stored score: {1}", split.sum,
           std::abs(split.sum - split.stored)));
}

void pairs(const App& app, const ScoreParts& split) {
  const std::vector<size_t> order = by_size(split.products.numbers);
  const double largest = order.empty() ? 1 : std::abs(split.products.numbers[order[0]]);
  for (size_t i = 0; i < std::min<size_t>(order.size(), 16); ++i) {
    const size_t columns = size_t(split.products.cols);
    BarLine line;
    line.name = part_name(split, order[i] / columns) + " × " + part_name(split, order[i] % columns);
    line.value = split.products.numbers[order[i]];
    line.largest = largest;
    bar_line(app, "why_pair_" + std::to_string(i), line);
  }
}

/// For the scene: the parts of the key's token that move attention most.
void light_sources(Insight& insight, const HeadParts& head, const ScoreParts& split,
                   const std::vector<double>& above) {
  constexpr size_t most = 8;
  const std::vector<size_t> order = by_size(above);
  SourceParts& sources = insight.sources;
  sources.parts.clear();
  sources.to = {head.scores, split.query_row, split.key_row, 1, 1};
  for (size_t i = 0; i < std::min(order.size(), most); ++i) {
    if (order[i] >= split.parts.size() || above[order[i]] == 0) continue;  // the bias stands for itself
    const Tensor& tensor = *split.parts[order[i]].tensor;
    const int row = tensor.role == Role::weight && tensor.rows.size == 1 ? 0 : split.key_row;
    sources.parts.push_back(
        {{&tensor, row, 0, 1, tensor.cols.size}, float(above[order[i]] / std::abs(above[order[0]]))});
  }
}

void head_line(App& app, const HeadParts& head, TokenPair pair) {
  wrapped(Font::body, colours().text,
          translate(say("Why does layer {0}, head {1} look from '{2}' ({3}) at '{4}' ({5})?", head.layer,
                        head.head, token_at(app, pair.query), pair.query, token_at(app, pair.key), pair.key))
              .c_str());
}

}  // namespace

void why_page(App& app) {
  Insight& insight = app.insight;
  insight.sources.parts.clear();
  if (insight.anatomy.head_count() == 0) return note(no_attention());
  const HeadParts* head = insight.chosen_head();
  const auto trace = app.trace;
  const int rows = head ? trace->rows_known(*head->pattern, app.playback.steps()) : 0;
  if (rows == 0) return note(say("Not computed yet."));
  TokenPair pair = chosen_pair(app, *head, rows);
  head_line(app, *head, pair);
  if (const int row = token_chips(app, "why_query", rows, pair.query); row >= 0)
    insight.choices.query = row, insight.choices.key = -1;
  if (const int row = token_chips(app, "why_key", pair.query + 1, pair.key); row >= 0)
    insight.choices.query = pair.query, insight.choices.key = row;
  const auto answer = insight.ask<Finding<ScoreParts>>(
      InsightTopic::why, *trace, {head->layer, head->head, pair.query, pair.key},
      [trace, head = *head, pair](Progress& progress) {
        return split_score(*trace, head, pair.query, pair.key, progress);
      });
  if (!answer.result || !answer.current) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const ScoreParts& split = **answer.result;
  check(split);
  ImGui::BeginChild("why_lists");
  std::vector<double> above(split.by_key.size());
  for (size_t i = 0; i < above.size(); ++i) above[i] = split.by_key[i] - split.key_average[i];
  light_sources(insight, *head, split, above);
  heading(tr("By what the key's token is made of, more than the average key: this moves attention"));
  bars(app, "why_above_", split, above, true);
  heading(tr("By what the key's token is made of"));
  bars(app, "why_by_key_", split, split.by_key, true);
  heading(tr("By what the query's token is made of"));
  bars(app, "why_by_query_", split, split.by_query, false);
  heading(tr("The largest products, query's part × key's part"));
  pairs(app, split);
  note(say(
      "Exact while the layer norm's scale is held fast: every summand of the residual stream goes through "
      "the same norm and weights."));
  ImGui::EndChild();
}

}  // namespace orrery
