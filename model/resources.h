#pragma once
#include <filesystem>

namespace orrery {

/// The folder that holds shaders/ and assets/: the environment variable ORRERY_RESOURCES if set, else
/// ../share/orrery beside the program if it is there (installed), else the folder of the sources. Throws
/// Error if none of them exists. Any thread.
std::filesystem::path resource_path();

}  // namespace orrery
