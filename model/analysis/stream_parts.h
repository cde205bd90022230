#pragma once
#include "model/analysis/anatomy.h"
#include "model/analysis/matrix.h"

namespace orrery {

/// One summand of the residual stream: an embedding, what one head writes, a bias, an MLP's result.
struct StreamPart {
  enum class Kind { embedding, head, bias, mlp, other };
  Kind kind = Kind::other;
  std::string name;                 ///< "embed", "pos_embed", "L2H1", "2_b_O", "2_mlp_out"
  const Tensor* tensor = nullptr;   ///< the numbers: [T, D], of a head [T, d], of a bias [1, D]
  const Tensor* weights = nullptr;  ///< of a head: W_O, through which its numbers go
  int layer = -1, head = -1;
  const Tensor* added_to = nullptr;  ///< the state of the stream that it met; null for the first
};

/// What was added up to make `state`, a state of the residual stream, in order of computation. A part that
/// the graph does not split further stands as a whole.
std::vector<StreamPart> parts_of(const Tensor& state);

/// The part's vector at a token [D].
std::vector<double> part_vector(const Values& values, const StreamPart& part, int row);
/// All of them, one a row [parts, D].
Matrix part_vectors(const Values& values, const std::vector<StreamPart>& parts, int row);

/// Lengths of the residual stream and of what was added to it, for each token.
struct StreamNorms {
  std::vector<const Tensor*> states;
  Matrix state_norms;  ///< [states, rows]: Euclidean; column 0 is the first row asked for
  std::vector<StreamPart> parts;
  Matrix part_norms;    ///< [parts, rows]
  Matrix part_cosines;  ///< [parts, rows]: with the stream that the part was added to (0 for the embeddings)
};
Finding<StreamNorms> stream_norms(const Graph& graph, const Values& values, Rows rows);

}  // namespace orrery
