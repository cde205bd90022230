#include "app/sampling_picture.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace orrery {
namespace {

SamplingPicture::Stage stage_of(const SamplingPicture& picture, const std::vector<float>& before,
                                const std::vector<float>& after) {
  SamplingPicture::Stage stage;
  stage.kept.resize(size_t(picture.columns));
  stage.removed.resize(size_t(picture.columns));
  for (size_t place = 0; place < picture.order.size(); ++place) {
    const size_t id = size_t(picture.order[place]);
    const size_t column = size_t(column_of(int(place), int(picture.order.size()), picture.columns));
    if (after[id] > 0)
      stage.kept[column] = std::max(stage.kept[column], after[id]);
    else
      stage.removed[column] = std::max(stage.removed[column], before[id]);
    stage.largest = std::max({stage.largest, stage.kept[column], stage.removed[column]});
  }
  return stage;
}

}  // namespace

int column_of(int place, int tokens, int columns) {
  if (columns >= tokens) return place;
  const double part = std::log1p(double(place)) / std::log1p(double(tokens - 1));
  return std::min(columns - 1, int(part * columns));
}

SamplingPicture sampling_picture(std::span<const float> logits, const SamplingSettings& settings,
                                 std::span<const int> history, int columns) {
  SamplingPicture picture;
  picture.sample = sample(logits, settings, history);
  const std::vector<float>& first = picture.sample.probabilities;
  picture.order.resize(first.size());
  std::iota(picture.order.begin(), picture.order.end(), 0);
  std::stable_sort(picture.order.begin(), picture.order.end(),
                   [&](int a, int b) { return first[size_t(a)] > first[size_t(b)]; });
  picture.columns = std::min(columns, int(first.size()));
  picture.stages.push_back(stage_of(picture, first, first));
  const std::vector<float>* before = &first;
  for (const SamplingStage& stage : picture.sample.stages) {
    picture.stages.push_back(stage_of(picture, *before, stage.probabilities));
    before = &stage.probabilities;
  }
  double sum = 0;
  const double total = std::accumulate(before->begin(), before->end(), 0.0);
  for (size_t id = 0; id < before->size(); ++id) {
    if ((*before)[id] <= 0) continue;
    const double begin = sum / total;
    sum += double((*before)[id]);
    picture.slices.push_back({int(id), begin, sum / total});
  }
  return picture;
}

}  // namespace orrery
