#pragma once
#include <functional>
#include <optional>

#include "model/derivation.h"
#include "renderer/scene.h"

namespace orrery {

/// How closely the work of a step is shown: the tensors alone, the cell that is being made, each number on
/// the way.
enum class Closeness { tensors, cells, terms };

/// A cell in the making.
struct CellMoment {
  Cell cell;
  double progress = 0;  ///< of its derivation, 0..1
};

/// The cell that is being made at a position between two steps: the step's cells come row by row, each as
/// long as the others. None at a whole step, while a token is chosen, or where the step is not published yet.
std::optional<CellMoment> cell_moment(const Trace& trace, double position);
/// The position at which `progress` of a cell of the step that computes its tensor has come in `pass`; the
/// cell must be one that this pass computes.
double position_of(const Trace& trace, int pass, const CellMoment& moment);

/// What a step's way is divided into: its cells, and the moments of the cell that is being made.
struct StepWork {
  double cells = 1, ticks = 1;
};
/// For the step under way at `position`; where it is whole, the next one (backwards: the one before).
StepWork step_work(const Trace& trace, double position, bool backwards);

/// The position at which the next moment of a cell's making (way 1) or the one before (-1) can be read: its
/// terms one by one, then those of the next cell; at a step's end the whole step.
double tick_beside(const Trace& trace, double position, int way);

/// How an animation is to look.
struct AnimationStyle {
  Theme theme = Theme::dark;
  bool colour_blind = false, reduced_motion = false;
  std::function<std::string(const Message&)> translate;  ///< null: English
};

/// Adds to `scene` how a cell is made, from its derivation alone: the operands light up, the terms come
/// together one by one, what comes out lands in the cell. Pure. Closeness::tensors adds nothing.
void add_cell_animation(Scene& scene, const Derivation& derivation, double progress, Closeness closeness,
                        const AnimationStyle& style);

/// The draw of a token, `progress` 0..1 of it: the probabilities rise over the logits, stand side by side in
/// the order of ids, and the random number points at one. For greedy choices the most probable one is marked.
void add_draw_animation(Scene& scene, const Trace& trace, int pass, double progress,
                        const AnimationStyle& style);

/// What happens at this moment of a cell's derivation, in a sentence.
Message moment_caption(const Trace& trace, const Derivation& derivation, double progress, int tokens,
                       const std::function<std::string(const Message&)>& translate);

}  // namespace orrery
