#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "model/trace.h"
#include "renderer/pyramid.h"
#include "renderer/scene.h"

namespace orrery {

struct Frame;

/// A rectangle of a block's tensor in levels that the pool does not keep of the whole tensor.
struct FineWindow {
  int block = -1;            ///< of the layout: the one that looks through it
  int kept = 0;              ///< the finest level that is kept of the whole tensor
  int level = 0;             ///< the finest here; levels [level, kept) are held
  Region cells;              ///< begins and, but at the tensor's end, ends at multiples of 2^kept
  Region seen;               ///< what was in the picture when it was opened
  int filled = 0;            ///< rows uploaded so far, from the first on
  std::uint32_t offset = 0;  ///< of its first level's run
  /// Texels of all its levels.
  size_t texels() const;
  /// Texels before the run of `level`.
  size_t run_before(int level) const;
  /// Whether what another one was wished for can be seen through this one.
  bool serves(const FineWindow& wish) const;
};

/// What a block needs to be seen sharply: the cells in the picture with some margin, as fine as the pixels
/// are; none if the levels that are kept (from `kept` on) are fine enough. At most `texels` of them: else it
/// is narrower, then coarser. Pure.
std::optional<FineWindow> wish_for(const Layout& layout, int block, int kept, const Frame& frame,
                                   size_t texels);

/// Finer levels of what the camera is near to, for tensors too large to be kept whole: at most `most`
/// windows in a run of texels of their own. They are filled in slices, as the pool is.
class FineWindows {
 public:
  static constexpr int most = 16;
  /// For a run of `texels` texels that begins at `offset` of the pool; 0: there is no need for windows.
  void plan(std::uint32_t offset, size_t texels);
  /// The rows of activations in them are another recording's.
  void forget_activations();
  /// Opens windows where the camera has come near, those that take most of the picture first. `kept_level`:
  /// the finest level kept of a tensor. Returns whether any changed.
  bool follow(const Scene& scene, const Frame& frame, const std::function<int(const Tensor&)>& kept_level);
  /// Reads rows that are known and not there yet, about `cells` of them; hands over each run of texels.
  using Upload = std::function<void(std::uint32_t offset, std::span<const std::uint32_t>)>;
  /// Returns whether anything was read. Afterwards waiting() says if more could be.
  bool fill(const Trace& trace, std::uint64_t steps, size_t cells, const Upload& upload);
  bool waiting() const { return waiting_; }

  std::span<const FineWindow> windows() const { return windows_; }
  /// Which window a block looks through; -1: none.
  int of_block(int block) const;

 private:
  bool place(const FineWindow& wish);

  std::vector<FineWindow> windows_, wishes_;
  std::uint32_t offset_ = 0;
  size_t texels_ = 0, taken_ = 0;
  bool waiting_ = false;
  Pyramid means_;
  RowParts parts_;
  std::vector<std::vector<std::uint32_t>> staging_;
};

}  // namespace orrery
