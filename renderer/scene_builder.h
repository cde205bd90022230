#pragma once
#include <functional>
#include <optional>

#include "renderer/attention_arcs.h"
#include "renderer/lens_columns.h"
#include "renderer/op_animation.h"
#include "renderer/scene.h"

namespace orrery {

/// A cell whose card is pinned, and the card's colour.
struct PinnedCell {
  Cell cell;
  glm::vec3 colour{1};
};

/// Cells that a card names, and the cell that they were read for (or the other way round: who reads it).
struct PointedOperand {
  Region from;
  Region to;
};

/// What a number is made of, in parts.
struct SourceParts {
  struct Part {
    Region from;
    float share = 0;  ///< of the largest, with its sign
  };
  std::vector<Part> parts;
  Region to;
};

/// How a scene is to be shown; what the person points at.
struct SceneOptions {
  Theme theme = Theme::dark;
  bool colour_blind = false;
  RangeRule range = RangeRule::tensor;
  bool reduced_motion = false;
  float time = 0;                                        ///< seconds; only moving flows read it
  std::optional<Cell> hovered, selected;                 ///< marked with what they were computed from
  std::vector<PinnedCell> pinned;                        ///< cells of cards that stay
  std::optional<PointedOperand> pointed;                 ///< in a card
  const Tensor* looked_at = nullptr;                     ///< nothing is to stand before it
  Closeness closeness = Closeness::tensors;              ///< how closely the step under way is shown
  std::optional<CellMoment> replay;                      ///< a known cell whose making is shown again
  const SourceParts* sources = nullptr;                  ///< lit, with an arrow each
  std::optional<ArcChoice> arcs;                         ///< attention between the tokens
  double arcs_work = AttentionArcs::unlimited;           ///< for AttentionArcs::find()
  const LensTable* lens = nullptr;                       ///< ghost columns beside the residual stream
  float text_scale = 1;                                  ///< of texts that are as large as a window's
  std::function<std::string(const Message&)> translate;  ///< null: English
  std::string language = "en";                           ///< whose words translate() gives
};

/// Turns a recording at a cursor into what one frame shows. A pure function of its arguments but for caches
/// (the probabilities of the row that is shown, the derivation of the cell in the making, the arcs). Main
/// thread.
class SceneBuilder {
 public:
  /// Fills `scene` for the layout and the recording (null: weights only) at `position` published steps; its
  /// fraction is how far the step under way has come. `scene.camera` is left as it is (marks are made large
  /// enough to be seen from there); memory is used again from frame to frame.
  void build(Scene& scene, const Layout& layout, const Trace* trace, double position,
             const SceneOptions& options);
  /// The arcs that were built last.
  const AttentionArcs& arcs() const { return arcs_; }

 private:
  struct Step;
  void add_blocks(Scene& scene, const Layout& layout, const Trace* trace, const Step& step) const;
  void add_strands(Scene& scene, const Layout& layout, const Step& step, const SceneOptions& options) const;
  void add_labels(Scene& scene, const Layout& layout, const SceneOptions& options);
  void add_aggregates(Scene& scene, const Layout& layout, const Trace* trace, const SceneOptions& options);
  void add_token_texts(Scene& scene, const Layout& layout, const Trace& trace, const Step& step,
                       const SceneOptions& options) const;
  void add_predictions(Scene& scene, const Layout& layout, const Trace& trace, const Step& step,
                       const SceneOptions& options);
  void add_looks_inside(Scene& scene, const Trace& trace, const Step& step, const SceneOptions& options);
  void add_falling_token(Scene& scene, const Layout& layout, const Trace& trace, const Step& step,
                         const SceneOptions& options) const;
  void add_animation(Scene& scene, const Trace& trace, double position, const Step& step,
                     const SceneOptions& options);

  /// What the labels in a scene were made from.
  struct LabelsOf {
    const Scene* scene = nullptr;
    const Layout* layout = nullptr;
    std::uint64_t layout_version = 0;
    Theme theme = Theme::dark;
    bool colour_blind = false;
    std::string language;
    bool operator==(const LabelsOf&) const = default;
  };
  LabelsOf labels_of_;
  struct AggregatesOf {
    std::uint64_t trace = 0, steps = 0;
    bool operator==(const AggregatesOf&) const = default;
  };
  AggregatesOf aggregates_of_;
  size_t aggregates_ = 0;  // texts behind the labels
  struct Best {
    int id;
    float probability;
  };
  std::uint64_t cached_trace_ = 0;  // Trace::id()
  int cached_row_ = -1;
  std::vector<Best> best_;
  AttentionArcs arcs_;
  LensTitles lens_titles_;
  std::string lens_language_;     // in which these are
  std::uint64_t derived_in_ = 0;  // Trace::id()
  Derivation derived_;            // of the cell in the making
};

}  // namespace orrery
