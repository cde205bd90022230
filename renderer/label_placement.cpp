#include "renderer/label_placement.h"

#include <algorithm>

namespace orrery {

void keep_clear_labels(std::vector<ScreenLabel>& labels) {
  std::sort(labels.begin(), labels.end(), [](const ScreenLabel& a, const ScreenLabel& b) {
    return a.priority != b.priority ? a.priority > b.priority : a.index < b.index;
  });
  size_t kept = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    const ScreenLabel label = labels[i];
    bool clear =
        std::none_of(labels.begin(), labels.begin() + std::ptrdiff_t(kept), [&](const ScreenLabel& other) {
          return label.low.x < other.high.x && other.low.x < label.high.x && label.low.y < other.high.y &&
                 other.low.y < label.high.y;
        });
    if (clear) labels[kept++] = label;
  }
  labels.resize(kept);
}

TextSize text_size(float pixels) {
  if (!(pixels >= 7)) return {1, 0};
  if (pixels > 40) return {40 / pixels, 1};
  return {1, std::min(1.f, 0.4f + (pixels - 7) * 0.2f)};
}

}  // namespace orrery
