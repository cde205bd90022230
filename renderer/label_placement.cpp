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
    if (clear || label.index < 0) labels[kept++] = label;
  }
  labels.resize(kept);
}

TextSize text_size(float pixels, LabelRank rank) {
  // Names may grow to a size that can be read; a token's text has no more room than its row.
  const float least = rank == LabelRank::token ? 7.f : rank == LabelRank::tensor ? 5.5f : 4.f;
  constexpr float readable = 10, largest = 40;
  if (!(pixels >= least)) return {1, 0};
  if (pixels > largest) return {largest / pixels, 1};
  const float alpha = std::min(1.f, 0.5f + 0.5f * (pixels - least) / (readable - least));
  return {rank == LabelRank::token ? 1 : std::max(1.f, readable / pixels), alpha};
}

}  // namespace orrery
