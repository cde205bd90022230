#pragma once
#include <filesystem>
#include <memory>

#include "renderer/image.h"

namespace orrery {

/// Writes an MP4 (H.264) by handing raw pictures to the program ffmpeg through a pipe.
class Video {
 public:
  /// Starts ffmpeg. Width and height must be even. `called`: what sentences call the file, where it gets its
  /// own name only when it is complete. Throws Error if ffmpeg is not found, the size is odd or the file
  /// cannot be written.
  Video(const std::filesystem::path& file, int width, int height, int frames_per_second,
        const std::filesystem::path& called = {});
  /// Ends ffmpeg and removes the unfinished file if finish() was not reached.
  ~Video();
  Video(const Video&) = delete;
  Video& operator=(const Video&) = delete;

  /// Adds a picture of the size given. Throws Error with ffmpeg's last words if it ended early.
  void add(const Image& image);
  /// Closes the file. Throws Error if ffmpeg reports a failure.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace orrery
