#include "model/formats/safetensors_index.h"

#include "model/formats/json.h"
#include "model/message.h"

namespace orrery {

std::map<std::string, std::string> read_safetensors_index(std::string_view text, const std::string& file) {
  const nlohmann::json json = parse_json(text, file, {.depth = 8, .values = 5'000'000});
  const auto map = json.is_object() ? json.find("weight_map") : json.end();
  if (!json.is_object() || map == json.end() || !map->is_object())
    throw Error(say("{0}: the field {1} must be an object of tensors and files.", file, "weight_map"));
  std::map<std::string, std::string> files;
  for (const auto& [tensor, name] : map->items()) {
    const std::string shard = name.is_string() ? name.get<std::string>() : "";
    if (shard.empty() || shard == "." || shard == ".." ||
        shard.find_first_of(std::string("/\\\0", 3)) != std::string::npos)
      throw Error(say("{0}: the tensor {1} lies in {2}, which is no file of the same folder.", file,
                      json_excerpt(tensor), json_excerpt(name)));
    files[tensor] = shard;
  }
  return files;
}

}  // namespace orrery
