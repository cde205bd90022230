#include "renderer/video.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "model/message.h"

extern char** environ;

namespace orrery {
namespace {

/// Writes to the pipe without the signal that would end this program if ffmpeg is gone: the signal is blocked
/// in this thread and, where it was raised, taken away.
bool write_all(int pipe, const std::uint8_t* data, size_t size) {
  sigset_t broken, before;
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken, &before);
  bool good = true;
  while (good && size > 0) {
    ssize_t done = write(pipe, data, size);
    if (done > 0) {
      data += done;
      size -= size_t(done);
    } else if (done < 0 && errno != EINTR) {
      good = false;
      if (errno == EPIPE && !sigismember(&before, SIGPIPE)) {
        timespec none{};
        sigtimedwait(&broken, nullptr, &none);
      }
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return good;
}

std::string temporary_log() {
  std::string name = (std::filesystem::temp_directory_path() / "orrery-ffmpeg-XXXXXX").string();
  int file = mkstemp(name.data());
  if (file >= 0) close(file);
  return name;
}

}  // namespace

struct Video::State {
  std::filesystem::path file, called;
  std::string log;
  int width = 0, height = 0, pipe = -1;
  pid_t process = -1;
  bool finished = false;

  ~State() {
    close_pipe();
    if (process > 0) wait();
    std::error_code error;
    std::filesystem::remove(log, error);
    if (!finished) std::filesystem::remove(file, error);
  }
  void close_pipe() {
    if (pipe >= 0) close(std::exchange(pipe, -1));
  }
  /// ffmpeg's exit status; waits for its end.
  int wait() {
    int status = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    process = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
  }
  [[noreturn]] void fail() {
    close_pipe();
    if (process > 0) wait();
    std::string last, line;
    for (std::ifstream lines(log); std::getline(lines, line);)
      if (!line.empty()) last = line;
    throw Error(say("{0}: the film could not be written; ffmpeg says: {1}", called.string(), last));
  }
  void start(int frames_per_second) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      throw Error(say("{0}: no pipe to ffmpeg could be opened.", called.string()));
    std::string size = std::to_string(width) + "x" + std::to_string(height);
    std::vector<std::string> words = {"ffmpeg",
                                      "-nostdin",
                                      "-hide_banner",
                                      "-loglevel",
                                      "error",
                                      "-y",
                                      "-f",
                                      "rawvideo",
                                      "-pixel_format",
                                      "rgba",
                                      "-video_size",
                                      size,
                                      "-framerate",
                                      std::to_string(frames_per_second),
                                      "-i",
                                      "pipe:0",
                                      "-an",
                                      "-c:v",
                                      "libx264",
                                      "-preset",
                                      "veryfast",
                                      "-crf",
                                      "20",
                                      "-pix_fmt",
                                      "yuv420p",
                                      "-movflags",
                                      "+faststart",
                                      "-f",
                                      "mp4",
                                      "file:" + file.string()};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_TRUNC, 0600);
    int failed = posix_spawnp(&process, "ffmpeg", &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    pipe = ends[1];
    if (failed) {
      process = -1;
      throw Error(say("Films need the program ffmpeg, which was not found. Install the package ffmpeg."));
    }
  }
};

Video::Video(const std::filesystem::path& file, int width, int height, int frames_per_second,
             const std::filesystem::path& called)
    : state_(std::make_unique<State>()) {
  if (width % 2 || height % 2)
    throw Error(
        say("A film of {0}x{1} pixels cannot be written: width and height must be even.", width, height));
  // Asked before ffmpeg, so that an unwritable place is told in our words.
  bool existed = std::filesystem::exists(file);
  if (!std::ofstream(file, std::ios::binary | std::ios::app))
    throw Error(say("{0}: the film could not be written there.", (called.empty() ? file : called).string()));
  state_->finished = existed;  // what was there before is not removed if ffmpeg cannot start
  state_->file = file;
  state_->called = called.empty() ? file : called;
  state_->width = width;
  state_->height = height;
  state_->log = temporary_log();
  state_->start(frames_per_second);
  state_->finished = false;
}

Video::~Video() = default;

void Video::add(const Image& image) {
  if (image.width != state_->width || image.height != state_->height)
    throw Error(say("A picture of {0}x{1} pixels does not fit into the film.", image.width, image.height));
  if (!write_all(state_->pipe, image.pixels.data(), image.pixels.size())) state_->fail();
}

void Video::finish() {
  state_->close_pipe();
  if (state_->wait() != 0) state_->fail();
  state_->finished = true;
}

}  // namespace orrery
