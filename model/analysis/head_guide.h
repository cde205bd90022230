#pragma once
#include <cstdint>
#include <memory>

#include "model/analysis/matrix.h"
#include "model/model.h"
#include "model/progress.h"

namespace orrery {

/// What a head does on a random text that is repeated once (Olsson et al. 2022): means of its pattern P.
struct HeadScores {
  int layer = 0, head = 0;
  double previous = 0;   ///< P[i, i - 1]
  double induction = 0;  ///< P[i, i - N + 1] over the second half: what followed the same token before
  double duplicate = 0;  ///< P[i, i - N] over the second half: the same token before
  double first = 0;      ///< P[i, 0], i > 0
  double self = 0;       ///< P[i, i]
  double entropy = 0;    ///< of the rows, 1 is an even look
};

/// The field guide of a model's heads. Scores of attention: no proof of what a head is for.
struct HeadGuide {
  std::vector<HeadScores> heads;
  int length = 0;  ///< N: tokens before the repeat
  int texts = 0;   ///< over how many texts the means go
  std::uint64_t seed = 0;
  bool begins = false;    ///< a token for the beginning stands before
  bool distinct = false;  ///< no token stands twice in a half; with fewer words than N that cannot be
};

/// The random text of a guide: a beginning token (begin >= 0), N tokens and the same again.
std::vector<int> repeated_text(int vocabulary, int length, int begin, std::uint64_t seed, int text);

/// The scores that a pattern over such a text shows; `start` tokens stand before the first half.
HeadScores score_pattern(const Matrix& pattern, int start, int length);

/// Runs the model on `texts` random texts (see repeated_text). Throws Cancelled.
Finding<HeadGuide> head_field_guide(const std::shared_ptr<const Model>& model, std::uint64_t seed, int texts,
                                    Progress& progress);

/// The kind that a head shows most clearly, and how much.
enum class HeadKind { previous, induction, duplicate, first, self, none };
HeadKind head_kind(const HeadScores& scores);
double score_of(const HeadScores& scores, HeadKind kind);  ///< entropy for none

/// One line a head, with a header; numbers with six digits.
std::string head_guide_csv(const HeadGuide& guide);

}  // namespace orrery
