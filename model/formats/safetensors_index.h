#pragma once
#include <map>
#include <string>
#include <string_view>

namespace orrery {

/// Reads a model.safetensors.index.json: which file of the same folder holds each tensor. Throws Error naming
/// `file` and the tensor, also for names of files that would lead out of the folder.
std::map<std::string, std::string> read_safetensors_index(std::string_view text, const std::string& file);

}  // namespace orrery
