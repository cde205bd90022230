#pragma once
#include <memory>
#include <vector>

#include "model/model.h"

namespace orrery {

/// Runs a model without recording it: keeps only what later rows read (keys and values) and reuses all other
/// memory. The same ops as the Executor's; for comparison, and for speed where nobody looks. One thread.
class PlainExecutor : private Values {
 public:
  /// For texts of at most `capacity` tokens, fed in passes of at most `most_rows`.
  PlainExecutor(std::shared_ptr<const Model> model, int capacity, int most_rows);

  /// Feeds tokens and returns the logits after the last one, valid until the next call. Throws Error if there
  /// are none, too many, or one outside the vocabulary.
  std::span<const float> feed(std::span<const int> ids);
  /// Takes over what a recording knows of its first `rows` tokens, in place of all that was fed before;
  /// throws Error if they are too many. The next feed() goes on from there.
  void take(const Values& recording, int rows);
  /// The same from another one of this model: two continuations of one text.
  void take(const PlainExecutor& other) { take(other, other.tokens_); }
  int tokens() const { return tokens_; }
  size_t bytes() const { return bytes_; }  ///< memory of activations

 private:
  void point_views(int rows);

  struct Place {
    float* data = nullptr;
    bool kept = false;  // every row stays
  };
  std::shared_ptr<const Model> model_;
  std::vector<std::unique_ptr<float[]>> memory_;
  std::vector<Place> places_;  // by Tensor::index
  int capacity_ = 0, most_rows_ = 0, tokens_ = 0;
  size_t bytes_ = 0;
};

}  // namespace orrery
