#include "app/panels/insight.h"

#include <algorithm>
#include <cmath>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight_widgets.h"

namespace orrery {
using namespace ui;

namespace {

struct Page {
  InsightPage page;
  const char* id;
  const char* (*title)();
  void (*fill)(App&);
};

const Page pages[insight_pages] = {
    {InsightPage::attention, "page_attention", [] { return tr("Attention"); }, attention_page},
    {InsightPage::why, "page_why", [] { return tr("Why there?"); }, why_page},
    {InsightPage::heads, "page_heads", [] { return tr("Heads"); }, heads_page},
    {InsightPage::lens, "page_lens", [] { return tr("Lens"); }, lens_page},
    {InsightPage::logits, "page_logits", [] { return tr("Logits"); }, logits_page},
    {InsightPage::neurons, "page_neurons", [] { return tr("Neurons"); }, neurons_page},
    {InsightPage::space, "page_space", [] { return tr("Space"); }, space_page},
    {InsightPage::sampling, "page_sampling", [] { return tr("Sampling"); }, sampling_page},
    {InsightPage::beams, "page_beams", [] { return tr("Beams"); }, beams_page},
};

/// The tabs, in as many lines as they need.
void tabs(InsightChoices& choices) {
  const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
  WithFont with(Font::small);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(4), px(4)});
  float titles = -px(4), padding = px(8);
  for (const Page& page : pages) titles += ImGui::CalcTextSize(page.title()).x + px(4);
  // A little closer together where that saves a line.
  if (const float fits = (right - ImGui::GetCursorScreenPos().x - titles) / (2 * insight_pages);
      fits >= px(4))
    padding = std::min(padding, std::floor(fits));
  for (const Page& page : pages) {
    const char* title = page.title();
    const float width = ImGui::CalcTextSize(title).x + 2 * padding;
    if (&page != pages) {
      ImGui::SameLine();
      if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
    }
    if (choice(page.id, title, choices.page == page.page, padding)) choices.page = page.page;
  }
  ImGui::PopStyleVar();
}

}  // namespace

void insight_panel(App& app) {
  Insight& insight = app.insight;
  tabs(insight.choices);
  ImGui::Dummy({0, px(2)});
  for (const Page& page : pages)
    if (page.page == insight.choices.page) {
      ImGui::BeginChild(page.id);
      if (!app.model || !app.trace)
        note(say("Not computed yet."));
      else
        page.fill(app);
      ImGui::EndChild();
    }
}

}  // namespace orrery
