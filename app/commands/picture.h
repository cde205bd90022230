#pragma once
#include <string>

#include "app/commands/support.h"
#include "app/overlay.h"
#include "model/analysis/logit_lens.h"
#include "model/executor.h"
#include "renderer/cell_arithmetic.h"
#include "renderer/headless.h"
#include "renderer/renderer.h"
#include "renderer/scene_builder.h"

namespace orrery {

/// What a picture is to show.
struct PictureOptions {
  int width = 1280, height = 720;
  std::string theme = "dark", language;
  std::string step, focus;  ///< hook names; empty: the end of the run, the whole model
  bool words = true;        ///< a caption and the legend beneath the scene
  std::string cell;         ///< HOOK:ROW:COLUMN, marked with what it was computed from
  std::string arcs;         ///< L0H1, L0 or L0H1:ROW: arcs of attention between the tokens; empty: none
  bool written = false;     ///< arcs of what is written instead of attention
  bool lens = false;        ///< ghost columns of the logit lens
  double at = -1;           ///< how far the step, or the making of the cell, has come; negative: it is done
};

/// --theme and --lang. A language takes effect when it is read.
void add_looks(CLI::App& command, std::string& theme, std::string& language);

/// A recording drawn without a window: layout, camera, scene and renderer together. Main thread.
class Picture {
 public:
  /// `tokens`: how many rows to lay out. Throws Error (no OpenGL, no such tensor).
  Picture(std::shared_ptr<const Model> model, int tokens, const PictureOptions& options);

  /// Where the camera stands: on the whole model or on options.focus; `turn` radians to the side.
  void frame(float turn = 0);
  /// On the cell of the options and what it is read from.
  void frame_cell(const Trace& trace);
  /// Marks these cells from the next picture on, as a window does with what is pointed at and pinned.
  void mark(std::optional<Cell> hovered, std::vector<PinnedCell> pinned) {
    hovered_ = hovered;
    pinned_ = std::move(pinned);
  }
  Camera& camera() { return scene_.camera; }
  /// Draws the recording at `position` published steps.
  FrameStats draw(const Trace& trace, double position, float seconds, Quality quality);
  const Image& read();
  int width() const { return options_.width; }
  int height() const { return options_.height; }

 private:
  /// What happens at `position`, or to the cell of the options.
  std::string caption(const Trace& trace, double position, int tokens) const;
  /// Of the part of the picture that the scene fills.
  float aspect() const { return float(options_.width) / float(options_.height - overlay_.height()); }

  PictureOptions options_;
  std::shared_ptr<const Model> model_;
  std::optional<ArcChoice> arcs_;
  std::optional<Finding<LensTable>> lens_;  // over the whole recording
  Headless headless_;
  Overlay overlay_;
  Renderer renderer_;
  Layout layout_;
  Scene scene_;
  SceneBuilder builder_;
  CellArithmetic arithmetic_;
  std::optional<Cell> hovered_;
  std::vector<PinnedCell> pinned_;
  Image image_;
};

/// The tensor of that hook name; for a name that stands for all heads, head 0's. Throws Error naming it.
const Tensor& hook_tensor(const Graph& graph, const std::string& name);
/// L0H1, L0 (a whole layer) or L0H1:ROW (of one token); none for anything else. Not held against a model.
std::optional<ArcChoice> parse_arcs(const std::string& text);
/// The arcs that such a text names. Throws Error naming what is wrong with it.
ArcChoice read_arcs(const Graph& graph, const std::string& text);
/// The cell that HOOK:ROW:COLUMN names. Throws Error naming what is wrong with it.
Cell read_cell(const Graph& graph, const std::string& text);
/// The position at which `step` (empty: everything) of the last pass has come as far as `at` says.
double position_of(const Trace& trace, const PictureOptions& options);
/// Writes the main view of the model at work on its prompt as a PNG. Throws Error.
void render_png(const InputOptions& input, const SamplingWishes& sampling, const PictureOptions& options,
                int new_tokens, int token, const std::string& file);

}  // namespace orrery
