#include "model/kernels/kernels.h"

#include <cstdlib>
#include <string_view>

namespace orrery {

namespace loops_baseline {
extern const Kernels table;
}
namespace loops_avx2 {
extern const Kernels table;
}

const Kernels& baseline_kernels() { return loops_baseline::table; }

const Kernels* fast_kernels() {
#ifdef ORRERY_AVX2_KERNELS
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &loops_avx2::table;
#endif
  return nullptr;
}

const Kernels& kernels() {
  static const Kernels& chosen = []() -> const Kernels& {
    const char* wish = std::getenv("ORRERY_KERNELS");
    const Kernels* fast = wish && std::string_view(wish) == "baseline" ? nullptr : fast_kernels();
    return fast ? *fast : baseline_kernels();
  }();
  return chosen;
}

}  // namespace orrery
