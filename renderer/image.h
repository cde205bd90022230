#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

namespace orrery {

/// A picture in memory: RGBA, 8 bits each, from the top left.
struct Image {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
  const std::uint8_t* at(int x, int y) const { return &pixels[(size_t(y) * size_t(width) + size_t(x)) * 4]; }
};

/// Writes a PNG. `called`: what the sentence calls the file, where it gets its own name only when it is
/// complete. Throws Error naming it and the reason if it cannot be written.
void write_png(const Image& image, const std::filesystem::path& file,
               const std::filesystem::path& called = {});

}  // namespace orrery
