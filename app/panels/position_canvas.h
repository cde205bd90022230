#pragma once
#include <memory>
#include <string>
#include <vector>

#include "app/position_choices.h"
#include "app/style.h"

namespace orrery {
struct App;

/// A curve as the canvas draws it.
struct DrawnCurve {
  std::string name;
  ImVec4 colour;
  bool chosen = false;
  std::shared_ptr<const PositionScores> scores;
};

/// The encoding of the chosen scheme, as a picture of numbers.
struct EncodingPicture {
  Matrix numbers;  ///< [positions, channels]
  double largest = 1;
  bool shares = false;  ///< of slopes: parts of a weight, 0 .. 1
  int last = 0;         ///< the position of the last row
};

/// Three pictures over one axis, tokens of distance or positions from 0 to `last`, with a line at the trained
/// length: scores, the encoding, and what slopes take away.
struct PositionCanvas {
  int last = 1, trained = 1;
  std::vector<DrawnCurve> curves;
  std::shared_ptr<const EncodingPicture> encoding;
  std::string encoding_title;
  std::vector<double> slopes;  ///< empty: that picture is left out
  bool slopes_chosen = false;
  std::string slopes_title;

  /// Fills what is left of the window that is open.
  void draw(App& app) const;
};

}  // namespace orrery
