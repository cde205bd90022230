#pragma once
#include "renderer/layout_plan.h"

namespace orrery {

/// Puts the members of one branch (slots of a plan, in order of execution) into columns.
Wing make_wing(const Plan& plan, const std::vector<int>& members);

}  // namespace orrery
