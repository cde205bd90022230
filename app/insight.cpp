#include "app/insight.h"

namespace orrery {
namespace {

constexpr std::uint64_t guide_seed = 20220924;
constexpr std::int64_t large_model = 20'000'000;  // parameters: one text is read, else four

}  // namespace

void Insight::show(const std::shared_ptr<const Model>& shown) {
  if (shown == model) return;
  model = shown;
  ++model_number;
  anatomy = model ? anatomy_of(model->graph()) : Anatomy{};
  InsightChoices fresh;
  fresh.page = choices.page;
  fresh.arcs = choices.arcs;
  fresh.lens_columns = choices.lens_columns;
  choices = fresh;
  sources = {};
  own_positions = model ? positions_of(model) : PositionScheme{};
  positions.begin(own_positions, model_number);
}

void Insight::close() {
  grid_picture.close();
  pattern_picture.close();
  position_picture.close();
}

Background::Answer<Finding<HeadGuide>> ask_head_guide(Insight& insight) {
  const auto model = insight.model;
  if (!model) return {};
  return insight.slow.ask<Finding<HeadGuide>>(
      int(InsightTopic::guide), {insight.model_number}, [model](Progress& progress) {
        return head_field_guide(model, guide_seed, model->parameter_count() > large_model ? 1 : 4, progress);
      });
}

Background::Answer<Finding<LensTable>> ask_lens(Insight& insight, const std::shared_ptr<const Trace>& trace,
                                                int rows) {
  const bool middles = insight.choices.middles;
  return insight.ask<Finding<LensTable>>(
      InsightTopic::lens, *trace, {rows, middles},
      [trace, rows, middles](Progress& progress) { return logit_lens(*trace, rows, 8, middles, progress); });
}

int complete_rows(const Trace& trace, std::uint64_t steps) {
  return trace.rows_known(trace.graph().logits(), steps);
}

}  // namespace orrery
