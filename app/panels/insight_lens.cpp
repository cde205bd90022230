#include <algorithm>
#include <cmath>
#include <cstdio>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/insight_widgets.h"
#include "model/analysis/logit_lens.h"

namespace orrery {
using namespace ui;

namespace {

void lens_buttons(InsightChoices& choices) {
  const auto mode = [&](const char* name, const char* label, LensMode value) {
    if (choice(name, label, choices.lens == value)) choices.lens = value;
    ImGui::SameLine(0, px(4));
  };
  mode("lens_token", tr("Token"), LensMode::token);
  mode("lens_rank", tr("Rank"), LensMode::rank);
  mode("lens_entropy", tr("Entropy"), LensMode::entropy);
  mode("lens_divergence", tr("KL"), LensMode::divergence);
  ImGui::SameLine(0, px(14));
  if (choice("lens_middles", tr("Between attention and MLP too"), choices.middles))
    choices.middles = !choices.middles;
  ImGui::SameLine(0, px(4));
  if (choice("lens_columns", tr("In the scene"), choices.lens_columns))
    choices.lens_columns = !choices.lens_columns;
  switch (choices.lens) {
    case LensMode::token:
      return note(say("The token that each state would predict, and how surely, were it the last one."));
    case LensMode::rank:
      return note(say("Which place the token that wins at the end has in each state."));
    case LensMode::entropy:
      return note(say("How undecided each state is, in nats."));
    case LensMode::divergence:
      return note(say("How far each state is from the end: KL(end ‖ state), in nats."));
  }
}

/// The name of a state: what it follows.
std::string state_name(const Tensor& state, size_t index, size_t count) {
  if (index == 0) return tr("embedding");
  if (index + 1 == count) return tr("output");
  const bool middle = state.name.find("resid_mid") != std::string::npos;
  return translate(middle ? say("layer {0}, attention", state.layer) : say("layer {0}", state.layer));
}

struct Face {
  std::string words;
  double shade = 0;  ///< 0..1
};

Face face(const App& app, const LensCell& cell, double largest_divergence) {
  char words[32];
  const double most = std::log(double(app.model->vocabulary_size()));
  switch (app.insight.choices.lens) {
    case LensMode::token:
      return {app.model->token_text(cell.top.empty() ? 0 : cell.top[0]),
              cell.probabilities.empty() ? 0 : double(cell.probabilities[0])};
    case LensMode::rank:
      return {std::to_string(cell.rank + 1),
              1 - std::log(double(cell.rank + 1)) / std::log(double(app.model->vocabulary_size() + 1))};
    case LensMode::entropy:
      std::snprintf(words, sizeof words, "%.2f", cell.entropy);
      return {words, cell.entropy / std::max(1e-9, most)};
    case LensMode::divergence:
      std::snprintf(words, sizeof words, "%.2f", cell.divergence);
      return {words, cell.divergence / largest_divergence};
  }
  return {};
}

void cell_tooltip(const App& app, const LensTable& table, size_t state, int row) {
  const LensCell& cell = table.at(int(state), row);
  ImGui::BeginTooltip();
  text(Font::small, colours().muted, table.states[state]->name.c_str());
  text(Font::small, colours().text, translate(say("Token {0} '{1}'", row, token_at(app, row))).c_str());
  for (size_t i = 0; i < cell.top.size(); ++i) {
    char percent[16];
    std::snprintf(percent, sizeof percent, "%7.3f %%  ", double(cell.probabilities[i]) * 100);
    text(Font::mono, cell.top[i] == table.final_ids[size_t(row)] ? colours().warm : colours().text,
         (percent + app.model->token_text(cell.top[i])).c_str());
  }
  note(say("'{0}' wins at the end; here it has place {1} and {2} %",
           app.model->token_text(table.final_ids[size_t(row)]), cell.rank + 1, cell.final_chance * 100));
  note(say("Entropy {0}, KL to the end {1} nats", cell.entropy, cell.divergence));
  ImGui::EndTooltip();
}

void lens_cells(App& app, const LensTable& lens) {
  WithFont with(Font::small);
  const ImVec2 room{ImGui::GetContentRegionAvail().x, ImGui::GetContentRegionAvail().y - px(48)};
  const float name_width = app.insight.choices.middles ? px(120) : px(76);
  const float width = std::clamp((room.x - name_width) / float(std::max(1, lens.rows)), px(46), px(90)),
              high = std::clamp((room.y - px(30)) / float(lens.states.size() + 1), px(23), px(40));
  ImGui::BeginChild("lens_table", {0, room.y}, false, ImGuiWindowFlags_HorizontalScrollbar);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 start = ImGui::GetCursorScreenPos(), window = ImGui::GetWindowPos();
  const float visible_left = window.x + name_width, visible_right = window.x + ImGui::GetWindowWidth();
  const size_t count = lens.states.size();
  ImGui::Dummy({name_width + width * float(lens.rows), high * float(count + 1)});
  mark("lens");
  const bool inside = ImGui::IsWindowHovered();
  double largest = 1e-9;
  for (const LensCell& cell : lens.cells) largest = std::max(largest, cell.divergence);
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const int first = std::max(0, int((visible_left - start.x - name_width) / width)),
            last = std::min(lens.rows, int((visible_right - start.x - name_width) / width) + 1);
  list->PushClipRect({visible_left, window.y}, {visible_right, window.y + ImGui::GetWindowHeight()}, true);
  for (int row = first; row < last; ++row) {
    const float x = start.x + name_width + float(row) * width;
    const std::string token = token_at(app, row);
    need_glyphs(token.c_str());
    list->AddText({x + px(4), start.y + px(3)}, pack(colours().muted), fitting(token, width - px(8)).c_str());
    for (size_t state = 0; state < count; ++state) {
      const LensCell& cell = lens.at(int(state), row);
      const Face shown = face(app, cell, largest);
      const ImVec2 low{x + 1, start.y + high * float(state + 1) + 1}, top{x + width - 1, low.y + high - 2};
      const ImU32 colour = weight_colour(app, shown.shade);
      list->AddRectFilled(low, top, colour, px(3));
      need_glyphs(shown.words.c_str());
      list->AddText({low.x + px(4), low.y + (high - 2 - ImGui::GetFontSize()) / 2}, text_on(colour),
                    fitting(shown.words, width - px(8)).c_str());
      const bool hovered =
          inside && mouse.x >= low.x && mouse.x < top.x && mouse.y >= low.y && mouse.y < top.y;
      if (row < 200) mark(("lens_" + std::to_string(state) + "_" + std::to_string(row)).c_str(), low, top);
      if (!hovered) continue;
      list->AddRect(low, top, pack(colours().text), px(3), 0, px(2));
      cell_tooltip(app, lens, state, row);
    }
  }
  list->PopClipRect();
  for (size_t state = 0; state < count; ++state) {
    const std::string name = state_name(*lens.states[state], state, count);
    need_glyphs(name.c_str());
    list->AddText({window.x + px(2), start.y + high * float(state + 1) + px(4)}, pack(colours().muted),
                  fitting(name, name_width - px(6)).c_str());
  }
  ImGui::EndChild();
}

}  // namespace

void lens_page(App& app) {
  Insight& insight = app.insight;
  lens_buttons(insight.choices);
  const auto trace = app.trace;
  const int rows = complete_rows(*trace, app.playback.steps());
  if (rows == 0) return note(say("Not computed yet."));
  const auto answer = ask_lens(insight, trace, rows);
  if (!answer.result) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  lens_cells(app, **answer.result);
  note(say(
      "The final norm and the unembedding applied to every state (logit lens). The last line is the model's "
      "own output."));
}

}  // namespace orrery
