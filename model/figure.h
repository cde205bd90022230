#pragma once
#include <variant>
#include <vector>

#include "model/message.h"

namespace orrery {

// What a list of terms does not make plain about a cell, as numbers of the run: a small drawing beside the
// arithmetic shows them (renderer/figure_drawing.h). Kinds of numbers, not of networks: any op may use any.

/// A pair of numbers that turns in its plane by position × frequency radians, against the clock.
struct Dial {
  double x = 0, y = 0;  ///< the pair before
  double position = 0, frequency = 0;
  double stretch = 1;  ///< the pair's length is multiplied by it
  bool of_y = false;   ///< the cell is the pair's second number, else its first
  double angle() const { return position * frequency; }
};

/// Scores that lose `slope` with every token of distance. By distance: what each was before, and after.
struct Slope {
  double slope = 0;
  int here = 0;  ///< the distance that the cell stands for
  std::vector<double> before, after;
};

/// A few are chosen among many by their scores.
struct Choice {
  std::vector<double> scores;
  std::vector<int> chosen;     ///< the best first
  std::vector<double> shares;  ///< of the chosen, in that order, summing to 1; empty: not shared out here
  int here = -1;               ///< which one the cell is about
};

/// Who was chosen by each token so far.
struct Tally {
  int kinds = 0;  ///< how many there are to choose from
  int here = 0;   ///< which of them the cell counts
  std::vector<std::vector<int>> chosen;
};

/// Sums that are carried from token to token and fade: what is left in them of each token. Where there are
/// two, the cell is the first divided by the second.
struct Carried {
  struct Sum {
    Message name;
    std::vector<double> before;  ///< of the tokens so far but for the newest, before this one fades them
    std::vector<double> left;    ///< of each token, the newest included: they add up to the sum
  };
  std::vector<Sum> sums;
};

/// A matrix [rows, cols] that changes, in parts: the last one is the sum of those before it.
struct Update {
  int rows = 0, cols = 0;
  int row = 0, col = 0;  ///< the number that the cell is
  struct Part {
    Message name;
    std::vector<double> numbers;  ///< row after row
  };
  std::vector<Part> parts;
};

using Figure = std::variant<std::monostate, Dial, Slope, Choice, Tally, Carried, Update>;

}  // namespace orrery
