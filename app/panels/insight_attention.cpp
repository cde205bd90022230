#include <algorithm>
#include <cmath>

#include "app/app.h"
#include "app/language.h"
#include "app/panels/insight.h"
#include "app/panels/insight_widgets.h"
#include "app/pattern_pictures.h"

namespace orrery {
using namespace ui;

namespace {

constexpr ImU32 nothing = 0;  // a dot of a picture where there is no number

int look_of(const App& app) { return int(app.settings.theme) * 2 + int(app.settings.colour_blind); }

void pattern_buttons(InsightChoices& choices) {
  const auto mode = [&](const char* name, const char* label, PatternMode value) {
    if (choice(name, label, choices.mode == value)) choices.mode = value;
    ImGui::SameLine(0, px(4));
  };
  mode("mode_weights", tr("Attention"), PatternMode::weights);
  mode("mode_written", tr("What is written"), PatternMode::written);
  mode("mode_rollout", tr("Rollout"), PatternMode::rollout);
  const char* caption = tr("Arcs in the scene:");
  {
    WithFont with(Font::small);
    const float needed = ImGui::CalcTextSize(caption).x + ImGui::CalcTextSize(tr("this head")).x +
                         ImGui::CalcTextSize(tr("whole layer")).x + 4 * px(8) + 2 * px(4) + px(14);
    if (ImGui::GetContentRegionAvail().x < needed)
      ImGui::NewLine();
    else
      ImGui::SameLine(0, px(18));
  }
  const auto arcs = [&](const char* name, const char* label, ArcMode value) {
    ImGui::SameLine(0, px(4));
    if (choice(name, label, choices.arcs == value))
      choices.arcs = choices.arcs == value ? ArcMode::none : value;
  };
  ImGui::AlignTextToFramePadding();
  text(Font::small, colours().muted, caption);
  arcs("arcs_head", tr("this head"), ArcMode::head);
  arcs("arcs_layer", tr("whole layer"), ArcMode::layer);
  switch (choices.mode) {
    case PatternMode::weights:
      return note(say("How much of a token's attention (row) goes to each token (column)."));
    case PatternMode::written:
      return note(say("Attention times the length of what the head really writes for that token."));
    case PatternMode::rollout:
      return note(
          say("Attention of all layers so far, half of it the residual stream. It ignores values, MLPs and "
              "signs: a rough map, no explanation."));
  }
}

/// Everything that the badge of a head says, for its tooltip.
std::string head_words(App& app, int layer, int head) {
  std::string words = translate(say("Layer {0}, head {1}", layer, head));
  const auto guide = ask_head_guide(app.insight);
  if (!guide.result || !*guide.result) return words;
  for (const HeadScores& scores : (*guide.result)->heads)
    if (scores.layer == layer && scores.head == head) {
      const HeadKind kind = head_kind(scores);
      words += "\n" + std::string(head_kind_name(kind)) + " " + number_text(score_of(scores, kind));
    }
  return words;
}

/// One picture a head, a line a layer.
void grid(App& app, const PatternGrid& numbers, const std::shared_ptr<const void>& of, ImVec2 room) {
  InsightChoices& choices = app.insight.choices;
  const int width = numbers.heads * numbers.side, height = numbers.layers * numbers.side;
  app.insight.grid_picture.show(of, look_of(app), width, height, [&](std::vector<ImU32>& pixels) {
    for (size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = numbers.numbers[i] < 0
                      ? nothing
                      : weight_colour(app, double(numbers.numbers[i]) / std::max(1e-12, numbers.largest));
  });
  const bool whole_layers = choices.mode == PatternMode::rollout;
  const int columns = whole_layers ? 1 : numbers.heads;
  const float gap = px(3), title = px(22);
  const float size =
      std::floor(std::clamp(std::min((room.x - title) / float(columns), px(72)) - gap, px(12), px(72)));
  ImDrawList* list = ImGui::GetWindowDrawList();
  WithFont with(Font::small);
  const ImVec2 start = ImGui::GetCursorScreenPos();
  for (int layer = 0; layer < numbers.layers; ++layer) {
    const std::string name = std::to_string(layer);
    const float y = start.y + float(layer) * (size + gap);
    list->AddText({start.x, y + (size - ImGui::GetFontSize()) / 2}, pack(colours().muted), name.c_str());
    for (int head = 0; head < columns; ++head) {
      if (!app.insight.anatomy.find_head(layer, head)) continue;
      const ImVec2 low{start.x + title + float(head) * (size + gap), y}, high{low.x + size, low.y + size};
      ImGui::SetCursorScreenPos(low);
      ImGui::PushID(layer * 10000 + head);
      if (ImGui::InvisibleButton("head", {size, size})) choices.layer = layer, choices.head = head;
      ImGui::PopID();
      mark(("head_" + std::to_string(layer) + "_" + std::to_string(head)).c_str());
      list->AddRectFilled(low, high, pack(colours().raised));
      const ImVec2 from{float(head) / float(numbers.heads), float(layer) / float(numbers.layers)},
          to{float(head + 1) / float(numbers.heads), float(layer + 1) / float(numbers.layers)};
      list->AddImage(app.insight.grid_picture.id(), low, high, from, to);
      const bool chosen = layer == choices.layer && (whole_layers || head == choices.head);
      if (chosen || ImGui::IsItemHovered())
        list->AddRect({low.x - 1, low.y - 1}, {high.x + 1, high.y + 1},
                      pack(chosen ? colours().accent : colours().muted), 0, 0, px(2));
      if (ImGui::IsItemHovered())
        tooltip(whole_layers ? translate(say("Layer {0}", layer)).c_str()
                             : head_words(app, layer, head).c_str());
    }
  }
  ImGui::SetCursorScreenPos({start.x, start.y + float(numbers.layers) * (size + gap)});
  ImGui::Dummy({1, px(4)});
}

/// The lines of arithmetic that lead to a weight.
void arithmetic(const App& app, const HeadParts& head, TokenPair pair) {
  const Trace& trace = *app.trace;
  const auto line = [](const Font font, const std::string& words) {
    text(font, colours().text, words.c_str());
  };
  line(Font::small, translate(say("Token {0} '{1}' looks at token {2} '{3}'", pair.query,
                                  token_at(app, pair.query), pair.key, token_at(app, pair.key))));
  const Explanation score =
      head.scores->op->explain(*head.scores, {head.scores, pair.query, pair.key}, trace);
  if (head.scores->op->masked(pair.query, pair.key))
    return wrapped(Font::small, colours().muted, translate(score.words).c_str());
  std::vector<size_t> order(score.terms.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  const size_t shown = std::min<size_t>(3, order.size());
  std::partial_sort(
      order.begin(), order.begin() + std::ptrdiff_t(shown), order.end(),
      [&](size_t a, size_t b) { return std::abs(score.terms[a].value) > std::abs(score.terms[b].value); });
  double rest = score.value;
  line(Font::mono, translate(say("score = {0}", translate(score.formula))));
  for (size_t i = 0; i < shown; ++i) {
    const Term& term = score.terms[order[i]];
    std::string words;
    for (double value : term.values) words += (words.empty() ? "  " : " × ") + number_text(value);
    line(Font::mono, words + " = " + number_text(term.value));
    rest -= term.value;
  }
  if (shown < order.size())
    line(Font::mono, "  + " + translate(say("{0} more: {1}", order.size() - shown, rest)));
  line(Font::mono, translate(say("score = {0}", score.value)));
  const Explanation weight =
      head.pattern->op->explain(*head.pattern, {head.pattern, pair.query, pair.key}, trace);
  line(Font::mono, translate(say("weight = {0}", translate(weight.formula))));
  line(Font::mono, translate(say("weight = {0}", weight.value)));
}

/// Diagonal lines over the part where no token may look: masked is drawn as masked.
void hatch_masked(ImDrawList* list, ImVec2 at, float size, ImU32 colour) {
  const float step = std::max(px(7), size / 40);
  for (float c = step; c < 2 * size; c += step) {
    const ImVec2 diagonal{at.x + c / 2, at.y + c / 2};
    const ImVec2 end = c <= size ? ImVec2{at.x + c, at.y} : ImVec2{at.x + size, at.y + c - size};
    list->AddLine(diagonal, end, colour);
  }
}

/// Names of tokens along the left and the upper edge, as many as can be read.
void token_names(const App& app, ImDrawList* list, ImVec2 at, float cell, int rows, TokenPair pair) {
  WithFont with(Font::small);
  const float line = ImGui::GetFontSize();
  const int every = std::max(1, int(std::ceil(line * 0.95f / cell)));
  for (int row = 0; row < rows; ++row) {
    const bool chosen_row = row == pair.query, chosen_col = row == pair.key;
    const bool regular = row % every == 0;
    std::string words = token_at(app, row);
    need_glyphs(words.c_str());
    words = fitting(words, px(44));
    const float middle = (float(row) + 0.5f) * cell;
    const auto free = [&](int chosen) { return std::abs(row - chosen) >= every || every == 1; };
    if (chosen_row || (regular && free(pair.query)))
      list->AddText({at.x - ImGui::CalcTextSize(words.c_str()).x - px(6), at.y + middle - line / 2},
                    pack(chosen_row ? colours().text : colours().muted), words.c_str());
    if (chosen_col || (regular && free(pair.key)))
      slanted_text(list, {at.x + middle - line * 0.35f, at.y - px(9)},
                   pack(chosen_col ? colours().text : colours().muted), words);
  }
}

void pattern(App& app, const HeadParts& head, const PatternPicture& picture,
             const std::shared_ptr<const void>& of, float room) {
  InsightChoices& choices = app.insight.choices;
  const int rows = picture.numbers.rows;
  app.insight.pattern_picture.show(of, look_of(app), rows, rows, [&](std::vector<ImU32>& pixels) {
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < rows; ++j)
        pixels[size_t(i) * size_t(rows) + size_t(j)] =
            head.pattern->op->masked(i, j)
                ? nothing
                : weight_colour(app, picture.numbers(i, j) / std::max(1e-12, picture.largest));
  });
  const float left = px(52), above = px(46);
  const ImVec2 start = ImGui::GetCursorScreenPos();
  const float size =
      std::max(px(60), std::min(ImGui::GetContentRegionAvail().x - left - px(4), room - above));
  const float cell = size / float(rows);
  const ImVec2 at{start.x + left, start.y + above}, end{at.x + size, at.y + size};
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImGui::SetCursorScreenPos(at);
  const bool clicked = ImGui::InvisibleButton("pattern", {size, size});
  mark("pattern");
  const bool hovered = ImGui::IsItemHovered();
  list->AddRectFilled(at, end, pack(fade(colours().raised, 0.6f)));
  hatch_masked(list, at, size, pack(colours().line));
  list->AddImage(app.insight.pattern_picture.id(), at, end);
  TokenPair pair = chosen_pair(app, head, rows);
  const auto outline = [&](TokenPair cells, const ImVec4& colour, float thick) {
    const ImVec2 low{at.x + float(cells.key) * cell, at.y + float(cells.query) * cell};
    list->AddRect({low.x - 1, low.y - 1}, {low.x + cell + 1, low.y + cell + 1}, pack(colour), 0, 0, thick);
  };
  outline(pair, colours().warm, px(2));
  TokenPair named = pair;
  if (hovered) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    named.query = std::clamp(int((mouse.y - at.y) / cell), 0, rows - 1);
    named.key = std::clamp(int((mouse.x - at.x) / cell), 0, rows - 1);
    outline(named, colours().text, px(1));
    if (clicked && !head.pattern->op->masked(named.query, named.key))
      choices.query = named.query, choices.key = named.key;
    ImGui::BeginTooltip();
    arithmetic(app, head, named);
    if (choices.mode != PatternMode::weights && !head.pattern->op->masked(named.query, named.key))
      text(Font::mono, colours().accent,
           ((choices.mode == PatternMode::written ? "weight × |v W_O| = " : "rollout = ") +
            number_text(picture.numbers(named.query, named.key)))
               .c_str());
    ImGui::EndTooltip();
  }
  token_names(app, list, at, cell, rows, named);
  ImGui::SetCursorScreenPos({start.x, end.y + px(4)});
}

/// What the numbers under the pattern say about the head and the chosen pair.
void words_below(App& app, const HeadParts& head, const PatternPicture& picture) {
  InsightChoices& choices = app.insight.choices;
  const TokenPair pair = chosen_pair(app, head, picture.numbers.rows);
  wrapped(Font::small, colours().text,
          translate(say("'{0}' looks at '{1}': {2}", token_at(app, pair.query), token_at(app, pair.key),
                        picture.numbers(pair.query, pair.key)))
              .c_str());
  if (choices.mode != PatternMode::rollout) {
    if (choice("ask_why", tr("Why does it look there?"), false)) {
      choices.query = pair.query, choices.key = pair.key;
      choices.page = InsightPage::why;
    }
    mark("ask_why");
  }
  if (choices.mode == PatternMode::written)
    note(say("Colours end at {0}, the largest of this head.", picture.largest));
  if (picture.sink)
    wrapped(
        Font::small, picture.sink->is_sink() ? colours().warm : colours().muted,
        translate(picture.sink->is_sink()
                      ? say("Attention sink: {0} of the attention goes to the first token, but only {1} of "
                            "what is written comes from it.",
                            picture.sink->attention, picture.sink->written)
                      : say("First token: {0} of the attention, {1} of what is written.",
                            picture.sink->attention, picture.sink->written))
            .c_str());
  double entropy = 0;
  for (size_t i = 1; i < picture.entropy.size(); ++i)
    entropy += picture.entropy[i] / double(picture.entropy.size() - 1);
  note(say("Entropy {0}: 0 looks at one token, 1 at all alike.", entropy));
}

std::int64_t known_rows(const Trace& trace, const Anatomy& anatomy, std::uint64_t steps) {
  std::int64_t known = 0;
  for (const LayerParts& layer : anatomy.layers)
    for (const HeadParts& head : layer.heads) known += trace.rows_known(*head.pattern, steps);
  return known;
}

void heads_side(App& app, ImVec2 room) {
  Insight& insight = app.insight;
  const std::uint64_t steps = app.playback.steps();
  const auto trace = app.trace;
  const auto mode = insight.choices.mode;
  const auto answer = insight.ask<Finding<PatternGrid>>(
      InsightTopic::grid, *trace, {int(mode), known_rows(*trace, insight.anatomy, steps)},
      [trace, anatomy = insight.anatomy, mode, steps](Progress& progress) {
        return pattern_grid(*trace, anatomy, mode, steps, progress);
      });
  if (!answer.result) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  grid(app, **answer.result, answer.result, room);
}

void pattern_side(App& app) {
  Insight& insight = app.insight;
  const HeadParts* head = insight.chosen_head();
  if (!head) return;
  const auto trace = app.trace;
  const auto mode = insight.choices.mode;
  int rows = trace->rows_known(*head->pattern, app.playback.steps());
  if (mode == PatternMode::rollout) rows = std::min(rows, complete_rows(*trace, app.playback.steps()));
  text(Font::body, colours().text,
       translate(mode == PatternMode::rollout ? say("Layer {0}", head->layer)
                                              : say("Layer {0}, head {1}", head->layer, head->head))
           .c_str());
  if (rows == 0) return note(say("Not computed yet."));
  const auto answer = insight.ask<Finding<PatternPicture>>(
      InsightTopic::pattern, *trace, {int(mode), head->layer, head->head, rows},
      [trace, anatomy = insight.anatomy, head = *head, mode, rows](Progress&) {
        return pattern_picture(*trace, anatomy, head, mode, rows);
      });
  if (!answer.result) return waiting(answer.progress);
  if (!*answer.result) return note(answer.result->why_not);
  const PatternPicture& shown = **answer.result;
  if (shown.layer != head->layer || shown.head != head->head || shown.mode != mode)
    return waiting(answer.progress);
  pattern(app, *head, **answer.result, answer.result,
          std::max(px(160), ImGui::GetContentRegionAvail().y - px(136)));
  words_below(app, *head, **answer.result);
}

}  // namespace

TokenPair chosen_pair(const App& app, const HeadParts& head, int rows) {
  const InsightChoices& choices = app.insight.choices;
  TokenPair pair{choices.query, choices.key};
  if (pair.query < 0 || pair.query >= rows) pair = {rows - 1, -1};
  if (pair.key >= 0 && pair.key < rows && !head.pattern->op->masked(pair.query, pair.key)) return pair;
  const MatrixView weights = app.trace->view(*head.pattern);
  pair.key = pair.query;
  for (int j = 0; j <= pair.query; ++j)
    if (!head.pattern->op->masked(pair.query, j) && weights(pair.query, j) > weights(pair.query, pair.key))
      pair.key = j;
  return pair;
}

void attention_page(App& app) {
  if (app.insight.anatomy.head_count() == 0) return note(no_attention());
  pattern_buttons(app.insight.choices);
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const float side = std::min(room.x * 0.38f, px(22) + px(75) * float(app.model->graph().head_count()));
  ImGui::BeginChild("heads_side", {side, 0});
  heads_side(app, {side - px(10), room.y});
  ImGui::EndChild();
  ImGui::SameLine();
  ImGui::BeginChild("pattern_side");
  pattern_side(app);
  ImGui::EndChild();
}

}  // namespace orrery
