#include <algorithm>
#include <ctime>
#include <fstream>
#include <numeric>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/insight_widgets.h"
#include "app/shipped_models.h"

namespace orrery {
using namespace ui;

namespace {

struct ScoreColumn {
  GuideColumn column;
  const char* id;
  const char* (*title)();
  const char* (*meaning)();
  double HeadScores::*score;
};

const ScoreColumn columns[] = {
    {GuideColumn::previous, "sort_previous", [] { return tr("previous"); },
     [] { return tr("Attention to the token before"); }, &HeadScores::previous},
    {GuideColumn::induction, "sort_induction", [] { return tr("induction"); },
     [] { return tr("Attention to what followed the same token before"); }, &HeadScores::induction},
    {GuideColumn::duplicate, "sort_duplicate", [] { return tr("duplicate"); },
     [] { return tr("Attention to the same token before"); }, &HeadScores::duplicate},
    {GuideColumn::first, "sort_first", [] { return tr("first"); },
     [] { return tr("Attention to the first token: a sink"); }, &HeadScores::first},
    {GuideColumn::self, "sort_self", [] { return tr("self"); },
     [] { return tr("Attention of a token to itself"); }, &HeadScores::self},
    {GuideColumn::entropy, "sort_entropy", [] { return tr("entropy"); },
     [] { return tr("0 looks at one token, 1 at all alike"); }, &HeadScores::entropy},
};

std::vector<const HeadScores*> sorted(const HeadGuide& guide, const InsightChoices& choices) {
  std::vector<const HeadScores*> order;
  for (const HeadScores& scores : guide.heads) order.push_back(&scores);
  for (const ScoreColumn& column : columns)
    if (column.column == choices.sorted_by)
      std::stable_sort(order.begin(), order.end(), [&](const HeadScores* a, const HeadScores* b) {
        return a->*column.score > b->*column.score;
      });
  if (!choices.descending) std::reverse(order.begin(), order.end());
  return order;
}

void sort_by(InsightChoices& choices, GuideColumn column) {
  const bool again = choices.sorted_by == column;
  choices.descending = again ? !choices.descending : true;
  choices.sorted_by = column;
}

void save_csv(App& app, const HeadGuide& guide) {
  char name[64];
  const std::time_t now = std::time(nullptr);
  std::strftime(name, sizeof name, "-heads-%Y%m%d-%H%M%S.csv", std::localtime(&now));
  const auto file = pictures_folder() / ("orrery-" + app.model->name() + name);
  std::ofstream out(file);
  out << head_guide_csv(guide);
  out.close();
  if (out)
    app.tell(say("Table saved: {0}", file.string()));
  else
    app.tell(say("{0} could not be written", file.string()), true);
}

void guide_header(InsightChoices& choices) {
  const auto cell = [&](const char* id, const char* title, const char* meaning, GuideColumn column) {
    ImGui::TableNextColumn();
    const bool chosen = choices.sorted_by == column;
    need_glyphs(title);
    ImGui::PushStyleColor(ImGuiCol_Text, chosen ? colours().accent : colours().muted);
    ImGui::PushID(id);
    if (ImGui::Selectable(title)) sort_by(choices, column);
    ImGui::PopID();
    ImGui::PopStyleColor();
    mark(id);
    if (meaning) tooltip(meaning);
  };
  ImGui::TableNextRow();
  cell("sort_name", tr("head"), nullptr, GuideColumn::name);
  for (const ScoreColumn& column : columns) cell(column.id, column.title(), column.meaning(), column.column);
}

/// A number with a bar behind it.
void score_cell(const App& app, double score, bool badge) {
  ImGui::TableNextColumn();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, high = ImGui::GetTextLineHeight();
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddRectFilled(at, {at.x + width * float(std::clamp(score, 0.0, 1.0)), at.y + high},
                      badge ? weight_colour(app, 0.6) : pack(colours().line), px(2));
  char number[16];
  std::snprintf(number, sizeof number, "%.2f", score);
  list->AddText({at.x + px(3), at.y}, badge ? text_on(weight_colour(app, 0.6)) : pack(colours().text),
                number);
  ImGui::Dummy({width, high});
}

void guide_table(App& app, const HeadGuide& guide) {
  InsightChoices& choices = app.insight.choices;
  WithFont with(Font::small);
  constexpr ImGuiTableFlags flags = ImGuiTableFlags_ScrollY | ImGuiTableFlags_BordersInnerH;
  if (!ImGui::BeginTable("guide", 7, flags,
                         {0, std::max(px(80), ImGui::GetContentRegionAvail().y - px(118))}))
    return;
  ImGui::TableSetupScrollFreeze(0, 1);
  guide_header(choices);
  for (const HeadScores* scores : sorted(guide, choices)) {
    const std::string name = "L" + std::to_string(scores->layer) + "H" + std::to_string(scores->head);
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    const bool chosen = scores->layer == choices.layer && scores->head == choices.head;
    if (ImGui::Selectable(name.c_str(), chosen, ImGuiSelectableFlags_SpanAllColumns))
      choices.layer = scores->layer, choices.head = scores->head;
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) choices.page = InsightPage::attention;
    mark(("guide_" + name).c_str());
    const HeadKind kind = head_kind(*scores);
    for (const ScoreColumn& column : columns)
      score_cell(app, scores->*column.score,
                 column.column != GuideColumn::entropy && int(column.column) == int(kind) + 1);
  }
  ImGui::EndTable();
  mark("guide_table");
}

}  // namespace

const char* head_kind_name(HeadKind kind) {
  switch (kind) {
    case HeadKind::previous:
      return tr("previous-token head");
    case HeadKind::induction:
      return tr("induction head");
    case HeadKind::duplicate:
      return tr("duplicate-token head");
    case HeadKind::first:
      return tr("looks at the first token");
    case HeadKind::self:
      return tr("looks at itself");
    case HeadKind::none:
      return tr("no clear habit; entropy");
  }
  return "";
}

void heads_page(App& app) {
  const auto answer = ask_head_guide(app.insight);
  if (!answer.result) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const HeadGuide& guide = **answer.result;
  guide_table(app, guide);
  if (choice("guide_csv", tr("Save as CSV"), false)) save_csv(app, guide);
  ImGui::SameLine();
  if (choice("guide_show", tr("Show the chosen head"), false))
    app.insight.choices.page = InsightPage::attention;
  note(say(
      "On {0} random texts of {1} tokens, each repeated once; seed {2}. What a head looks at is no proof of "
      "what it is for.",
      guide.texts, guide.length, guide.seed));
  if (!guide.distinct) note(say("This vocabulary is so small that tokens repeat by chance: scores overlap."));
}

}  // namespace orrery
