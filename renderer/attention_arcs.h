#pragma once
#include <optional>
#include <span>
#include <vector>

#include "renderer/scene.h"

namespace orrery {

/// Whose attention is shown as arcs between the tokens.
struct ArcChoice {
  int layer = 0;
  int head = -1;   ///< -1: the mean over the layer's heads
  int query = -1;  ///< the one token whose arcs are shown; -1: all
  bool operator==(const ArcChoice&) const = default;
  std::string name() const {
    return "L" + std::to_string(layer) + (head < 0 ? "" : "H" + std::to_string(head));
  }
};

/// How much of a token's attention goes to another, or to itself.
struct AttentionArc {
  int query = 0, key = 0;
  float weight = 0;  ///< 0..1
};

/// The arcs of a head or layer, read from a recording and kept until something else is asked for. Main
/// thread.
class AttentionArcs {
 public:
  /// No arc is drawn for less; where there would be more than `most` arcs, the smallest are left out as well.
  static constexpr float least_weight = 0.05f;
  static constexpr size_t most = 600;

  /// Reads the weights that are computed after `steps` steps; of a layer where all its heads are.
  void find(const Trace& trace, const ArcChoice& choice, std::uint64_t steps);
  std::span<const AttentionArc> arcs() const { return arcs_; }
  /// The weight from which on arcs are drawn.
  float threshold() const { return threshold_; }
  /// The patterns that are read; empty if there is no such head.
  std::span<const Tensor* const> patterns() const { return patterns_; }

 private:
  void collect(const Trace& trace);

  std::uint64_t trace_ = 0;  // Trace::id()
  ArcChoice choice_;
  int rows_ = -1;
  std::vector<const Tensor*> patterns_;
  std::vector<AttentionArc> arcs_;
  float threshold_ = least_weight;
};

/// Where an arc runs: left of the rows of the input, from the query's row to the key's; the further apart the
/// tokens, the further out. Its width says the weight.
SceneStrand arc_strand(const Layout& layout, const Block& input, const AttentionArc& arc);

/// Adds them to the scene, with the name of whose they are above; of a chosen query also the numbers. Rows
/// from `fresh_row` on are just being computed and show as far as `progress` (0..1) has come.
void add_arcs(Scene& scene, const AttentionArcs& arcs, const ArcChoice& choice, int fresh_row,
              float progress);

}  // namespace orrery
