#include "renderer/scene_hash.h"

#include <cstring>
#include <type_traits>

namespace orrery {
namespace {

/// Eight bytes at a time, each step a multiplication and a fold.
struct Hash {
  std::uint64_t state = 0x9e3779b97f4a7c15u;

  void word(std::uint64_t value) {
    state = (state ^ value) * 0xff51afd7ed558ccdu;
    state ^= state >> 32;
  }
  void bytes(const void* data, size_t size) {
    auto from = static_cast<const char*>(data);
    for (; size >= 8; size -= 8, from += 8) {
      std::uint64_t value;
      std::memcpy(&value, from, 8);
      word(value);
    }
    std::uint64_t rest = size;
    std::memcpy(&rest, from, size);
    word(rest ^ std::uint64_t(size) << 56);
  }
  template <class... Parts>
  void add(const Parts&... parts) {
    static_assert((std::has_unique_object_representations_v<Parts> && ...) ||
                  (std::is_trivially_copyable_v<Parts> && ...));
    (bytes(&parts, sizeof parts), ...);
  }
};

}  // namespace

std::uint64_t content_hash(const Scene& scene) {
  Hash hash;
  bool moves = false;
  const Camera& camera = scene.camera;
  hash.add(scene.layout, scene.trace ? scene.trace->id() : 0, scene.layout_version, scene.steps, scene.theme,
           scene.range, scene.colour_blind, scene.text_scale);
  hash.add(camera.target, camera.yaw, camera.pitch, camera.distance, camera.field_of_view);
  for (const BlockState& block : scene.blocks)
    hash.add(block.emphasis, block.known_rows, block.fresh_row, block.progress);
  for (const Mark& mark : scene.marks)
    hash.add(mark.region.tensor, mark.region.row, mark.region.col, mark.region.rows, mark.region.cols,
             mark.colour);
  for (const Sheet& sheet : scene.sheets) hash.add(sheet.corner, sheet.size, sheet.fill, sheet.line);
  for (const SceneStrand& strand : scene.strands) {
    hash.add(strand.strand, strand.width, strand.colour, strand.flow, strand.phase, strand.arrow);
    if (strand.strand < 0) hash.add(strand.points);
    moves = moves || strand.flow > 0.01f;  // less: its light runs with its phase alone
  }
  for (const SceneText& text : scene.texts) {
    hash.bytes(text.text.data(), text.text.size());
    hash.add(text.anchor, text.height, text.align, text.max_width, text.colour, text.rank, text.priority,
             text.pixels, text.shift, text.backing);
  }
  if (moves) hash.add(scene.time);
  return hash.state;
}

}  // namespace orrery
