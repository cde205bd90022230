#include "renderer/attention_arcs.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "model/analysis/anatomy.h"
#include "renderer/palette.h"

namespace orrery {

void AttentionArcs::find(const Trace& trace, const ArcChoice& choice, std::uint64_t steps) {
  if (trace_ != trace.id() || choice_.layer != choice.layer || choice_.head != choice.head) {
    patterns_.clear();
    rows_ = -1;
    for (const LayerParts& layer : anatomy_of(trace.graph()).layers)
      for (const HeadParts& head : layer.heads)
        if (head.layer == choice.layer && (choice.head < 0 || head.head == choice.head))
          patterns_.push_back(head.pattern);
  }
  int rows = patterns_.empty() ? 0 : trace.capacity();
  for (const Tensor* pattern : patterns_) rows = std::min(rows, trace.rows_known(*pattern, steps));
  if (trace_ == trace.id() && choice_ == choice && rows_ == rows) return;
  trace_ = trace.id();
  choice_ = choice;
  rows_ = rows;
  collect(trace);
}

void AttentionArcs::collect(const Trace& trace) {
  arcs_.clear();
  threshold_ = least_weight;
  const int first = std::max(0, choice_.query), last = choice_.query < 0 ? rows_ : choice_.query + 1;
  for (int query = first; query < std::min(last, rows_); ++query)
    for (int key = 0; key < rows_; ++key) {
      double sum = 0;
      bool masked = false;
      for (const Tensor* pattern : patterns_) {
        masked = masked || pattern->op->masked(query, key);
        if (!masked) sum += double(trace.view(*pattern)(query, key));
      }
      const auto weight = float(sum / double(patterns_.size()));
      if (!masked && weight >= least_weight) arcs_.push_back({query, key, weight});
    }
  if (arcs_.size() <= most) return;
  const auto end = arcs_.begin() + std::ptrdiff_t(most);
  std::nth_element(arcs_.begin(), end - 1, arcs_.end(),
                   [](const AttentionArc& a, const AttentionArc& b) { return a.weight > b.weight; });
  arcs_.erase(end, arcs_.end());
  threshold_ = arcs_.back().weight;
}

SceneStrand arc_strand(const Layout& layout, const Block& input, const AttentionArc& arc) {
  const float cell = input.cell.y, reach = input.corner.x - layout.arc_edge.x;
  const int apart = std::abs(arc.query - arc.key);
  const float out = apart == 0 ? std::min(0.7f * cell, reach)
                               : reach * std::sqrt(float(apart) / float(std::max(1, input.rows - 1)));
  // What leaves a row and what arrives there start a little apart, so that the two can be told.
  const float lean = apart == 0 ? 0.30f : arc.key < arc.query ? 0.13f : -0.13f;
  auto row = [&](int index, float shift) {
    return input.corner +
           glm::vec3(-0.25f * cell, -(float(index - input.first_row) + 0.5f - shift) * cell, 0);
  };
  const glm::vec3 from = row(arc.query, lean), to = row(arc.key, -lean);
  // A cubic's middle comes three quarters of the way to its inner points.
  const glm::vec3 bend{-(out - 0.25f * cell) / 0.75f, 0, 0};
  SceneStrand strand;
  strand.strand = -1;
  const glm::vec3 way[4] = {from, from + bend, to + bend, to};
  std::copy(std::begin(way), std::end(way), strand.points);
  strand.width = cell * (0.04f + 0.26f * arc.weight);
  return strand;
}

void add_arcs(Scene& scene, const AttentionArcs& arcs, const ArcChoice& choice, int fresh_row,
              float progress) {
  const Layout& layout = *scene.layout;
  const Graph& graph = scene.trace->graph();
  const auto& blocks = layout.blocks_of[size_t(graph.tokens().index)];
  if (blocks.empty() || arcs.patterns().empty()) return;
  const Block& input = layout.blocks[size_t(blocks.front())];
  const Palette& colours = palette(scene.theme, scene.colour_blind);
  const glm::vec3 colour = colours.frame(Kind::attention);
  const float cell = input.cell.y;
  for (const AttentionArc& arc : arcs.arcs()) {
    if (std::max(arc.query, arc.key) >= input.first_row + input.rows) continue;
    const float shown = arc.query >= fresh_row ? progress : 1;
    SceneStrand strand = arc_strand(layout, input, arc);
    strand.colour = glm::vec4(colour, (0.18f + 0.77f * arc.weight) * shown);
    scene.strands.push_back(strand);
    if (choice.query < 0) continue;
    char number[16];
    std::snprintf(number, sizeof number, "%.2f", double(arc.weight));
    SceneText text;
    text.text = number;
    text.height = 0.6f * cell;
    text.anchor = input.corner + glm::vec3(input.size().x + (input_texts + input_numbers) * cell,
                                           -(float(arc.key - input.first_row) + 0.72f) * cell, 0);
    text.align = 1;
    text.rank = LabelRank::token;
    text.colour = glm::vec4(colour, shown);
    text.priority = 7;
    scene.texts.push_back(std::move(text));
  }
  SceneText title;
  title.text = choice.name();
  for (const Label& label : layout.labels)
    if (label.tensor == &graph.tokens()) title.height = label.height, title.anchor = label.anchor;
  title.anchor.x = input.corner.x - 0.3f * cell;
  title.align = 1;
  title.rank = LabelRank::part;
  title.colour = glm::vec4(colour, 1);
  title.priority = 7;
  scene.texts.push_back(std::move(title));
}

}  // namespace orrery
