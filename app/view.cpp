#include "app/view.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>

#include "app/actions.h"
#include "app/app.h"
#include "app/focus.h"
#include "app/shipped_models.h"
#include "app/style.h"
#include "app/ui_dump.h"
#include "backends/imgui_impl_glfw.h"
#include "backends/imgui_impl_opengl3.h"
#include "renderer/gl.h"
#include "renderer/image.h"

namespace orrery {

namespace {

ui::KeyTaps key_taps;

App& app_of(GLFWwindow* window) { return *static_cast<App*>(glfwGetWindowUserPointer(window)); }

void on_key(GLFWwindow* window, int key, int, int action, int mods) {
  App& app = app_of(window);
  app.awake = 4;
  if (action == GLFW_RELEASE) return;
  key_taps.pressed(key, mods & GLFW_MOD_CONTROL);
  if (focus_key(app, key, mods & GLFW_MOD_SHIFT)) return;
  bool writing = ImGui::GetIO().WantTextInput;
  if (writing) return;
  bool repeats = key == GLFW_KEY_COMMA || key == GLFW_KEY_PERIOD || key == GLFW_KEY_LEFT ||
                 key == GLFW_KEY_RIGHT || key == GLFW_KEY_UP || key == GLFW_KEY_DOWN ||
                 key == GLFW_KEY_PAGE_UP || key == GLFW_KEY_PAGE_DOWN;
  if (action == GLFW_REPEAT && !repeats) return;
  run_key(app, key | (mods & GLFW_MOD_SHIFT ? with_shift : 0), mods & GLFW_MOD_CONTROL);
}

void on_drop(GLFWwindow* window, int count, const char** paths) {
  if (count > 0) app_of(window).load_model(paths[0]);
}

/// Anything else that happens: draw some frames.
void wake(GLFWwindow* window) { app_of(window).awake = 4; }

/// Owner of GLFW, the window, its context and ImGui.
struct Window {
  GLFWwindow* handle = nullptr;
  int saved[4] = {0, 0, 1280, 720};
  bool full = false;

  explicit Window(App& app) {
    if (!glfwInit()) throw Error(say("No window can be opened: there is no display"));
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
    glfwWindowHint(GLFW_DEPTH_BITS, 0);
    int width = app.settings.window_width, height = app.settings.window_height;
    if (const GLFWvidmode* mode =
            glfwGetPrimaryMonitor() ? glfwGetVideoMode(glfwGetPrimaryMonitor()) : nullptr) {
      width = std::min(width, mode->width);
      height = std::min(height, mode->height);
    }
    handle = glfwCreateWindow(width, height, "Orrery", nullptr, nullptr);
    if (!handle) {
      glfwTerminate();
      throw Error(say("No window with OpenGL 3.3 can be opened here"));
    }
    glfwSetWindowUserPointer(handle, &app);
    glfwMakeContextCurrent(handle);
    glfwSwapInterval(1);
    load_gl(glfwGetProcAddress);
    glfwSetKeyCallback(handle, on_key);
    glfwSetDropCallback(handle, on_drop);
    glfwSetCharCallback(handle, [](GLFWwindow* w, unsigned) { wake(w); });
    glfwSetCursorPosCallback(handle, [](GLFWwindow* w, double, double) { wake(w); });
    glfwSetMouseButtonCallback(handle, [](GLFWwindow* w, int, int, int) { wake(w); });
    glfwSetScrollCallback(handle, [](GLFWwindow* w, double, double) { wake(w); });
    glfwSetFramebufferSizeCallback(handle, [](GLFWwindow* w, int, int) { wake(w); });
    glfwSetWindowRefreshCallback(handle, wake);
    glfwSetWindowFocusCallback(handle, [](GLFWwindow* w, int) { wake(w); });
    glfwSetCursorEnterCallback(handle, [](GLFWwindow* w, int) { wake(w); });
    ImGui::CreateContext();
    ImGui::GetIO().IniFilename = nullptr;
    ImGui::GetIO().ConfigInputTextCursorBlink = false;  // a blinking cursor would keep an idle window drawing
    ImGui_ImplGlfw_InitForOpenGL(handle, true);
    ImGui_ImplOpenGL3_Init("#version 330 core");
  }
  ~Window() {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext();
    glfwDestroyWindow(handle);
    glfwTerminate();
  }
  Window(const Window&) = delete;
  Window& operator=(const Window&) = delete;

  void set_full(bool wanted) {
    if (wanted == full) return;
    full = wanted;
    GLFWmonitor* monitor = glfwGetPrimaryMonitor();
    const GLFWvidmode* mode = monitor ? glfwGetVideoMode(monitor) : nullptr;
    if (full && mode) {
      glfwGetWindowPos(handle, &saved[0], &saved[1]);
      glfwGetWindowSize(handle, &saved[2], &saved[3]);
      glfwSetWindowMonitor(handle, monitor, 0, 0, mode->width, mode->height, mode->refreshRate);
    } else if (!full) {
      glfwSetWindowMonitor(handle, nullptr, saved[0], saved[1], saved[2], saved[3], 0);
    }
  }
};

float content_scale(GLFWwindow* window) {
  if (const char* given = std::getenv("ORRERY_SCALE"))
    if (float scale = float(std::atof(given)); scale >= 0.5f && scale <= 4) return scale;
  float x = 1, y = 1;
  glfwGetWindowContentScale(window, &x, &y);
  int width = 1, pixels = 1;
  glfwGetWindowSize(window, &width, nullptr);
  glfwGetFramebufferSize(window, &pixels, nullptr);
  // Where window coordinates are no pixels (macOS, Wayland) the system has scaled already.
  return std::clamp(x * float(std::max(1, width)) / float(std::max(1, pixels)), 0.5f, 4.f);
}

void save_screenshot(App& app, int width, int height) {
  app.screenshot_wanted = false;
  Image image{width, height, std::vector<std::uint8_t>(size_t(width) * size_t(height) * 4)};
  std::vector<std::uint8_t> rows(image.pixels.size());
  glBindFramebuffer(GL_READ_FRAMEBUFFER, 0);  // the scene, where it was drawn anew, leaves its own
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glBindFramebuffer(GL_READ_FRAMEBUFFER, 0);  // the scene is drawn by way of another
  glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, rows.data());
  size_t stride = size_t(width) * 4;
  for (size_t y = 0; y < size_t(height); ++y)
    std::copy_n(&rows[(size_t(height) - 1 - y) * stride], stride, &image.pixels[y * stride]);
  for (size_t i = 3; i < image.pixels.size(); i += 4) image.pixels[i] = 255;
  char name[64];
  std::time_t time = std::time(nullptr);
  std::strftime(name, sizeof name, "orrery-%Y%m%d-%H%M%S.png", std::localtime(&time));
  auto file = pictures_folder() / name;
  try {
    write_png(image, file);
    app.tell(say("Picture saved: {0}", file.string()));
  } catch (const Error& error) {
    app.tell(error.message, true);
  }
}

void draw_frame(App& app, GLFWwindow* window, double seconds) {
  app.content_scale = content_scale(window);
  bool rebuilt = ui::update_fonts(app.ui_scale());
  ui::apply_style(app.settings.theme, app.settings.colour_blind, app.ui_scale());
  if (rebuilt) ImGui_ImplOpenGL3_DestroyFontsTexture(), ImGui_ImplOpenGL3_CreateFontsTexture();
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  auto is_down = [&](int key) { return glfwGetKey(window, key) == GLFW_PRESS; };
  key_taps.frame(ImGui::NewFrame, is_down(GLFW_KEY_LEFT_CONTROL) || is_down(GLFW_KEY_RIGHT_CONTROL), is_down);
  if (ui::input_waits()) app.awake = std::max(app.awake, 2);
  widgets().begin_frame();
  build_frame(app);
  // Before the frame ends: ImGui 1.86 forgets then how far the wheel was turned.
  if (app.scene.handle_input(app, seconds)) app.awake = std::max(app.awake, 2);
  ImGui::Render();
  int width = 1, height = 1;
  glfwGetFramebufferSize(window, &width, &height);
  const ImVec4& back = ui::colours().background;
  glViewport(0, 0, width, height);
  glClearColor(back.x, back.y, back.z, 1);
  glClear(GL_COLOR_BUFFER_BIT);
  if (width > 0 && height > 0) app.scene.draw(app, width, height);
  ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
  if (app.screenshot_wanted && width > 0 && height > 0) save_screenshot(app, width, height);
  if (!app.options.ui_dump.empty()) write_ui_dump(app, app.options.ui_dump);
  glfwSwapBuffers(window);
}

}  // namespace

bool display_available() {
  if (!glfwInit()) return false;
  glfwTerminate();
  return true;
}

int run_view(const ViewOptions& options) {
  App app(options);  // the model loads while the window opens
  Window window(app);
  widgets().on = !options.ui_dump.empty();
  app.scene.glfw_key_down = [](int key) { return glfwGetKey(glfwGetCurrentContext(), key) == GLFW_PRESS; };
  Settings kept = app.settings;
  double last = glfwGetTime();
  while (!glfwWindowShouldClose(window.handle) && !app.quit) {
    // At rest: sleep until something happens, looking now and then whether the worker has something to say.
    bool still = app.awake <= 0 && !app.playback.moving() && !app.scene.moving();
    if (still)
      glfwWaitEventsTimeout(app.worker.load_progress() >= 0 ? 0.03 : 0.1);
    else
      glfwPollEvents();
    app.now = glfwGetTime();
    double seconds = std::min(0.25, app.now - last);
    last = app.now;
    app.take_events();
    if (app.worker.load_progress() >= 0) app.awake = std::max(app.awake, 1);
    for (const Notice& notice : app.notices)
      if (!notice.error && notice.until < app.now) app.awake = std::max(app.awake, 2);
    bool moved = app.advance(still ? 0 : seconds);
    window.set_full(app.full_screen);
    if (moved || app.awake > 0 || app.scene.moving()) {
      draw_frame(app, window.handle, still ? 0.016 : seconds);
      --app.awake;
      // Without vertical sync (a virtual display) nothing else keeps frames apart.
      if (double left = 1 / 60.0 - (glfwGetTime() - app.now); left > 0) glfwWaitEventsTimeout(left);
    }
    if (!window.full)
      glfwGetWindowSize(window.handle, &app.settings.window_width, &app.settings.window_height);
    if (app.settings != kept && !ImGui::IsMouseDown(0)) {
      kept = app.settings;
      save_settings(kept, settings_file());
    }
  }
  app.scene.close();
  app.insight.close();
  return 0;
}

}  // namespace orrery
