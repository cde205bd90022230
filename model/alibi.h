#pragma once
#include <vector>

namespace orrery {

/// How steeply each head's attention falls with distance: ALiBi (Press et al. 2021) as BLOOM computes it. A
/// key at distance n loses slope * n of its score. Reference section 1.5.
std::vector<double> alibi_slopes_bloom(int heads);
/// As MPT computes it: the same where the heads are a power of two, otherwise in another order; slopes go
/// down to 2^-most.
std::vector<double> alibi_slopes_mpt(int heads, double most = 8);

}  // namespace orrery
