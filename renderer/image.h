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

/// Writes a PNG. Throws Error if the file cannot be written.
void write_png(const Image& image, const std::filesystem::path& file);

}  // namespace orrery
