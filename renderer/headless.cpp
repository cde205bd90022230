#include "renderer/headless.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <dlfcn.h>

#include <cstdlib>
#include <cstring>

#include "model/message.h"
#include "renderer/gl.h"

namespace orrery {

/// libEGL, loaded when it is needed, so that a machine with a window system only needs none.
struct Egl {
  void* library = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
  PFNEGLGETPROCADDRESSPROC address = nullptr;

  Egl() {
    if (!library)
      throw Error(say("Drawing without a display needs libEGL.so.1, which is not installed (libegl1)."));
    address = reinterpret_cast<PFNEGLGETPROCADDRESSPROC>(dlsym(library, "eglGetProcAddress"));
  }
  template <class Function>
  Function get(const char* name) const {
    void* place = dlsym(library, name);
    if (!place && address) place = reinterpret_cast<void*>(address(name));
    return reinterpret_cast<Function>(place);
  }
};

namespace {

[[noreturn]] void no_context(const char* what) {
  throw Error(
      say("No OpenGL 3.3 without a display: EGL failed at {0}. Install libegl1 and libgl1-mesa-dri.", what));
}

}  // namespace

struct Headless::State {
  Egl egl;
  EGLDisplay display = EGL_NO_DISPLAY;
  EGLContext context = EGL_NO_CONTEXT;
  Canvas canvas;

  State() {
    auto get_display = egl.get<PFNEGLGETPLATFORMDISPLAYEXTPROC>("eglGetPlatformDisplayEXT");
    auto initialize = egl.get<PFNEGLINITIALIZEPROC>("eglInitialize");
    auto bind_api = egl.get<PFNEGLBINDAPIPROC>("eglBindAPI");
    auto create = egl.get<PFNEGLCREATECONTEXTPROC>("eglCreateContext");
    auto make_current = egl.get<PFNEGLMAKECURRENTPROC>("eglMakeCurrent");
    if (!get_display || !initialize || !bind_api || !create || !make_current) no_context("eglGetProcAddress");
    display = get_display(EGL_PLATFORM_SURFACELESS_MESA, nullptr, nullptr);
    if (display == EGL_NO_DISPLAY || !initialize(display, nullptr, nullptr)) no_context("eglInitialize");
    if (!bind_api(EGL_OPENGL_API)) no_context("eglBindAPI");
    const EGLint wanted[] = {EGL_CONTEXT_MAJOR_VERSION,
                             3,
                             EGL_CONTEXT_MINOR_VERSION,
                             3,
                             EGL_CONTEXT_OPENGL_PROFILE_MASK,
                             EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                             EGL_NONE};
    context = create(display, EGL_NO_CONFIG_KHR, EGL_NO_CONTEXT, wanted);
    if (context == EGL_NO_CONTEXT) no_context("eglCreateContext");
    if (!make_current(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context)) no_context("eglMakeCurrent");
    load_gl(reinterpret_cast<GLADloadfunc>(egl.address), std::getenv("ORRERY_GL_DEBUG") != nullptr);
  }
  ~State() {
    canvas = {};
    if (auto make_current = egl.get<PFNEGLMAKECURRENTPROC>("eglMakeCurrent"))
      make_current(display, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    if (auto destroy = egl.get<PFNEGLDESTROYCONTEXTPROC>("eglDestroyContext")) destroy(display, context);
    // The display stays initialised: it is one for the whole process.
  }
};

Headless::Headless(int width, int height) : state_(std::make_unique<State>()) { resize(width, height); }
Headless::~Headless() = default;
unsigned Headless::framebuffer() const { return state_->canvas.framebuffer.name(); }
void Headless::resize(int width, int height) {
  GLint limit = 0;
  glGetIntegerv(GL_MAX_TEXTURE_SIZE, &limit);
  if (width < 1 || height < 1 || width > limit || height > limit)
    throw Error(
        say("A picture of {0}x{1} pixels cannot be drawn; from 1x1 to {2}x{2} can.", width, height, limit));
  state_->canvas.resize(width, height, false);
}

Image Headless::read() const {
  Image image;
  read(image);
  return image;
}

void Headless::read(Image& image) const {
  const Canvas& canvas = state_->canvas;
  image.width = canvas.width;
  image.height = canvas.height;
  size_t line = size_t(canvas.width) * 4;
  image.pixels.resize(line * size_t(canvas.height));
  glBindFramebuffer(GL_READ_FRAMEBUFFER, canvas.framebuffer.name());
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, canvas.width, canvas.height, GL_RGBA, GL_UNSIGNED_BYTE, image.pixels.data());
  std::vector<std::uint8_t> swap(line);
  for (int top = 0, bottom = canvas.height - 1; top < bottom; ++top, --bottom) {
    std::uint8_t *a = &image.pixels[size_t(top) * line], *b = &image.pixels[size_t(bottom) * line];
    std::memcpy(swap.data(), a, line);
    std::memcpy(a, b, line);
    std::memcpy(b, swap.data(), line);
  }
}

}  // namespace orrery
