#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/legend.h"

namespace orrery {

/// The text so far, token by token; those of the pass under way, [first_lit, size), are lit.
struct TokenStrip {
  std::vector<std::string> pieces;
  size_t first_lit = 0;
  std::string next;  ///< the token that has just been chosen; empty: none
};

/// The words beneath a picture or film that is made without a window: a caption and the legend. Needs an
/// OpenGL context and lives in it; one at a time, main thread.
class Overlay {
 public:
  /// For pictures of that size and a legend with that many notes; none is drawn where there is no room for
  /// it.
  Overlay(int width, int height, int notes);
  ~Overlay();
  /// Pixels at the foot of the picture that the words take; 0 where there is no room.
  int height() const { return strip_; }
  /// Draws into the framebuffer that is bound.
  void draw(const std::string& caption, const TokenStrip& tokens, const Legend& legend);

 private:
  int width_, whole_, strip_ = 0;
  float scale_ = 1;
};

}  // namespace orrery
