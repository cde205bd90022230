#include <algorithm>
#include <bit>
#include <cmath>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/insight_widgets.h"
#include "model/analysis/matrix.h"
#include "model/beam_search.h"

namespace orrery {
using namespace ui;

namespace {

constexpr int most_beams = 6, most_steps = 12;

Background::Key beam_key(int pass, const BeamSettings& settings) {
  return {pass,
          settings.beams,
          settings.new_tokens,
          std::bit_cast<std::int64_t>(settings.length_penalty),
          std::bit_cast<std::int64_t>(settings.repetition.repeat_penalty),
          settings.repetition.repeat_last_n,
          settings.repetition.no_repeat_ngram};
}

Finding<BeamSearch> search(const Trace& trace, int pass, const BeamSettings& settings,
                           Progress& progress) try {
  return beam_search(trace, pass, settings, progress);
} catch (const Error& error) {
  return error.message;
}

/// The tokens from the text to a node.
std::vector<int> path_to(const BeamSearch& search, int node) {
  std::vector<int> ids;
  for (; node >= 0; node = search.nodes()[size_t(node)].parent)
    ids.push_back(search.nodes()[size_t(node)].id);
  std::reverse(ids.begin(), ids.end());
  return ids;
}

std::vector<bool> on_path(const BeamSearch& search, int node) {
  std::vector<bool> on(search.nodes().size());
  for (; node >= 0; node = search.nodes()[size_t(node)].parent) on[size_t(node)] = true;
  return on;
}

std::string total_text(double value) {
  char words[24];
  std::snprintf(words, sizeof words, value > -0.01 ? "%.1g" : "%.2f", value);  // totals are never positive
  return words;
}

bool int_slider(const char* name, const char* label, int& value, int most) {
  text(Font::small, colours().text, label);
  ImGui::SameLine();
  ImGui::SetNextItemWidth(px(88));
  const bool moved = ImGui::SliderInt((std::string("##") + name).c_str(), &value, 1, most);
  mark(name);
  return moved;
}

void beam_controls(InsightChoices& choices) {
  WithFont with(Font::small);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {px(6), px(1)});
  int_slider("beams_count", tr("Beams"), choices.beams, most_beams);
  ImGui::SameLine(0, px(14));
  int_slider("beams_steps", tr("Steps"), choices.beam_steps, most_steps);
  ImGui::SameLine(0, px(14));
  const char* label = tr("Length penalty");
  if (ImGui::GetContentRegionAvail().x < ImGui::CalcTextSize(label).x + px(110)) ImGui::NewLine();
  text(Font::small, colours().text, label);
  ImGui::SameLine();
  ImGui::SetNextItemWidth(px(88));
  float penalty = float(choices.length_penalty);
  if (ImGui::SliderFloat("##length", &penalty, -1, 2, "%.2f")) choices.length_penalty = double(penalty);
  mark("beams_length");
  ImGui::PopStyleVar();
}

/// The tree, a column a step, the best on top. Where its nodes stand, and the one that is pointed at.
struct Tree {
  const App& app;
  const BeamSearch& search;
  std::vector<ImVec2> at;  ///< left upper corners
  ImVec2 size;             ///< of a node
  std::vector<bool> best, pointed;
};

void place(Tree& tree, ImVec2 corner, float column, float line) {
  int step = -1, rank = 0;
  for (const BeamNode& node : tree.search.nodes()) {
    rank = node.step == step ? rank + 1 : 0;
    step = node.step;
    tree.at.push_back({corner.x + column * float(step), corner.y + line * float(rank)});
  }
}

void edges(const Tree& tree) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const auto& nodes = tree.search.nodes();
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].parent < 0) continue;
    const ImVec2 from = tree.at[size_t(nodes[i].parent)], to = tree.at[i];
    const ImVec2 a{from.x + tree.size.x, from.y + tree.size.y / 2}, b{to.x, to.y + tree.size.y / 2};
    const float bend = (b.x - a.x) / 2;
    const bool dropped = nodes[i].fate == BeamNode::Fate::dropped;
    const ImVec4 colour = tree.pointed[i] ? colours().text
                          : tree.best[i]  ? colours().accent
                          : dropped       ? fade(colours().line, 0.6f)
                                          : colours().faint;
    list->AddBezierCubic(a, {a.x + bend, a.y}, {b.x - bend, b.y}, b, pack(colour),
                         px(tree.best[i] || tree.pointed[i] ? 2.f : 1.f));
  }
}

void box(const Tree& tree, size_t index) {
  const BeamNode& node = tree.search.nodes()[index];
  const ImVec2 low = tree.at[index], high{low.x + tree.size.x, low.y + tree.size.y};
  const bool dropped = node.fate == BeamNode::Fate::dropped, best = tree.best[index];
  ImDrawList* list = ImGui::GetWindowDrawList();
  if (best)
    list->AddRectFilled(low, high, pack(colours().accent), px(5));
  else if (!dropped)
    list->AddRectFilled(low, high, pack(colours().raised), px(5));
  if (tree.pointed[index] || (!dropped && !best))
    list->AddRect(low, high,
                  pack(tree.pointed[index]                     ? colours().text
                       : node.fate == BeamNode::Fate::finished ? colours().warm
                                                               : colours().accent),
                  px(5), 0, px(1));
  const ImVec4 ink = best ? colours().on_accent : dropped ? colours().muted : colours().text;
  const std::string number = total_text(node.total);
  const float y = low.y + (tree.size.y - ImGui::GetFontSize()) / 2;
  const float number_width = ImGui::CalcTextSize(number.c_str()).x;
  const std::string token = tree.app.model->token_text(node.id);
  need_glyphs(token.c_str());
  list->AddText({low.x + px(5), y}, pack(ink), fitting(token, tree.size.x - number_width - px(14)).c_str());
  list->AddText({high.x - number_width - px(5), y}, pack(best ? ink : colours().muted), number.c_str());
}

void node_tooltip(const Tree& tree, const BeamNode& node) {
  ImGui::BeginTooltip();
  text(Font::small, colours().text,
       translate(say("'{0}': probability {1}, its logarithm {2}; sum from the text on {3}",
                     tree.app.model->token_text(node.id), std::exp(node.log_probability),
                     node.log_probability, node.total))
           .c_str());
  const char* fate = node.fate == BeamNode::Fate::kept       ? tr("Kept: the next step goes on from it.")
                     : node.fate == BeamNode::Fate::finished ? tr("Finished: this token ends the text.")
                                                             : tr("Dropped: others were better.");
  text(Font::small, colours().muted, fate);
  text(Font::small, colours().muted, tr("Click to make these the next tokens and go on from them"));
  ImGui::EndTooltip();
}

/// The node that was clicked, or -1.
int draw_tree(const App& app, const BeamSearch& search, int best) {
  WithFont with(Font::small);
  int ranks = 0;
  for (size_t i = 0, rank = 0; i < search.nodes().size(); ++i) {
    rank = i > 0 && search.nodes()[i].step == search.nodes()[i - 1].step ? rank + 1 : 0;
    ranks = std::max(ranks, int(rank) + 1);
  }
  const float gap = px(18), line = px(27);
  const float room = ImGui::GetContentRegionAvail().x + gap;
  const float column = std::max(px(100), std::floor(room / float(search.steps())));
  ImGui::BeginChild("tree", {0, line * float(ranks) + ImGui::GetStyle().ScrollbarSize + px(4)}, false,
                    ImGuiWindowFlags_HorizontalScrollbar);
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  Tree tree{app, search, {}, {std::min(column - gap, px(150)), px(23)}, on_path(search, best), {}};
  place(tree, corner, column, line);
  int clicked = -1, hovered = -1;
  for (size_t i = 0; i < tree.at.size(); ++i) {
    ImGui::SetCursorScreenPos(tree.at[i]);
    ImGui::PushID(int(i));
    if (ImGui::InvisibleButton("node", tree.size)) clicked = int(i);
    ImGui::PopID();
    if (i < 8) mark(("beam_node_" + std::to_string(i)).c_str());
    if (ImGui::IsItemHovered()) hovered = int(i);
  }
  tree.pointed = on_path(search, hovered);
  edges(tree);
  for (size_t i = 0; i < tree.at.size(); ++i) box(tree, i);
  ImGui::EndChild();
  if (hovered >= 0) node_tooltip(tree, search.nodes()[size_t(hovered)]);
  return clicked;
}

/// What came out, best first; the node of the one that was clicked, or -1.
int draw_hypotheses(const App& app, const std::vector<Hypothesis>& found) {
  int clicked = -1;
  WithFont with(Font::small);
  for (size_t i = 0; i < found.size(); ++i) {
    std::string words;
    for (int id : found[i].ids) words += app.model->token_text(id);
    need_glyphs(words.c_str());
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = std::max(px(80), ImGui::GetContentRegionAvail().x), high = px(24);
    ImGui::PushID(int(i));
    if (ImGui::InvisibleButton("hypothesis", {width, high})) clicked = found[i].node;
    ImGui::PopID();
    mark(("hypothesis_" + std::to_string(i)).c_str());
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (ImGui::IsItemHovered())
      list->AddRectFilled(at, {at.x + width, at.y + high}, pack(colours().raised), px(4));
    const float y = at.y + (high - ImGui::GetFontSize()) / 2;
    const std::string score = number_text(found[i].score);
    const float score_width = ImGui::CalcTextSize(score.c_str()).x;
    const std::string place = std::to_string(i + 1) + ".";
    list->AddText({at.x + px(4), y}, pack(colours().muted), place.c_str());
    list->AddText({at.x + px(26), y}, pack(i == 0 ? colours().accent : colours().text),
                  fitting(words, width - score_width - px(44)).c_str());
    list->AddText({at.x + width - score_width - px(4), y}, pack(colours().muted), score.c_str());
    tooltip(tr("Click to make these the next tokens and go on from them"));
  }
  return clicked;
}

}  // namespace

void beams_page(App& app) {
  Insight& insight = app.insight;
  const int pass = app.predictions.pass;
  if (pass < 0 || app.predictions.trace != app.trace.get()) return note(say("Not computed yet."));
  beam_controls(insight.choices);
  const InsightChoices& choices = insight.choices;
  BeamSettings settings{.beams = choices.beams,
                        .new_tokens = choices.beam_steps,
                        .length_penalty = choices.length_penalty,
                        .ends = app.model->ends(),
                        .repetition = app.sampling};
  const auto trace = app.trace;
  const auto answer = insight.ask<Finding<BeamSearch>>(
      InsightTopic::beams, *trace, beam_key(pass, settings),
      [trace, pass, settings](Progress& progress) { return search(*trace, pass, settings, progress); });
  if (!answer.result) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const BeamSearch& found = **answer.result;
  const std::vector<Hypothesis> hypotheses = found.hypotheses();
  note(say(
      "Each step looks at the best continuations of all beams and keeps {0}. Filled: the best text; framed: "
      "kept; the others: dropped. Numbers: the sum of log-probabilities from the text on.",
      settings.beams));
  int clicked = draw_tree(app, found, hypotheses.empty() ? -1 : hypotheses[0].node);
  text(Font::small, colours().text,
       tr("Texts by score: that sum, divided by length to the power of the penalty"));
  if (const int chosen = draw_hypotheses(app, hypotheses); chosen >= 0) clicked = chosen;
  if (!is_off(Filter::penalties, settings.repetition) ||
      !is_off(Filter::no_repeat_ngram, settings.repetition))
    note(say("The two filters against repetition act here, too, on log-probabilities."));
  if (clicked < 0 || !answer.current) return;
  const std::vector<int> ids = path_to(found, clicked);
  app.force_token(ids[0], {ids.begin() + 1, ids.end()});
}

}  // namespace orrery
