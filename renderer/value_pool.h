#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "model/trace.h"
#include "renderer/fine_windows.h"
#include "renderer/gl.h"
#include "renderer/layout.h"
#include "renderer/pyramid.h"
#include "renderer/range.h"
#include "renderer/scene.h"
#include "renderer/size_counts.h"
#include "renderer/weight_means.h"

namespace orrery {

/// Where a tensor's numbers stand in the pool.
struct PooledTensor {
  const Tensor* tensor = nullptr;
  int rows = 0, cols = 0;  ///< what the layout shows of it
  int first_level = 0;     ///< finest level kept: its texels are means over 2^first_level cells each way
  int levels = 0;          ///< levels 0 .. levels - 1; those below first_level are not kept
  std::uint32_t offset[16] = {};  ///< of each level's run; the last is the run of the rows' limits
  int uploaded = 0;               ///< rows that are in the texture
  int begun = 0;                  ///< a weight's rows that are, or are on their way
  bool causal = false;            ///< cells right of the diagonal are masked
  Range range;
  std::vector<float> row_limits;         ///< the largest |v| of each row that is uploaded
  std::vector<std::uint32_t> histogram;  ///< of |v|, logarithmic
  WeightMeans weight_means;              ///< while a weight's rows are uploaded
  Pyramid means;                         ///< while an activation's are
};

/// All numbers that are drawn, as textures: pages of 2048 x 2048 texels (v+, v-) in half precision, in which
/// each mip level of a tensor is a linear run; and a table of those runs. Levels above 0 hold the mean of the
/// positive and of the negative parts, so that a field of +1 and -1 does not turn grey from afar. Rows are
/// uploaded once, as they become known. Where memory does not last for the finest levels, those of what the
/// camera is near to are there in windows.
class ValuePool {
 public:
  /// Lays out the pool for what `layout` shows. Tensors keep all their levels while `memory` bytes last; then
  /// the largest lose their finest.
  void plan(const Graph& graph, const Layout& layout, size_t memory);
  /// Forgets the rows of activations (another recording).
  void forget_activations();
  /// Uploads rows known after `steps` steps that are not there yet, about `budget` bytes of them. Returns the
  /// bytes uploaded.
  size_t update(const Trace& trace, std::uint64_t steps, size_t budget);
  /// Opens windows on finer levels where the camera has come near, and fills them.
  void refine(const Scene& scene, const Frame& frame, size_t budget);
  /// True while known rows wait for their turn.
  bool waiting() const { return waiting_ || fine_.waiting(); }
  /// The line of the table that tells of the window through which a block of the layout looks; 0: none.
  std::uint32_t window_line(int block) const;
  /// Whether every cell of a block that is in the picture is there by itself.
  bool has_cells(const Scene& scene, int block) const;

  /// How the colours of a row are scaled.
  Range range_of(const Tensor& tensor, int row, RangeRule rule) const;

  bool planned(const Tensor& tensor) const { return size_t(tensor.index) < tensors_.size(); }
  const PooledTensor& of(const Tensor& tensor) const { return tensors_[size_t(tensor.index)]; }
  void bind(int values_unit, int table_unit) const;

 private:
  void allocate();
  /// A band of a weight's rows, on its way into the texture.
  struct PooledBand {
    PooledTensor* entry = nullptr;
    int row = 0;
    WeightBand means;
    SizeCounts counts;
    std::vector<float> limits;  ///< of its rows

    void begin(PooledTensor& of, int first_row) { entry = &of, row = first_row; }
    void make(const MatrixView& view);
  };
  struct Round {
    std::vector<std::unique_ptr<PooledBand>> bands;  ///< kept for the next round
    size_t used = 0;
  };
  size_t add_rows(PooledTensor& entry, const MatrixView& view, int end);
  PooledTensor* next_weight();
  size_t take_bands(Round& round, size_t bytes);
  size_t add_band(PooledBand& band);
  size_t add_weights(const Trace& trace, size_t budget);
  size_t upload(PooledTensor& entry, int end, std::vector<std::vector<std::uint32_t>>& texels);
  void count(PooledTensor& entry);
  void describe_windows();
  size_t upload_run(std::uint32_t offset, std::span<const std::uint32_t> run);

  std::vector<PooledTensor> tensors_;  // by Tensor::index
  size_t next_ = 0;                    // the weight whose turn it is, or one before it
  Round rounds_[2];                    // being made; on its way to the GPU
  bool waiting_ = false;
  std::vector<std::uint32_t> all_histogram_;  // of all tensors but attention
  float global_limit_ = 1;
  bool ranges_changed_ = false;
  Texture pages_, table_;
  std::uint32_t page_count_ = 0;
  std::vector<std::vector<std::uint32_t>> staging_;  // by level
  RowParts parts_;
  FineWindows fine_;
};

}  // namespace orrery
