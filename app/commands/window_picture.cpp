#include "app/commands/window_picture.h"

#include <glad/gl.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>

#include "app/actions.h"
#include "app/app.h"
#include "app/commands/picture.h"
#include "app/shipped_models.h"
#include "app/style.h"
#include "backends/imgui_impl_opengl3.h"
#include "renderer/headless.h"

namespace orrery {
namespace {

constexpr double frame_seconds = 0.05;
constexpr int most_frames = 4000;  // a pause of 2 ms after each that waits

/// The window's inside on a framebuffer: what run_view() does, with a clock of its own and nobody's hands.
class Stage {
 public:
  Stage(const WindowPicture& options)
      : options_(options), headless_(options.width, options.height), app_(options.view) {
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.ConfigInputTextCursorBlink = false;
    io.DisplaySize = {float(options.width), float(options.height)};
    io.MousePos = {-1e6f, -1e6f};
    ImGui_ImplOpenGL3_Init("#version 330 core");
    app_.scene.framebuffer = headless_.framebuffer();
  }
  ~Stage() {
    app_.scene.close();
    app_.insight.close();
    ImGui_ImplOpenGL3_Shutdown();
    ImGui::DestroyContext();
  }
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  App& app() { return app_; }

  /// Lets the worker compute the whole run. Throws Error if the model or the text cannot be taken.
  void run() {
    while (!app_.run_ended) {
      app_.take_events();
      for (const Notice& notice : app_.notices)
        if (notice.error) throw Error(notice.message);
      app_.worker.allow(std::numeric_limits<std::uint64_t>::max());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    app_.playback.playing = false;
  }

  /// Draws frames until nothing changes any more: fonts, layout, camera, answers of the panes.
  void settle() {
    int calm = 0;
    for (int frame = 0; frame < most_frames && calm < 12; ++frame) {
      draw();
      const bool busy = app_.insight.quick.busy() || app_.insight.slow.busy() || app_.insight.has_news() ||
                        app_.tokenizer_page.busy() || app_.scene.moving() || app_.playback.moving();
      calm = busy ? 0 : calm + 1;
      if (busy) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  Image read() { return headless_.read(); }

 private:
  void draw() {
    app_.now += frame_seconds;
    app_.take_events();
    app_.advance(frame_seconds);
    app_.content_scale = std::max(1.f, float(options_.height) / 720);
    const bool rebuilt = ui::update_fonts(app_.ui_scale());
    ui::apply_style(app_.settings.theme, app_.settings.colour_blind, app_.ui_scale());
    if (rebuilt) ImGui_ImplOpenGL3_DestroyFontsTexture(), ImGui_ImplOpenGL3_CreateFontsTexture();
    ImGui::GetIO().DeltaTime = float(frame_seconds);
    ImGui_ImplOpenGL3_NewFrame();
    ImGui::NewFrame();
    build_frame(app_);
    app_.scene.handle_input(app_, frame_seconds);
    ImGui::Render();
    const ImVec4& back = ui::colours().background;
    glBindFramebuffer(GL_FRAMEBUFFER, headless_.framebuffer());
    glViewport(0, 0, options_.width, options_.height);
    glClearColor(back.x, back.y, back.z, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    app_.scene.draw(app_, options_.width, options_.height);
    glBindFramebuffer(GL_FRAMEBUFFER, headless_.framebuffer());
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  }

  const WindowPicture& options_;
  Headless headless_;
  App app_;
};

/// The numbers of L0H1.
void choose_head(App& app, const std::string& name) {
  const auto choice = parse_arcs(name);
  if (!choice || choice->query >= 0 || !app.insight.anatomy.find_head(choice->layer, choice->head))
    throw Error(say("'{0}' is no head of this model: heads are called L0H0 and so on", name));
  app.insight.choices.layer = choice->layer;
  app.insight.choices.head = choice->head;
}

std::string action_names() {
  std::string names;
  for (const Action& action : actions()) names += (names.empty() ? "" : ", ") + std::string(action.id);
  return names;
}

void arrange(App& app, const WindowPicture& options) {
  const Trace& trace = *app.trace;
  PictureOptions moment;
  moment.step = options.step, moment.at = options.at;
  double position = position_of(trace, moment);
  if (options.token >= 0) {
    int pass = 0;
    while (pass + 1 < trace.pass_count() && trace.pass(pass).rows.end <= options.token) ++pass;
    position = double(trace.step_number({pass + 1, 0})) - 1;
  }
  app.playback.jump(position);
  if (!options.focus.empty()) app.scene.fly_to(hook_tensor(trace.graph(), options.focus), true);
  if (!options.head.empty()) choose_head(app, options.head);
  for (const std::string& cell : options.cells) app.cards.pin(read_cell(trace.graph(), cell));
}

}  // namespace

void render_window(const WindowPicture& options, const std::string& file) {
  OutputFile output(file);
  Stage stage(options);
  stage.run();
  stage.settle();
  arrange(stage.app(), options);
  for (const std::string& action : options.actions) {
    stage.settle();
    if (!run_action(stage.app(), action))
      throw Error(say("'{0}' is no action; there are: {1}", action, action_names()));
  }
  stage.settle();
  write_png(stage.read(), output.part(), file);
  output.finish();
}

}  // namespace orrery
