#pragma once
#include <span>
#include <string>
#include <vector>

#include "model/config.h"
#include "model/graph.h"

namespace orrery {

/// A family of networks. Adding one: a file in architectures/ and a line in architectures().
struct Architecture {
  std::string name;   ///< config.json's `model_type`
  std::string title;  ///< as people write it: "GPT-2"
  std::string blurb;  ///< one English sentence
  /// Builds the network that `config` describes. `tensor_names` are the checkpoint's (prefixes already
  /// stripped), for what a configuration leaves open (a missing bias, an untied head). Throws Error naming
  /// file and field.
  Graph (*build)(const Config& config, std::span<const std::string> tensor_names);
  /// Tensors that its files have though the network is whole without them.
  std::vector<std::string> needless = {};
};

std::span<const Architecture> architectures();
/// The architecture of that name; null if Orrery has none.
const Architecture* find_architecture(const std::string& name);

}  // namespace orrery
