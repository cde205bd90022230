#include "model/analysis/score_parts.h"

#include <numeric>

#include "model/analysis/affine_path.h"
#include "model/analysis/matrix_maps.h"

namespace orrery {
namespace {

/// The parts of the stream at a token carried into query or key space, one a row; the last row is the bias.
DoubleRows carried_parts(const AffinePath& path, const Values& values, const std::vector<StreamPart>& parts,
                         int row) {
  const Matrix vectors = path.carry(values, row, part_vectors(values, parts, row));
  const std::vector<double> bias = path.constant(values, row);
  DoubleRows result(vectors.rows + 1, vectors.cols);
  result.topRows(vectors.rows) = map(vectors);
  result.bottomRows(1) = Eigen::Map<const Eigen::RowVectorXd>(bias.data(), vectors.cols);
  return result;
}

/// By what query times key is multiplied, and what is added: read from the score's own explanation.
struct ScoreScale {
  double factor = 1, added = 0;
};
ScoreScale score_scale(const Values& values, const HeadParts& head, const Cell& cell) {
  ScoreScale scale;
  for (const Term& term : head.scores->op->explain(*head.scores, cell, values).terms) {
    const bool product = term.cells.size() == 2 && term.cells[0].tensor == head.query;
    if (!product)
      scale.added += term.value;
    else if (term.values.size() > 2)
      scale.factor = term.values[2];
  }
  return scale;
}

std::vector<double> list(const Eigen::VectorXd& numbers) {
  return {numbers.data(), numbers.data() + numbers.size()};
}

}  // namespace

Finding<ScoreParts> split_score(const Values& values, const HeadParts& head, int query_row, int key_row,
                                Progress& progress) {
  if (head.scores->op->masked(query_row, key_row))
    return head.scores->op->explain(*head.scores, {head.scores, query_row, key_row}, values).words;
  const Finding<AffinePath> query = AffinePath::to(*head.query), key = AffinePath::to(*head.key);
  if (!query) return query.why_not;
  if (!key) return key.why_not;
  if (&query->from() != &key->from())
    return say("Queries and keys of {0} are read from different states of the stream.", head.name());
  ScoreParts result;
  result.query_row = query_row;
  result.key_row = key_row;
  result.parts = parts_of(query->from());
  const ScoreScale scale = score_scale(values, head, {head.scores, query_row, key_row});
  const DoubleRows queries = scale.factor * carried_parts(*query, values, result.parts, query_row);
  const Eigen::RowVectorXd whole = queries.colwise().sum();
  const Eigen::Index count = queries.rows();
  Eigen::VectorXd average = Eigen::VectorXd::Zero(count);
  int seen = 0;
  for (int row = 0; row <= query_row; ++row) {
    if (head.scores->op->masked(query_row, row)) continue;
    const DoubleRows keys = carried_parts(*key, values, result.parts, row);
    average += keys * whole.transpose();
    ++seen;
    if (row == key_row) {
      result.products = Matrix(int(count), int(count));
      map(result.products) = queries * keys.transpose();
    }
    progress.report(float(row) / float(query_row + 1));
  }
  result.key_average = list(average / seen);
  result.by_query = list(map(result.products).rowwise().sum());
  result.by_key = list(map(result.products).colwise().sum().transpose());
  result.beyond = scale.added;
  result.sum = std::accumulate(result.by_key.begin(), result.by_key.end(), result.beyond);
  result.stored = values.at({head.scores, query_row, key_row});
  const std::vector<double> first = key->constant(values, 0), own = key->constant(values, key_row);
  result.key_bias_drops_out = first == own;
  return result;
}

}  // namespace orrery
