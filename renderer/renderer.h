#pragma once
#include <cstddef>
#include <memory>

#include "renderer/range.h"
#include "renderer/scene.h"

namespace orrery {

/// A rectangle of a framebuffer (0: the window) to draw into; from the bottom left, in pixels.
struct DrawTarget {
  unsigned framebuffer = 0;
  int x = 0, y = 0, width = 1, height = 1;
};

/// moving: as fast as it must be, at a lower resolution where frames take long. still: one sample a pixel or
/// more (2 x 2), for a view that rests, pictures and films.
enum class Quality { moving, still };

/// What a frame cost.
struct FrameStats {
  int draw_calls = 0;
  size_t bytes_uploaded = 0;
  double milliseconds = 0;  ///< until the driver has taken the frame over (llvmpipe: until it is drawn)
  float scale = 1;          ///< pixels drawn for one pixel of the target, each way
  bool drawn = false;       ///< false: nothing had changed and the last picture was copied
};

/// Draws scenes with OpenGL 3.3. The context must be current wherever it is used; main thread alone.
class Renderer {
 public:
  /// Throws Error naming a shader or font that is missing or faulty.
  Renderer();
  ~Renderer();

  /// True if draw() would make another picture than the last time.
  bool needs_redraw(const Scene& scene, int width, int height, Quality quality) const;
  /// Draws the scene into the target; copies the last picture if nothing changed.
  FrameStats draw(const Scene& scene, const DrawTarget& target, Quality quality);

  /// How the numbers of a tensor's row map to colours, for legends and inspectors.
  Range range_of(const Tensor& tensor, int row, RangeRule rule) const;
  /// True while numbers that are known are not uploaded yet: draw again soon.
  bool loading() const;
  /// Bytes of numbers to upload in one frame at most (default 8 MiB); pictures that must be complete set
  /// SIZE_MAX.
  void set_upload_budget(size_t bytes);
  /// Bytes of numbers that may be kept on the graphics card (default 512 MiB), before the next model or
  /// layout is shown. What does not fit is there as means, and cell by cell where the camera is near.
  void set_memory(size_t bytes);
  /// Compiles the shaders again; throws Error and keeps the old ones if that fails.
  void reload_shaders();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace orrery
