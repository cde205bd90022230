#include "model/resources.h"

#include <cstdlib>

#include "model/message.h"

namespace orrery {
namespace fs = std::filesystem;

fs::path resource_path() {
  if (const char* folder = std::getenv("ORRERY_RESOURCES"); folder && *folder) return folder;
  std::error_code error;
  fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    fs::path installed = program.parent_path().parent_path() / "share" / "orrery";
    if (fs::is_directory(installed / "shaders", error)) return installed;
  }
  if (fs::is_directory(fs::path(ORRERY_RESOURCE_DIR) / "shaders", error)) return ORRERY_RESOURCE_DIR;
  throw Error(
      say("The folder with shaders and assets is missing: neither {0} nor share/orrery beside the program is "
          "there. Set ORRERY_RESOURCES to it.",
          ORRERY_RESOURCE_DIR));
}

}  // namespace orrery
