#include "renderer/image.h"

#include <stb/stb_image_write.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "model/message.h"

namespace orrery {

void write_png(const Image& image, const std::filesystem::path& file, const std::filesystem::path& called) {
  std::ofstream out(file, std::ios::binary);
  auto write = [](void* context, void* data, int size) {
    static_cast<std::ofstream*>(context)->write(static_cast<const char*>(data), size);
  };
  if (!out ||
      !stbi_write_png_to_func(write, &out, image.width, image.height, 4, image.pixels.data(),
                              image.width * 4) ||
      !out.flush())
    throw Error(
        say("{0} cannot be written: {1}", (called.empty() ? file : called).string(), std::strerror(errno)));
}

}  // namespace orrery
