#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/cards.h"
#include "app/insight.h"
#include "app/playback.h"
#include "app/scene_view.h"
#include "app/settings.h"
#include "app/tokenizer_page.h"
#include "app/tour.h"
#include "app/view.h"
#include "model/worker.h"

namespace orrery {

/// The prompt field: its text and the tokens that it makes, as it is typed.
struct Prompt {
  std::string text;
  std::vector<int> ids;
  std::vector<std::string> pieces;  ///< the tokens as drawn
  std::optional<Message> problem;   ///< why these are no tokens to start from
  bool focus = false;               ///< take the keyboard at the next frame
};

/// What the network expects after the last token at the cursor, computed once a pass.
struct Predictions {
  const Trace* trace = nullptr;
  int pass = -1;  ///< -1: nothing computed yet
  SamplingSettings settings;
  Sample sample;
  std::vector<int> by_probability;  ///< ids, most probable first, by the stage shown
  bool filtered = false;            ///< shown after the filters, not before
  int chosen = -1;                  ///< the token that was taken, if the cursor has passed its choice
  bool forced = false;
};

/// A message to the person; errors stay until they are dismissed.
struct Notice {
  Message message;
  bool error = false;
  double until = 0;
};

/// Which pages lie over the scene.
struct Pages {
  bool help = false, settings = false, models = false, about = false, menu = false, finder = false,
       tokenizer = false, positions = false;
  bool any() const { return help || settings || models || about || menu || finder || tokenizer || positions; }
};

/// Everything the window knows. Panels are functions on it; the main thread owns it.
struct App {
  explicit App(const ViewOptions& options);

  ViewOptions options;
  Settings settings;
  Worker worker;
  std::shared_ptr<const Model> model;
  std::shared_ptr<const Trace> trace;
  bool run_ended = false;
  RunState end_state = RunState::running;
  Playback playback;
  SamplingSettings sampling;
  SamplingSettings own_sampling;  ///< what the model begins with
  Prompt prompt;
  Predictions predictions;
  Cards cards;
  SceneView scene;
  Insight insight;
  Tour tour;
  std::deque<Notice> notices;
  Pages pages;
  TokenizerPage tokenizer_page;
  std::string path_field;  ///< of the model chooser
  std::string copied;      ///< what was put into the clipboard last
  bool presenter = false, full_screen = false, flying = false;
  bool screenshot_wanted = false, quit = false;
  double now = 0;  ///< seconds since the start
  float content_scale = 1;
  int awake = 4;  ///< frames to draw although nothing seems to move

  // What the person does.
  void load_model(const std::string& name_or_path);
  void retokenize();
  void start_run();
  void restart_run();
  /// Makes `id` the token after the eye's pass, and those of `then` the ones after it.
  void force_token(int id, std::vector<int> then = {});
  void change_sampling(const SamplingSettings& settings);
  void step(int way);
  void step_layer(int way);
  void step_token(int way);
  void step_term(int way);  ///< to the next moment of the cell that is being made
  void toggle_play();
  /// Where the model ended the text and the eye has come there: lets it go on, and says so.
  void go_past_end();
  void play_backwards();
  void move_cell(int rows, int cols);  ///< selects the cell beside the selected one
  void pin_selected();
  /// The selected cell, or else what is under the mouse or the newest card, as text in the clipboard.
  void copy_selected();
  void copy_text(std::string text);
  void start_tour();
  void go_on_tour(int stops);  ///< so many on; past the last one it ends
  void end_tour();
  void tell(Message message, bool error = false);
  void go_back();
  void apply_settings();

  // Once a frame.
  void take_events();
  bool advance(double seconds);  ///< true if something moves
  void update_predictions();
  void update_tour();  ///< begins it, and takes camera and playhead to its stop

  float ui_scale() const { return content_scale * settings.font_scale * (presenter ? 1.35f : 1); }
  /// Whether the eye is at the end of a recording that stands still for that reason.
  bool ended_by(RunState reason) const {
    return trace && run_ended && end_state == reason && playback.position >= double(trace->published());
  }
  /// The tokens known at the cursor.
  int tokens_shown() const { return trace ? trace->token_count(playback.steps()) : 0; }
  const Tensor* current_tensor() const;  ///< of the step that the eye is on; null: choice of a token
  Message caption() const;
  /// How closely the scene shows what is going on, at this speed.
  Closeness closeness() const;

 private:
  std::string pending_prompt_;
  std::vector<int> pending_ids_;
  bool first_ = true;
  bool resume_ = false;
  double resume_at_ = -1;
  struct {
    double position = 0;
    bool playing = false;
    std::uint64_t trace = 0;
    SceneView::Area area;
  } before_tour_;  // what the tour gives back at its end, and for which window it has framed its stop
  mutable Derivation captioned_;  // of the cell that the caption tells about
  mutable std::uint64_t captioned_in_ = 0;
};

/// Builds all windows of one frame (app/panels/).
void build_frame(App& app);

}  // namespace orrery
