#include "app/commands/film.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "model/message.h"

extern char** environ;

namespace orrery {

Film::Film(std::string file, int width, int height, int fps)
    : file_(std::move(file)), part_(file_ + ".part") {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw Error(say("no pipe to ffmpeg could be opened"));
  signal(SIGPIPE, SIG_IGN);  // an ffmpeg that ends early shows as a failed write
  const std::string size = std::to_string(width) + "x" + std::to_string(height), rate = std::to_string(fps);
  std::vector<std::string> words = {"ffmpeg", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt",
                                    "rgba", "-s", size, "-r", rate, "-i", "-",
                                    // H.264 with halved colour resolution needs even sizes.
                                    "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-preset",
                                    "fast", "-crf", "18", "-pix_fmt", "yuv420p", "-movflags", "+faststart",
                                    "-f", "mp4", "file:" + part_};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  const int failed = posix_spawnp(&process_, "ffmpeg", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  pipe_ = ends[1];
  if (failed) {
    process_ = -1;
    close(pipe_);
    throw Error(
        say("{0} needs the program ffmpeg, which was not found: install it (apt install ffmpeg)", file_));
  }
}

Film::~Film() {
  if (pipe_ >= 0) close(pipe_);
  if (process_ > 0) waitpid(process_, nullptr, 0);
  std::error_code ignored;
  std::filesystem::remove(part_, ignored);
}

void Film::add(const Image& image) {
  const std::uint8_t* data = image.pixels.data();
  for (size_t left = image.pixels.size(); left > 0;) {
    const ssize_t written = write(pipe_, data, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail();
    data += written;
    left -= size_t(written);
  }
}

void Film::finish() {
  close(pipe_);
  pipe_ = -1;
  int status = 0;
  const pid_t process = process_;
  process_ = -1;
  if (waitpid(process, &status, 0) < 0 || status != 0) fail();
  std::error_code code;
  std::filesystem::rename(part_, file_, code);
  if (code) fail();
}

void Film::fail() {
  throw Error(
      say("{0} could not be written: ffmpeg failed (is H.264, libx264, in it, and is there space?)", file_));
}

}  // namespace orrery
