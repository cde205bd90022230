#pragma once
#include <memory>

#include "renderer/image.h"

namespace orrery {

/// An OpenGL context without a display (EGL, surfaceless), current on the thread that made it, with a
/// framebuffer to draw into.
class Headless {
 public:
  /// Throws Error if there is no EGL, no surfaceless platform or no OpenGL 3.3.
  Headless(int width, int height);
  ~Headless();
  unsigned framebuffer() const;
  /// Makes the framebuffer another size; does nothing where it is that size.
  void resize(int width, int height);
  /// What the framebuffer shows.
  Image read() const;
  void read(Image& image) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace orrery
