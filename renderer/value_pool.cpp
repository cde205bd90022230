#include "renderer/value_pool.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <utility>

#include "model/op.h"
#include "model/parallel.h"

namespace orrery {
namespace {

constexpr std::uint32_t page_width = 2048, page_texels = page_width * page_width;
constexpr std::uint32_t window_pages = 2;  // for finer levels of what is near
constexpr int max_levels = 16;
constexpr int row_limits_run = max_levels - 1;  // after the levels: one texel a row
constexpr int table_tensors = 64;               // tensors a line of the table
constexpr int bins = SizeBins::count;
constexpr size_t cells_at_once = size_t(1) << 20;  // of weights, made while others go to the GPU

size_t texels_kept(const PooledTensor& entry) {
  size_t sum = 0;
  for (int level = entry.first_level; level < entry.levels; ++level)
    sum += size_t(level_size(entry.rows, level)) * size_t(level_size(entry.cols, level));
  return sum;
}

void count_into(std::vector<std::uint32_t>& histogram, float value) {
  ++histogram[size_t(SizeBins::of(std::bit_cast<int>(std::abs(value))))];
}

/// The value below which 99 % of the counted lie (upper edge of its bin).
float high_percentile(const std::vector<std::uint32_t>& histogram) {
  std::uint64_t total = 0, sum = 0;
  for (std::uint32_t count : histogram) total += count;
  for (int bin = 0; bin < bins; ++bin) {
    sum += histogram[size_t(bin)];
    if (total && sum * 100 >= total * 99)
      return bin == 0 ? 1.f : std::bit_cast<float>((bin + SizeBins::first + 1) << SizeBins::shift);
  }
  return 1;
}

}  // namespace

void ValuePool::plan(const Graph& graph, const Layout& layout, size_t memory) {
  tensors_.assign(graph.tensors().size(), {});
  next_ = 0;
  for (const Block& block : layout.blocks) {
    PooledTensor& entry = tensors_[size_t(block.tensor->index)];
    entry.tensor = block.tensor;
    entry.rows = std::max(entry.rows, block.first_row + block.rows);
    entry.cols = std::max(entry.cols, block.first_col + block.cols);
  }
  size_t total = 0;
  for (PooledTensor& entry : tensors_) {
    if (!entry.tensor) continue;
    while (entry.levels < row_limits_run &&
           (entry.levels == 0 || level_size(entry.rows, entry.levels - 1) > 1 ||
            level_size(entry.cols, entry.levels - 1) > 1))
      ++entry.levels;
    entry.causal = entry.tensor->op && entry.tensor->op->masked(0, 1);
    entry.range.attention = entry.tensor->kind == Kind::attention;
    total += texels_kept(entry) + size_t(entry.rows);
  }
  all_histogram_.assign(size_t(bins), 0);
  global_limit_ = 1;
  while (total * 4 > memory) {
    auto most = std::max_element(tensors_.begin(), tensors_.end(), [](const auto& a, const auto& b) {
      return texels_kept(a) < texels_kept(b);
    });
    if (most->first_level + 1 >= most->levels) break;
    total -= texels_kept(*most);
    ++most->first_level;
    total += texels_kept(*most);
  }
  allocate();
}

void ValuePool::allocate() {
  const size_t lines = tensors_.size() + FineWindows::most;
  std::vector<std::uint32_t> table((lines / table_tensors + 1) * table_tensors * max_levels * 4);
  std::uint32_t offset = 0;
  auto add_run = [&](PooledTensor& entry, int run, int width, int height) {
    entry.offset[run] = offset;
    std::uint32_t* cell = &table[(size_t(entry.tensor->index) * max_levels + size_t(run)) * 4];
    cell[0] = offset, cell[1] = std::uint32_t(width), cell[2] = std::uint32_t(height);
    offset += std::uint32_t(width) * std::uint32_t(height);
  };
  for (PooledTensor& entry : tensors_) {
    if (!entry.tensor) continue;
    for (int level = entry.first_level; level < entry.levels; ++level)
      add_run(entry, level, level_size(entry.cols, level), level_size(entry.rows, level));
    add_run(entry, row_limits_run, 1, entry.rows);
  }
  page_count_ = std::max(1u, (offset + page_texels - 1) / page_texels);
  const bool some_are_coarse =
      std::ranges::any_of(tensors_, [](const PooledTensor& entry) { return entry.first_level > 0; });
  const std::uint32_t for_windows = some_are_coarse ? window_pages : 0;
  fine_.plan(page_count_ * page_texels, size_t(for_windows) * page_texels);
  page_count_ += for_windows;
  pages_ = Texture::make();
  glBindTexture(GL_TEXTURE_2D_ARRAY, pages_.name());
  glTexImage3D(GL_TEXTURE_2D_ARRAY, 0, GL_RG16F, int(page_width), int(page_width), int(page_count_), 0, GL_RG,
               GL_HALF_FLOAT, nullptr);
  glTexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D_ARRAY, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  table_ = Texture::make();
  glBindTexture(GL_TEXTURE_2D, table_.name());
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA32UI, table_tensors * max_levels,
               int(table.size() / 4 / (table_tensors * max_levels)), 0, GL_RGBA_INTEGER, GL_UNSIGNED_INT,
               table.data());
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
}

void ValuePool::forget_activations() {
  fine_.forget_activations();
  for (PooledTensor& entry : tensors_)
    if (entry.tensor && entry.tensor->role != Role::weight) {
      for (size_t bin = 0; bin < entry.histogram.size() && !entry.range.attention; ++bin)
        all_histogram_[bin] -= entry.histogram[bin];
      entry.uploaded = 0;
      entry.row_limits.clear();
      entry.histogram.clear();
      entry.means.clear();
      entry.range.limit = 1;
    }
}

size_t ValuePool::update(const Trace& trace, std::uint64_t steps, size_t budget) {
  size_t bytes = 0;
  waiting_ = false;
  // What was computed comes before what was loaded: it is what the eye waits for.
  for (const Tensor* tensor : trace.graph().tensors()) {
    PooledTensor& entry = tensors_[size_t(tensor->index)];
    if (!entry.tensor || tensor->role == Role::weight) continue;
    int known = std::min(entry.rows, trace.rows_known(*tensor, steps));
    if (known <= entry.uploaded) continue;
    if (bytes < budget)
      bytes += add_rows(entry, trace.view(*tensor), known);
    else
      waiting_ = true;
  }
  if (bytes < budget) bytes += add_weights(trace, budget - bytes);
  waiting_ = waiting_ || next_weight() != nullptr;
  if (std::exchange(ranges_changed_, false)) global_limit_ = high_percentile(all_histogram_);
  return bytes;
}

void ValuePool::count(PooledTensor& entry) {
  const float *positive = parts_.positive(), *negative = parts_.negative(), *counts = parts_.counts();
  float largest = 0;
  for (int col = 0; col < parts_.cols; ++col) {
    if (counts[col] == 0 || std::isinf(positive[col])) continue;
    const float size = positive[col] + negative[col];
    largest = std::max(largest, size);
    count_into(entry.histogram, size);
    if (!entry.range.attention) count_into(all_histogram_, size);
  }
  entry.row_limits.push_back(largest > 0 ? largest : 1);
}

size_t ValuePool::add_rows(PooledTensor& entry, const MatrixView& view, int end) {
  if (entry.histogram.empty()) entry.histogram.assign(size_t(bins), 0);
  if (!entry.means.begun()) entry.means.begin(entry.cols, entry.levels);
  staging_.resize(max_levels);
  for (auto& rows : staging_) rows.clear();
  int begin = entry.uploaded;
  for (int row = begin; row < end; ++row) {
    parts_.read(*entry.tensor, view, row, 0, entry.cols);
    count(entry);
    entry.means.add(parts_, row, row + 1 == end, entry.first_level, staging_);
  }
  if (end == entry.rows) entry.means.clear();
  return upload(entry, end, staging_);
}

/// The weight whose turn it is; null if all are begun to their ends.
PooledTensor* ValuePool::next_weight() {
  for (; next_ < tensors_.size(); ++next_) {
    PooledTensor& entry = tensors_[next_];
    if (entry.tensor && entry.tensor->role == Role::weight && entry.begun < entry.rows) return &entry;
  }
  return nullptr;
}

/// Takes the next bands for a round, about as many as make `bytes`. Returns their bytes.
size_t ValuePool::take_bands(Round& round, size_t bytes) {
  size_t cells = 0, taken = 0;
  round.used = 0;
  for (PooledTensor* entry; taken < bytes && cells < cells_at_once && (entry = next_weight());) {
    if (round.used == round.bands.size()) round.bands.push_back(std::make_unique<PooledBand>());
    if (entry->begun == 0)
      entry->weight_means = WeightMeans(entry->rows, entry->cols, entry->levels, entry->first_level);
    const int count = std::min(entry->rows - entry->begun, WeightMeans::band);
    round.bands[round.used++]->begin(*entry, entry->begun);
    entry->begun += count;
    cells += size_t(count) * size_t(entry->cols);
    for (int level = entry->first_level; level < entry->levels; ++level)
      taken += 4 * size_t(level_size(count, level)) * size_t(level_size(entry->cols, level));
  }
  return taken;
}

void ValuePool::PooledBand::make(const MatrixView& view) {
  counts.clear();
  limits.assign(size_t(WeightMeans::band), 0);
  entry->weight_means.make(view, row, means, [this](int at, const float* numbers, int some) {
    float& limit = limits[size_t(at - row)];
    limit = std::max(limit, counts.add(numbers, some));
  });
}

/// Uploads what was made of a band; a tensor's bands come in order.
size_t ValuePool::add_band(PooledBand& band) {
  PooledTensor& entry = *band.entry;
  if (band.row == 0) entry.histogram.assign(size_t(bins), 0);
  entry.weight_means.add(band.means);
  for (int i = 0; i < band.means.count; ++i)
    entry.row_limits.push_back(band.limits[size_t(i)] > 0 ? band.limits[size_t(i)] : 1);
  band.counts.add_to(entry.histogram);
  if (!entry.range.attention) band.counts.add_to(all_histogram_);
  const int end = band.row + band.means.count;
  band.means.texels.resize(size_t(max_levels));
  const size_t bytes = upload(entry, end, band.means.texels);
  if (end == entry.rows) entry.weight_means = {};
  return bytes;
}

/// A round of bands is made on all threads while the round before it goes to the GPU.
size_t ValuePool::add_weights(const Trace& trace, size_t budget) {
  size_t taken = 0, bytes = 0;
  rounds_[1].used = 0;
  do {
    taken += take_bands(rounds_[0], budget - std::min(budget, taken));
    in_parallel(
        int(rounds_[0].used), thread_count(),
        [&](int i) {
          PooledBand& band = *rounds_[0].bands[size_t(i)];
          band.make(trace.view(*band.entry->tensor));
        },
        [&](int) {
          for (size_t i = 0; i < rounds_[1].used; ++i) bytes += add_band(*rounds_[1].bands[i]);
        });
    std::swap(rounds_[0], rounds_[1]);
  } while (rounds_[1].used > 0);
  return bytes;
}

/// What was staged for the rows from the last uploaded one on.
size_t ValuePool::upload(PooledTensor& entry, int end, std::vector<std::vector<std::uint32_t>>& texels) {
  const int begin = entry.uploaded;
  size_t bytes = 0;
  std::vector<std::uint32_t>& limits = texels[row_limits_run];
  limits.clear();
  for (int row = begin; row < end; ++row) limits.push_back(mean_texel(entry.row_limits[size_t(row)], 0, 1));
  bytes += upload_run(entry.offset[row_limits_run] + std::uint32_t(begin), limits);
  for (int level = entry.first_level; level < entry.levels; ++level)
    bytes += upload_run(
        entry.offset[level] + std::uint32_t(begin >> level) * std::uint32_t(level_size(entry.cols, level)),
        texels[size_t(level)]);
  entry.uploaded = end;
  if (!entry.range.attention) entry.range.limit = high_percentile(entry.histogram);
  ranges_changed_ = true;
  return bytes;
}

void ValuePool::refine(const Scene& scene, const Frame& frame, size_t budget) {
  const bool moved = fine_.follow(scene, frame, [&](const Tensor& tensor) { return of(tensor).first_level; });
  const bool filled =
      fine_.waiting() &&
      fine_.fill(*scene.trace, scene.steps, budget / 4,
                 [&](std::uint32_t offset, std::span<const std::uint32_t> run) { upload_run(offset, run); });
  if (moved || filled) describe_windows();
}

/// A window's line of the table: its levels' runs, and in the last place its first column and row, how many
/// columns, from 2^24 on its finest level, and how many rows are filled.
void ValuePool::describe_windows() {
  glBindTexture(GL_TEXTURE_2D, table_.name());
  for (size_t i = 0; i < fine_.windows().size(); ++i) {
    const FineWindow& window = fine_.windows()[i];
    std::uint32_t line[max_levels * 4] = {};
    for (int level = window.level; level < window.kept; ++level) {
      line[level * 4] = window.offset + std::uint32_t(window.run_before(level));
      line[level * 4 + 1] = std::uint32_t(level_size(window.cells.cols, level));
      line[level * 4 + 2] = std::uint32_t(level_size(window.cells.rows, level));
    }
    std::uint32_t* place = line + row_limits_run * 4;
    place[0] = std::uint32_t(window.cells.col), place[1] = std::uint32_t(window.cells.row);
    place[2] = std::uint32_t(window.cells.cols) | std::uint32_t(window.level) << 24;
    place[3] = std::uint32_t(window.filled);
    const size_t at = tensors_.size() + i;
    glTexSubImage2D(GL_TEXTURE_2D, 0, int(at % table_tensors) * max_levels, int(at / table_tensors),
                    max_levels, 1, GL_RGBA_INTEGER, GL_UNSIGNED_INT, line);
  }
}

std::uint32_t ValuePool::window_line(int block) const {
  const int window = fine_.of_block(block);
  return window < 0 ? 0 : std::uint32_t(tensors_.size()) + std::uint32_t(window);
}

bool ValuePool::has_cells(const Scene& scene, int block) const {
  if (of(*scene.layout->blocks[size_t(block)].tensor).first_level == 0) return true;
  const int index = fine_.of_block(block);
  return index >= 0 && fine_.windows()[size_t(index)].level == 0 && !fine_.waiting();
}

Range ValuePool::range_of(const Tensor& tensor, int row, RangeRule rule) const {
  if (!planned(tensor)) return {1, tensor.kind == Kind::attention};
  const PooledTensor& entry = of(tensor);
  Range range = entry.range;
  if (range.attention) return range;
  if (rule == RangeRule::global) range.limit = global_limit_;
  if (rule == RangeRule::row && row >= 0 && row < int(entry.row_limits.size()))
    range.limit = entry.row_limits[size_t(row)];
  return range;
}

size_t ValuePool::upload_run(std::uint32_t offset, std::span<const std::uint32_t> run) {
  size_t count = run.size();
  const std::uint32_t* texels = run.data();
  glBindTexture(GL_TEXTURE_2D_ARRAY, pages_.name());
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  while (count > 0) {
    std::uint32_t x = offset % page_width, y = offset / page_width % page_width, page = offset / page_texels;
    size_t width = std::min<size_t>(count, page_width - x), height = 1;
    if (x == 0 && count >= page_width) height = std::min<size_t>(count / page_width, page_width - y);
    glTexSubImage3D(GL_TEXTURE_2D_ARRAY, 0, int(x), int(y), int(page), int(width), int(height), 1, GL_RG,
                    GL_HALF_FLOAT, texels);
    size_t done = width * height;
    offset += std::uint32_t(done);
    texels += done;
    count -= done;
  }
  return run.size_bytes();
}

void ValuePool::bind(int values_unit, int table_unit) const {
  glActiveTexture(GLenum(GL_TEXTURE0 + values_unit));
  glBindTexture(GL_TEXTURE_2D_ARRAY, pages_.name());
  glActiveTexture(GLenum(GL_TEXTURE0 + table_unit));
  glBindTexture(GL_TEXTURE_2D, table_.name());
  glActiveTexture(GL_TEXTURE0);
}

}  // namespace orrery
