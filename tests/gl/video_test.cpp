#include "renderer/video.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "model/message.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;

namespace {

Image grey(int width, int height) {
  return {width, height, std::vector<std::uint8_t>(size_t(width) * size_t(height) * 4, 128)};
}

bool have_ffmpeg() { return std::system("ffmpeg -version > /dev/null 2>&1") == 0; }

}  // namespace

TEST_CASE("a film is an MP4 file") {
  if (!have_ffmpeg()) {
    MESSAGE("skipped: ffmpeg is not installed");
    return;
  }
  test::TemporaryFolder folder;
  auto file = folder.path() / "film.mp4";
  Video video(file, 64, 48, 10);
  for (int i = 0; i < 5; ++i) video.add(grey(64, 48));
  CHECK_THROWS_AS(video.add(grey(32, 48)), Error);
  video.finish();
  std::ifstream in(file, std::ios::binary);
  char head[8] = "";
  in.read(head, 8);
  CHECK(std::string(head + 4, 4) == "ftyp");
}

TEST_CASE("an unfinished film is removed, a place that cannot be written is told") {
  if (!have_ffmpeg()) {
    MESSAGE("skipped: ffmpeg is not installed");
    return;
  }
  test::TemporaryFolder folder;
  auto file = folder.path() / "film.mp4";
  { Video(file, 64, 48, 10).add(grey(64, 48)); }
  CHECK_FALSE(std::filesystem::exists(file));
  CHECK_THROWS_WITH_AS(Video(folder.path() / "none" / "film.mp4", 64, 48, 10),
                       doctest::Contains("film.mp4: the film could not be written there."), Error);
  CHECK_THROWS_WITH_AS(Video(file, 63, 48, 10), doctest::Contains("even"), Error);
}

TEST_CASE("without ffmpeg there is a sentence, and the file before stays") {
  test::TemporaryFolder folder;
  auto file = folder.path() / "film.mp4";
  std::ofstream(file) << "before";
  const char* path = std::getenv("PATH");
  std::string kept = path ? path : "";
  setenv("PATH", "/nonexistent", 1);
  CHECK_THROWS_WITH_AS(Video(file, 64, 48, 10), doctest::Contains("ffmpeg"), Error);
  setenv("PATH", kept.c_str(), 1);
  CHECK(std::filesystem::file_size(file) == 6);
}
