#pragma once
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "model/analysis/anatomy.h"
#include "model/message.h"
#include "renderer/scene.h"

namespace orrery {

/// Whose attention is shown as arcs between the tokens.
struct ArcChoice {
  int layer = 0;
  int head = -1;   ///< -1: the mean over the layer's heads
  int query = -1;  ///< the one token whose arcs are shown; -1: all
  /// How much is written instead of how much is looked at: attention times |v_j W_O|.
  bool written = false;
  bool operator==(const ArcChoice&) const = default;
  std::string name() const {
    return "L" + std::to_string(layer) + (head < 0 ? "" : "H" + std::to_string(head));
  }
};

/// How much of a token's attention goes to another, or to itself; or how much is written.
struct AttentionArc {
  int query = 0, key = 0;
  float number = 0;  ///< the weight, or the length of what is written
  float weight = 0;  ///< 0..1: the number over the largest that there can be, or that there is
};

/// The arcs of a head or layer, read from a recording and kept until something else is asked for. Main
/// thread.
class AttentionArcs {
 public:
  /// No arc is drawn for less; where there would be more than `most` arcs, the smallest are left out as well.
  static constexpr float least_weight = 0.05f;
  static constexpr size_t most = 600;

  /// Reads the weights that are computed after `steps` steps; of a layer where all its heads are. What is
  /// written costs a multiplication for each number of W_O and token: after about `work` of them the rest is
  /// left to the next call.
  void find(const Trace& trace, const ArcChoice& choice, std::uint64_t steps, double work = unlimited);
  static constexpr double unlimited = std::numeric_limits<double>::infinity();
  /// Whether nothing was left to the next call.
  bool complete() const { return complete_; }
  std::span<const AttentionArc> arcs() const { return arcs_; }
  /// The number from which on arcs are drawn, and that of the widest there can be.
  float threshold() const { return threshold_; }
  float largest() const { return largest_; }
  /// Why it cannot be told what is written.
  const std::optional<Message>& why_not() const { return why_not_; }
  /// The patterns that are read; empty if there is no such head.
  std::span<const Tensor* const> patterns() const { return patterns_; }

 private:
  void choose(const Trace& trace, const ArcChoice& choice);
  int measure(const Trace& trace, int rows, double work);
  void collect(const Trace& trace);
  void keep_largest();

  std::uint64_t trace_ = 0;  // Trace::id()
  ArcChoice choice_;
  int rows_ = -1;
  bool complete_ = true;
  std::vector<HeadParts> heads_;
  std::vector<const Tensor*> patterns_;
  std::vector<std::vector<double>> lengths_;  // a row a head, |v_j W_O| for each token so far
  std::vector<AttentionArc> arcs_;
  float threshold_ = least_weight, largest_ = 1;
  std::optional<Message> why_not_;
};

/// Where an arc runs: left of the rows of the input, from the query's row to the key's; the further apart the
/// tokens, the further out. Its width says the weight.
SceneStrand arc_strand(const Layout& layout, const Block& input, const AttentionArc& arc);

/// Adds them to the scene, with the name of whose they are above; of a chosen query also the numbers. Rows
/// from `fresh_row` on are just being computed and show as far as `progress` (0..1) has come.
void add_arcs(Scene& scene, const AttentionArcs& arcs, const ArcChoice& choice, int fresh_row,
              float progress);

}  // namespace orrery
