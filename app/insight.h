#pragma once
#include <memory>

#include "app/background.h"
#include "app/heat_texture.h"
#include "app/position_choices.h"
#include "model/analysis/anatomy.h"
#include "model/analysis/head_guide.h"
#include "model/analysis/logit_lens.h"
#include "model/sampler.h"
#include "model/trace.h"
#include "renderer/scene_builder.h"

namespace orrery {

/// The pages of the pane that looks inside.
enum class InsightPage { attention, why, heads, lens, logits, neurons, space, sampling, beams };
constexpr int insight_pages = 9;

enum class PatternMode { weights, written, rollout };
/// Whose attention shows as arcs between the tokens in the scene.
enum class ArcMode { none, head, layer };
enum class LensMode { token, rank, entropy, divergence };
enum class GuideColumn { name, previous, induction, duplicate, first, self, entropy };

/// What the person looks at in the pane: choices only, nothing that is computed.
struct InsightChoices {
  InsightPage page = InsightPage::attention;
  // Attention
  int layer = 0, head = 0;
  PatternMode mode = PatternMode::weights;
  int query = -1, key = -1;      ///< the chosen pair of tokens; -1: the newest token, and where it looks most
  ArcMode arcs = ArcMode::none;  ///< of the chosen head or layer
  GuideColumn sorted_by = GuideColumn::name;
  bool descending = true;
  // Lens
  LensMode lens = LensMode::token;
  bool middles = false;       ///< states between attention and MLP too
  bool lens_columns = false;  ///< beside the residual stream in the scene
  // Logits
  int row = -1;                ///< the token whose output is explained; -1: the newest
  int token = -1, other = -1;  ///< whose logit, less whose; -1: the most probable; none
  bool by_size = true;         ///< the largest first, else in order of computation
  bool lengths = false;        ///< lengths of the parts in place of what they give
  int neurons_of = -1;         ///< the layer whose MLP is split into neurons; -1: none
  // Neurons
  int neuron_layer = -1, neuron = -1;
  // Space
  int state = -1;  ///< a state of the residual stream by number; -1: the table of tokens
  float yaw = 0.6f, pitch = 0.35f, zoom = 1;
  // Sampling
  std::optional<SamplingSettings> trial;  ///< settings that are tried out; none: those in use
  // Beams
  int beams = 3, beam_steps = 5;
  double length_penalty = 1;
};

/// What the two threads are asked for.
enum class InsightTopic {
  guide,
  grid,
  pattern,
  why,
  lens,
  predictions,
  logits,
  lengths,
  logit_neurons,
  neurons,
  neuron,
  space,
  sampling,
  beams,
  own_positions,
  positions,
  position_picture
};

/// What the pane that looks inside needs beside the App: two threads and the choices. Main thread.
struct Insight {
  Background quick;  ///< answers about the text
  Background slow;   ///< answers about the model alone, which may take long
  InsightChoices choices;
  std::shared_ptr<const Model> model;  ///< to which the anatomy belongs
  Anatomy anatomy;
  int model_number = 0;  ///< grows with every model that is shown
  SourceParts sources;  ///< what the chosen score is made of, largest first; filled by the page that asks why
  HeatTexture grid_picture, pattern_picture, position_picture;
  PositionChoices positions;
  PositionScheme own_positions;  ///< of the model

  /// Choices that make no sense for another model or text are dropped.
  void show(const std::shared_ptr<const Model>& shown);
  void close();  ///< gives back what lives in the OpenGL context, before it goes
  /// Asks `quick` about a recording; `rest` tells the questions of a topic apart.
  template <class Result, class Work>
  Background::Answer<Result> ask(InsightTopic topic, const Trace& trace, Background::Key rest, Work work) {
    rest.insert(rest.begin(), std::int64_t(trace.id()));
    return quick.ask<Result>(int(topic), std::move(rest), std::move(work));
  }
  const HeadParts* chosen_head() const { return anatomy.find_head(choices.layer, choices.head); }
  bool has_news() { return bool(int(quick.has_news()) | int(slow.has_news())); }
};

/// The field guide of the model's heads, computed once at load.
Background::Answer<Finding<HeadGuide>> ask_head_guide(Insight& insight);

/// The logit lens over the first `rows` tokens.
Background::Answer<Finding<LensTable>> ask_lens(Insight& insight, const std::shared_ptr<const Trace>& trace,
                                                int rows);

/// Rows of the recording that are complete at `steps`: all their numbers are known, the logits too.
int complete_rows(const Trace& trace, std::uint64_t steps);

}  // namespace orrery
