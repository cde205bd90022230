#pragma once
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "model/stored_tensor.h"

namespace orrery {

/// The configuration of an RWKV-7 whose authors' program wrote nothing but its tensors: every field follows
/// from their shapes (reference: rwkv_v7_demo_rnn.py of BlinkDL/RWKV-LM). Null if the tensors are not those
/// of an RWKV-7; what a missing tensor would say is 1.
nlohmann::json rwkv7_settings(const std::map<std::string, StoredTensor>& tensors);

}  // namespace orrery
