#pragma once
#include <sys/types.h>

#include <string>

#include "renderer/image.h"

namespace orrery {

/// An MP4 under way: pictures go to the ffmpeg program through a pipe. The file appears when it is complete.
class Film {
 public:
  /// Throws Error if there is no ffmpeg.
  Film(std::string file, int width, int height, int fps);
  ~Film();
  Film(const Film&) = delete;
  Film& operator=(const Film&) = delete;
  void add(const Image& image);
  void finish();

 private:
  [[noreturn]] void fail();

  std::string file_, part_;
  pid_t process_ = -1;
  int pipe_ = -1;
};

}  // namespace orrery
