#include "renderer/fine_windows.h"

#include <algorithm>
#include <cmath>

#include "renderer/cell_place.h"
#include "renderer/passes.h"

namespace orrery {
namespace {

/// Grows [first, first + size) by `margin` each way to multiples of `unit`, within a dimension of `whole`.
void widen(int& first, int& size, int margin, int unit, int whole) {
  const int begin = std::max(0, first - margin) / unit * unit;
  const int end = std::min(whole, (first + size + margin + unit - 1) / unit * unit);
  first = begin;
  size = end - begin;
}

/// Cells a pixel where the block's seen part is nearest to the eye.
float cells_a_pixel(const Block& block, const CellWindow& seen, const Frame& frame) {
  const glm::vec2 low =
      glm::vec2(block.corner) + glm::vec2(float(seen.left), -float(seen.bottom)) * block.cell;
  const glm::vec2 high =
      glm::vec2(block.corner) + glm::vec2(float(seen.right), -float(seen.top)) * block.cell;
  const glm::vec2 nearest = glm::clamp(glm::vec2(frame.eye), low, high);
  const float distance = glm::length(glm::vec3(nearest, block.corner.z) - frame.eye);
  return distance / (frame.pixels_a_unit * std::min(block.cell.x, block.cell.y));
}

}  // namespace

size_t FineWindow::run_before(int wanted) const {
  size_t sum = 0;
  for (int l = level; l < wanted; ++l)
    sum += size_t(level_size(cells.rows, l)) * size_t(level_size(cells.cols, l));
  return sum;
}

size_t FineWindow::texels() const { return run_before(kept); }

bool FineWindow::serves(const FineWindow& wish) const {
  return block == wish.block && kept == wish.kept && level <= wish.level && cells.row <= wish.seen.row &&
         cells.col <= wish.seen.col && cells.row + cells.rows >= wish.seen.row + wish.seen.rows &&
         cells.col + cells.cols >= wish.seen.col + wish.seen.cols;
}

std::optional<FineWindow> wish_for(const Layout& layout, int index, int kept, const Frame& frame,
                                   size_t texels) {
  const Block& block = layout.blocks[size_t(index)];
  if (kept == 0 || frame.eye.z <= block.corner.z) return std::nullopt;
  const CellWindow seen = seen_cells(block, frame.eye, glm::inverse(frame.view_projection));
  if (seen.left >= seen.right || seen.top >= seen.bottom) return std::nullopt;
  // As the shader chooses its level.
  const int level = std::max(0, int(std::log2(cells_a_pixel(block, seen, frame)) + 0.5f));
  if (level >= kept) return std::nullopt;
  FineWindow wish;
  wish.block = index;
  wish.kept = kept;
  wish.level = level;
  wish.seen = {block.tensor, block.first_row + seen.top, block.first_col + seen.left, seen.bottom - seen.top,
               seen.right - seen.left};
  for (int share : {3, 8, 0}) {  // of the seen part on each side: room to move in
    Region& cells = wish.cells = wish.seen;
    widen(cells.row, cells.rows, share ? cells.rows / share : 0, 1 << kept, block.tensor->rows.size);
    widen(cells.col, cells.cols, share ? cells.cols / share : 0, 1 << kept, block.tensor->cols.size);
    if (wish.texels() <= texels) return wish;
  }
  while (wish.level < kept && wish.texels() > texels) ++wish.level;
  return wish.level < kept ? std::optional(wish) : std::nullopt;
}

void FineWindows::plan(std::uint32_t offset, size_t texels) {
  windows_.clear();
  offset_ = offset;
  texels_ = texels;
  taken_ = 0;
  waiting_ = false;
}

void FineWindows::forget_activations() {
  for (FineWindow& window : windows_)
    if (window.cells.tensor->role != Role::weight) window.filled = 0;
}

bool FineWindows::follow(const Scene& scene, const Frame& frame,
                         const std::function<int(const Tensor&)>& kept_level) {
  if (texels_ == 0) return false;
  wishes_.clear();
  for (size_t i = 0; i < scene.layout->blocks.size(); ++i)
    if (const auto wish =
            wish_for(*scene.layout, int(i), kept_level(*scene.layout->blocks[i].tensor), frame, texels_ / 2))
      wishes_.push_back(*wish);
  std::ranges::stable_sort(wishes_, std::greater{}, [](const FineWindow& wish) { return wish.texels(); });
  size_t sum = 0;
  const auto too_much = [&](const FineWindow& wish) { return (sum += wish.texels()) > texels_; };
  wishes_.erase(std::ranges::find_if(wishes_, too_much), wishes_.end());
  if (wishes_.size() > most) wishes_.resize(most);
  auto is_served = [&](const FineWindow& wish) {
    return std::ranges::any_of(windows_, [&](const FineWindow& window) { return window.serves(wish); });
  };
  if (std::ranges::all_of(wishes_, is_served)) return false;
  bool full = false;
  for (const FineWindow& wish : wishes_) full = full || (!is_served(wish) && !place(wish));
  if (full) {  // all begin anew, with those that are wished for now
    windows_.clear();
    taken_ = 0;
    for (const FineWindow& wish : wishes_) place(wish);
  }
  return true;
}

bool FineWindows::place(const FineWindow& wish) {
  std::erase_if(windows_, [&](const FineWindow& window) { return window.block == wish.block; });
  if (taken_ + wish.texels() > texels_ || windows_.size() >= most) return false;
  windows_.push_back(wish);
  windows_.back().offset = offset_ + std::uint32_t(taken_);
  taken_ += wish.texels();
  waiting_ = true;
  return true;
}

bool FineWindows::fill(const Trace& trace, std::uint64_t steps, size_t cells, const Upload& upload) {
  size_t read = 0;
  waiting_ = false;
  for (FineWindow& window : windows_) {
    const Tensor& tensor = *window.cells.tensor;
    int known = tensor.rows.size;
    if (tensor.role != Role::weight) known = trace.rows_known(tensor, steps);
    known = std::min(known - window.cells.row, window.cells.rows);
    const int unit = 1 << window.kept;
    while (window.filled < known && read < cells) {
      // From the last whole square of the coarsest level on: rows may have come since.
      const int begin = window.filled / unit * unit, end = std::min(known, begin + unit);
      staging_.resize(size_t(window.kept));
      for (auto& run : staging_) run.clear();
      means_.begin(window.cells.cols, window.kept);
      for (int row = begin; row < end; ++row) {
        parts_.read(tensor, trace.view(tensor), window.cells.row + row, window.cells.col, window.cells.cols);
        means_.add(parts_, row - begin, row + 1 == end, window.level, staging_);
      }
      for (int level = window.level; level < window.kept; ++level)
        upload(window.offset + std::uint32_t(window.run_before(level)) +
                   std::uint32_t(begin >> level) * std::uint32_t(level_size(window.cells.cols, level)),
               staging_[size_t(level)]);
      read += size_t(end - begin) * size_t(window.cells.cols);
      window.filled = end;
    }
    if (window.filled < known) waiting_ = true;
  }
  return read > 0;
}

int FineWindows::of_block(int block) const {
  for (size_t i = 0; i < windows_.size(); ++i)
    if (windows_[i].block == block) return int(i);
  return -1;
}

}  // namespace orrery
