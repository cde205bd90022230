#include "renderer/attention_arcs.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "model/analysis/attention_views.h"
#include "renderer/palette.h"

namespace orrery {

void AttentionArcs::choose(const Trace& trace, const ArcChoice& choice) {
  heads_.clear();
  patterns_.clear();
  why_not_.reset();
  rows_ = -1;
  for (const LayerParts& layer : anatomy_of(trace.graph()).layers)
    for (const HeadParts& head : layer.heads)
      if (head.layer == choice.layer && (choice.head < 0 || head.head == choice.head)) {
        heads_.push_back(head);
        patterns_.push_back(head.pattern);
      }
  lengths_.assign(heads_.size(), {});
}

void AttentionArcs::find(const Trace& trace, const ArcChoice& choice, std::uint64_t steps, double work) {
  if (trace_ != trace.id() || choice_.layer != choice.layer || choice_.head != choice.head)
    choose(trace, choice);
  int rows = patterns_.empty() ? 0 : trace.capacity();
  for (const Tensor* pattern : patterns_) rows = std::min(rows, trace.rows_known(*pattern, steps));
  complete_ = true;
  if (choice.written) rows = measure(trace, rows, work);
  if (trace_ == trace.id() && choice_ == choice && rows_ == rows) return;
  trace_ = trace.id();
  choice_ = choice;
  rows_ = rows;
  collect(trace);
}

/// Goes on measuring what is written for each token; returns for how many it is known in all heads.
int AttentionArcs::measure(const Trace& trace, int rows, double work) {
  for (size_t i = 0; i < heads_.size() && !why_not_; ++i) {
    std::vector<double>& lengths = lengths_[i];
    const int begin = int(lengths.size());
    if (begin >= rows) continue;
    const double each =
        heads_[i].output ? double(heads_[i].output->rows.size) * heads_[i].output->cols.size : 1;
    const int end = int(std::min(double(rows), begin + std::max(1.0, std::floor(work / each))));
    const auto found = value_lengths(trace, heads_[i], {begin, end});
    if (!found) {
      why_not_ = found.why_not;
      break;
    }
    lengths.insert(lengths.end(), found->begin(), found->end());
    work = std::max(0.0, work - each * (end - begin));
    complete_ = complete_ && end == rows;
  }
  if (why_not_) return 0;
  for (const std::vector<double>& lengths : lengths_) rows = std::min(rows, int(lengths.size()));
  return rows;
}

void AttentionArcs::collect(const Trace& trace) {
  arcs_.clear();
  largest_ = choice_.written ? 0 : 1;
  const bool one = choice_.query >= 0 && !choice_.written;  // the largest length is sought among all
  for (int query = one ? choice_.query : 0; query < (one ? std::min(choice_.query + 1, rows_) : rows_);
       ++query)
    for (int key = 0; key < rows_; ++key) {
      double sum = 0;
      bool masked = false;
      for (size_t i = 0; i < patterns_.size(); ++i) {
        masked = masked || patterns_[i]->op->masked(query, key);
        if (!masked)
          sum += double(trace.view(*patterns_[i])(query, key)) *
                 (choice_.written ? lengths_[i][size_t(key)] : 1);
      }
      const auto number = float(sum / double(patterns_.size()));
      if (masked) continue;
      if (choice_.written) largest_ = std::max(largest_, number);
      if ((choice_.query < 0 || choice_.query == query) && (choice_.written || number >= least_weight))
        arcs_.push_back({query, key, number, number});
    }
  threshold_ = least_weight * largest_;
  if (choice_.written) std::erase_if(arcs_, [&](const AttentionArc& arc) { return arc.number < threshold_; });
  for (AttentionArc& arc : arcs_) arc.weight = largest_ > 0 ? arc.number / largest_ : 0;
  keep_largest();
}

void AttentionArcs::keep_largest() {
  if (arcs_.size() <= most) return;
  const auto end = arcs_.begin() + std::ptrdiff_t(most);
  std::nth_element(arcs_.begin(), end - 1, arcs_.end(),
                   [](const AttentionArc& a, const AttentionArc& b) { return a.number > b.number; });
  arcs_.erase(end, arcs_.end());
  threshold_ = arcs_.back().number;
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
    std::snprintf(number, sizeof number, "%.2f", double(arc.number));
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
