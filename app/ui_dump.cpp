#include "app/ui_dump.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "app/app.h"
#include "app/focus.h"
#include "app/imgui_compat.h"
#include "app/language.h"

namespace orrery {

WidgetMap& widgets() {
  static WidgetMap map;
  return map;
}

namespace {

nlohmann::json cell_json(const std::optional<Cell>& cell) {
  if (!cell) return nullptr;
  return {cell->tensor->name, cell->row, cell->col};
}

nlohmann::json cards_json(const Cards& cards) {
  nlohmann::json list = nlohmann::json::array();
  for (const Card& card : cards.pinned())
    list.push_back({{"id", card.id},
                    {"cell", cell_json(card.cell)},
                    {"known", card.facts.state != CellFacts::State::not_computed},
                    {"value", card.facts.stored},
                    {"difference", card.facts.difference()},
                    {"trail", card.trail.size()},
                    {"readers", card.facts.readers.size()}});
  return list;
}

nlohmann::json tokenizer_json(const TokenizerPage& page) {
  nlohmann::json ids = nlohmann::json::array();
  if (page.shown)
    for (const TokenizingSteps::Piece& piece : page.shown->steps.pieces)
      for (const TokenizingSteps::Token& token : piece.tokens) ids.push_back(token.id);
  return {{"tab", int(page.tab)},
          {"name", page.entries.empty() ? "" : page.entries[size_t(page.chosen)].name},
          {"other", page.other < 0 ? "" : page.entries[size_t(page.other)].name},
          {"kind", page.shown ? page.shown->tokenizer->kind() : ""},
          {"text", page.text},
          {"shown_text", page.shown ? page.shown->text : ""},
          {"ids", ids},
          {"moments", page.moments},
          {"position", page.position},
          {"playing", page.playing},
          {"training", int(page.training.state())},
          {"problem", page.training.problem() ? page.training.problem()->english() : ""},
          {"merges", page.training.merges().size()}};
}

/// Where the first and the last cell of each tensor's first block stand, and how many rows and columns it
/// has: [x, y, x, y, rows, columns].
nlohmann::json tensors_json(const App& app) {
  nlohmann::json all = nlohmann::json::object();
  if (!app.model) return all;
  for (const Tensor* tensor : app.model->graph().tensors()) {
    const auto cells = app.scene.first_cells(*tensor);
    if (!cells) continue;
    const auto first = app.scene.screen_box({tensor, cells->row, cells->col, 1, 1});
    const auto last =
        app.scene.screen_box({tensor, cells->row + cells->rows - 1, cells->col + cells->cols - 1, 1, 1});
    if (first && last)
      all[tensor->name] = {(first->left + first->right) / 2,
                           (first->top + first->bottom) / 2,
                           (last->left + last->right) / 2,
                           (last->top + last->bottom) / 2,
                           cells->rows,
                           cells->cols};
  }
  return all;
}

}  // namespace

void write_ui_dump(const App& app, const std::filesystem::path& file) {
  using nlohmann::json;
  json state = {{"model", app.model ? app.model->name() : ""},
                {"loading", app.worker.load_progress() >= 0},
                {"prompt", app.prompt.text},
                {"problem", app.prompt.problem ? app.prompt.problem->english() : ""},
                {"playing", app.playback.playing},
                {"moving", app.playback.moving()},
                {"live", app.playback.live()},
                {"position", app.playback.position},
                {"speed", app.playback.speed().rate},
                {"pace", int(app.playback.speed().pace)},
                {"backwards", app.playback.backwards},
                {"finder", app.pages.finder},
                {"focus", ui::focus().name()},
                {"copied", app.copied},
                {"tour", app.tour.open() ? app.tour.at() : -1},
                {"following", app.scene.following},
                {"caption", app.caption().english()},
                {"ended", app.run_ended},
                {"text_ended", app.ended_by(RunState::text_ended)},
                {"theme", app.settings.theme == Theme::dark ? "dark" : "light"},
                {"language", current_language()},
                {"font_scale", app.settings.font_scale},
                {"reduced_motion", app.settings.reduced_motion},
                {"temperature", app.sampling.temperature},
                {"presenter", app.presenter},
                {"full_screen", app.full_screen},
                {"flying", app.flying},
                {"help", app.pages.help},
                {"settings_page", app.pages.settings},
                {"models_page", app.pages.models},
                {"about", app.pages.about},
                {"menu", app.pages.menu},
                {"tokenizer_page", app.pages.tokenizer},
                {"tokenizer", tokenizer_json(app.tokenizer_page)},
                {"positions_page", app.pages.positions},
                {"positions_chosen", int(app.insight.positions.chosen)},
                {"positions_trained", app.insight.positions.trained},
                {"writing", ImGui::GetIO().WantTextInput},
                {"right_open", app.settings.right_open},
                {"range", int(app.settings.range)},
                {"insight", app.settings.insight_open},
                {"insight_page", int(app.insight.choices.page)},
                {"insight_busy", app.insight.quick.busy() || app.insight.slow.busy()},
                {"insight_layer", app.insight.choices.layer},
                {"insight_head", app.insight.choices.head},
                {"arcs", int(app.insight.choices.arcs)},
                {"arcs_shown", app.scene.arcs_shown()},
                {"lens_columns", app.insight.choices.lens_columns},
                {"lens_rows", app.scene.lens_rows()},
                {"insight_query", app.insight.choices.query},
                {"insight_key", app.insight.choices.key},
                {"top_k", app.sampling.top_k},
                {"no_repeat_ngram", app.sampling.no_repeat_ngram},
                {"first_filter", app.sampling.order.empty() ? "" : filter_name(app.sampling.order[0])},
                {"left_width", app.settings.left_width},
                {"camera", app.scene.camera_text()},
                {"selected", app.scene.selected ? app.scene.selected->tensor->name : ""},
                {"hovered", app.scene.hovered ? app.scene.hovered->tensor->name : ""},
                {"selected_cell", cell_json(app.scene.selected)},
                {"hovered_cell", cell_json(app.scene.hovered)},
                {"replayed", app.cards.replayed},
                {"replay", app.cards.progress},
                {"cards", cards_json(app.cards)}};
  if (app.trace) {
    StepPlace place = app.trace->place(app.playback.current());
    state["pass"] = place.pass;
    state["step"] = place.step;
    state["steps_a_pass"] = app.trace->steps_a_pass();
    state["passes"] = app.trace->pass_count();
    state["published"] = app.trace->published();
    if (app.trace->token_count(app.playback.steps()) > 0) {
      json ids = json::array();
      for (int row = 0; row < app.tokens_shown(); ++row) ids.push_back(app.trace->token(row));
      state["tokens"] = ids;
    }
    state["predicted"] = app.predictions.by_probability.empty() ? -1 : app.predictions.by_probability[0];
    state["second"] = app.predictions.by_probability.size() < 2 ? -1 : app.predictions.by_probability[1];
  }
  json notices = json::array();
  for (const Notice& notice : app.notices) notices.push_back(notice.message.english());
  state["notices"] = notices;
  json all = {{"state", state}, {"widgets", widgets().rectangles()}, {"tensors", tensors_json(app)}};
  static std::string written;
  std::string words = all.dump(1, ' ', false, json::error_handler_t::replace);
  if (words == written) return;
  written = words;
  auto fresh = file;
  fresh += ".new";
  std::ofstream(fresh) << words << "\n";
  std::error_code error;
  std::filesystem::rename(fresh, file, error);
}

}  // namespace orrery
