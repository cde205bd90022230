#pragma once
#include <memory>
#include <vector>

#include "app/commands/support.h"

namespace orrery {

/// Frames of the fixed camera path: once around a little, coming nearer.
struct FrameTimes {
  int width = 0, height = 0;
  bool generating = false;   ///< the worker computes meanwhile, and new rows are drawn
  bool instruments = false;  ///< and cards explain cells, the logit lens is computed beside
  double median_ms = 0, p95_ms = 0, scale = 1;
  int draw_calls = 0;         ///< most of any frame
  double bytes_uploaded = 0;  ///< mean of all frames
};

struct FrameBench {
  double first_picture = 0;  ///< seconds from the start of the process to the first picture with values
  std::vector<FrameTimes> runs;
};

/// Draws without a display. Throws Error (no OpenGL).
FrameBench bench_frames(const InputOptions& input, const std::shared_ptr<const Model>& model);

}  // namespace orrery
