#pragma once
#include <memory>
#include <span>
#include <vector>

#include "model/progress.h"
#include "model/trace.h"

namespace orrery {

struct BeamSettings {
  int beams = 3;
  int new_tokens = 8;                ///< at most
  double length_penalty = 1;         ///< a hypothesis' score: its log-probability / length ^ this
  bool early_stopping = false;       ///< stop once there are as many finished hypotheses as beams
  std::vector<int> ends = {};        ///< the ids that finish a hypothesis
  SamplingSettings repetition = {};  ///< of these, only the penalties and no_repeat_ngram act
};

/// One continuation that a step of the search looked at: a node of the tree of all of them.
struct BeamNode {
  enum class Fate { kept, finished, dropped };
  int parent = -1;  ///< its place among the nodes; -1: the text itself
  int step = 0;
  int id = 0;
  double log_probability = 0;  ///< of the token, after what came before; as the repetition filters left it
  double total = 0;            ///< sum of those from the text on
  Fate fate = Fate::dropped;   ///< kept: the next step goes on from it
};

struct Hypothesis {
  std::vector<int> ids;  ///< new tokens, with the end if it is finished
  double total = 0, score = 0;
  bool finished = false;
  int node = -1;  ///< its last
};

/// Beam search as Hugging Face's (reference section 13.3), on logits alone: whoever runs the network feeds
/// them in. It starts with one beam, the text. Pure.
class BeamSearch {
 public:
  struct Beam {
    int parent = 0;  ///< its place among the beams of the step before
    int node = -1;
    double total = 0;
    std::vector<int> ids;  ///< new tokens
  };

  BeamSearch(const BeamSettings& settings, std::span<const int> text);

  /// One step: `logits` [V] for each live beam, in order. Throws Error if no token can follow.
  void step(std::span<const std::vector<float>> logits);
  bool done() const { return done_ || steps_ >= settings_.new_tokens || beams_.empty(); }
  int steps() const { return steps_; }
  const std::vector<Beam>& beams() const { return beams_; }      ///< live ones, best first
  const std::vector<BeamNode>& nodes() const { return nodes_; }  ///< step by step, best first
  const std::vector<int>& text() const { return text_; }
  /// At most as many as beams, best first; those still live count once the search has used up its tokens.
  std::vector<Hypothesis> hypotheses() const;

 private:
  struct Candidate {
    int beam, id;
    double log_probability, total;
  };
  std::vector<float> scores(const Beam& beam, std::span<const float> logits) const;
  std::vector<Candidate> best_candidates(std::span<const std::vector<float>> logits) const;
  bool add(std::vector<Hypothesis>& heap, Hypothesis hypothesis) const;
  bool nothing_better(double best_total) const;

  BeamSettings settings_;
  std::vector<int> text_;
  std::vector<Beam> beams_;
  std::vector<BeamNode> nodes_;
  std::vector<Hypothesis> finished_;
  int steps_ = 0;
  bool done_ = false;
};

/// Runs a whole search over a text, one state of the network a beam; fewer tokens than asked for if the
/// context is full. Throws Error (see PlainExecutor::feed) and Cancelled.
BeamSearch beam_search(const std::shared_ptr<const Model>& model, std::span<const int> text,
                       const BeamSettings& settings, Progress& progress);
/// The same, going on from a recording's pass whose logits are complete; computes none of its rows again.
BeamSearch beam_search(const Trace& trace, int pass, const BeamSettings& settings, Progress& progress);

}  // namespace orrery
