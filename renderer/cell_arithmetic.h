#pragma once
#include <array>
#include <functional>
#include <map>
#include <string>

#include "model/derivation.h"
#include "renderer/scene.h"

namespace orrery {

/// The nearest view of all: in cells that are very large in the picture, how their numbers came about stands
/// below them. Keeps the texts of the cells that it has seen. Main thread.
class CellArithmetic {
 public:
  /// Adds texts to the scene, whose blocks and camera are set; `width` and `height`: of the picture in
  /// pixels. `translate` may be null: English.
  void add(Scene& scene, int width, int height,
           const std::function<std::string(const Message&)>& translate = {});

 private:
  struct Lines {
    Message formula;
    std::string terms, rest;
  };
  const Lines& lines_of(const Trace& trace, const Cell& cell);

  std::uint64_t trace_ = 0;  // Trace::id()
  std::map<std::array<int, 3>, Lines> known_;
};

}  // namespace orrery
