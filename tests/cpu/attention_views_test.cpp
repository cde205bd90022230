#include "model/analysis/attention_views.h"

#include <doctest/doctest.h>

#include <cmath>

#include "model/analysis/score_parts.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// A recording of one layer with one head and two channels whose pattern, values and output weights are
/// written by hand.
struct HandMade {
  std::shared_ptr<const Model> model;
  std::shared_ptr<Trace> trace;
  Anatomy anatomy;

  explicit HandMade(int layers = 1)
      : model(Model::make(Shape{"hand", layers, 1, 2, 4, 3, 2}.graph(), Config({{"model_type", "gpt2"}}, "c"),
                          [](const Tensor& tensor, MutableView view) {
                            for (int row = 0; row < view.rows; ++row)
                              for (int col = 0; col < view.cols; ++col) view(row, col) = 0;
                            if (tensor.name.find("W_O") == std::string::npos) return;
                            view(0, 0) = 1;  // W_O = [[1, 0], [0, 2]]
                            view(1, 1) = 2;
                          })),
        trace(std::make_shared<Trace>(model, 3)),
        anatomy(anatomy_of(model->graph())) {}

  const HeadParts& head(int layer = 0) const { return anatomy.layers[size_t(layer)].heads[0]; }
  void write(const Tensor& tensor, const std::vector<std::vector<float>>& rows) {
    for (size_t row = 0; row < rows.size(); ++row)
      for (size_t col = 0; col < rows[row].size(); ++col)
        trace->writable(tensor)(int(row), int(col)) = rows[row][col];
  }
};

}  // namespace

TEST_CASE("value-weighted attention, computed by hand") {
  HandMade made;
  made.write(*made.head().pattern, {{1, 0, 0}, {0.75f, 0.25f, 0}, {0.5f, 0, 0.5f}});
  made.write(*made.head().value, {{0, 0}, {3, 2}, {0, 1}});  // through W_O: (0, 0), (3, 4), (0, 2)
  const auto written = written_norms(*made.trace, made.head(), 3);
  REQUIRE(written);
  const double expected[3][3] = {{0, 0, 0}, {0, 1.25, 0}, {0, 0, 1}};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) CHECK((*written)(i, j) == doctest::Approx(expected[i][j]));
}

TEST_CASE("a head that looks at the first token and takes nothing from it is a sink") {
  HandMade made;
  made.write(*made.head().pattern, {{1, 0, 0}, {0.75f, 0.25f, 0}, {0.5f, 0, 0.5f}});
  made.write(*made.head().value, {{0, 0}, {3, 2}, {0, 1}});
  auto report = sink_report(*made.trace, made.head(), 3);
  REQUIRE(report);
  CHECK(report->attention == doctest::Approx(0.625));
  CHECK(report->written == 0);
  CHECK(report->is_sink());
  made.write(*made.head().value, {{3, 2}, {3, 2}, {3, 2}});
  report = sink_report(*made.trace, made.head(), 3);
  CHECK(report->written == doctest::Approx(0.625));
  CHECK_FALSE(report->is_sink());
}

TEST_CASE("rollout over two layers, computed by hand") {
  HandMade made(2);
  made.write(*made.head(0).pattern, {{1, 0, 0}, {0.5f, 0.5f, 0}, {0, 0, 1}});
  made.write(*made.head(1).pattern, {{1, 0, 0}, {1, 0, 0}, {0, 1, 0}});
  const auto rollout = attention_rollout(*made.trace, made.anatomy, 3);
  REQUIRE(rollout);
  REQUIRE(rollout->size() == 2);
  // A~_0 = [[1,0,0],[.25,.75,0],[0,0,1]], A~_1 = [[1,0,0],[.5,.5,0],[0,.5,.5]], R_1 = A~_1 A~_0.
  const double expected[3][3] = {{1, 0, 0}, {0.625, 0.375, 0}, {0.125, 0.375, 0.5}};
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) CHECK((*rollout)[1](i, j) == doctest::Approx(expected[i][j]));
  CHECK((*rollout)[0](1, 0) == doctest::Approx(0.25));
}

TEST_CASE("the entropy of attention is 1 where a token looks evenly and 0 where it looks at one") {
  Matrix pattern(3, 3);
  pattern(0, 0) = 1;
  pattern(1, 0) = pattern(1, 1) = 0.5;
  pattern(2, 1) = 1;
  const auto entropy = attention_entropy(pattern);
  CHECK(entropy[0] == 0);
  CHECK(entropy[1] == doctest::Approx(1));
  CHECK(entropy[2] == 0);
}

TEST_CASE("patterns and rollouts have rows that sum to 1, and written vectors sum to the head's result") {
  for (const std::string& name : transformers()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name));
    const Anatomy anatomy = anatomy_of(trace->graph());
    const int rows = 7;
    const auto rollout = attention_rollout(*trace, anatomy, rows);
    REQUIRE(rollout);
    REQUIRE(rollout->size() == anatomy.layers.size());
    for (const Matrix& reached : *rollout)
      for (int i = 0; i < rows; ++i) {
        double sum = 0;
        for (int j = 0; j < rows; ++j) {
          sum += reached(i, j);
          if (j > i) CHECK(reached(i, j) == 0);
        }
        CHECK(sum == doctest::Approx(1).epsilon(1e-9));
      }
    for (const LayerParts& layer : anatomy.layers)
      for (const HeadParts& head : layer.heads) {
        const Matrix pattern = attention_pattern(*trace, head, rows);
        const auto written = written_norms(*trace, head, rows);
        REQUIRE(written);
        const MatrixView value = trace->view(*head.value), weights = trace->view(*head.output);
        for (int i = 0; i < rows; ++i) {
          double sum = 0;
          for (int j = 0; j < rows; ++j) sum += pattern(i, j);
          CHECK(sum == doctest::Approx(1).epsilon(1e-6));
        }
        const int i = 5, j = 2;
        double squares = 0;
        for (int c = 0; c < weights.cols; ++c) {
          double number = 0;
          for (int k = 0; k < value.cols; ++k) number += double(value(j, k)) * double(weights(k, c));
          squares += number * number;
        }
        CHECK((*written)(i, j) == doctest::Approx(pattern(i, j) * std::sqrt(squares)));
      }
  }
}

TEST_CASE("a score is exactly the sum of what its tokens' parts give") {
  for (const std::string& name : transformers()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name));
    const Anatomy anatomy = anatomy_of(trace->graph());
    for (const LayerParts& layer : anatomy.layers)
      for (const HeadParts& head : {layer.heads.front(), layer.heads.back()}) {
        CAPTURE(head.name());
        Progress progress;
        const auto split = split_score(*trace, head, 5, 3, progress);
        REQUIRE(split);
        double size = 1, sum = 0, by_query = 0, by_key = 0;
        for (double number : split->products.numbers) size += std::abs(number), sum += number;
        for (double number : split->by_query) by_query += number;
        for (double number : split->by_key) by_key += number;
        CHECK(split->stored == trace->at({head.scores, 5, 3}));
        CHECK(std::abs(split->sum - split->stored) < 2e-6 * size);
        CHECK(std::abs(sum + split->beyond - split->sum) < 1e-9 * size);
        CHECK(std::abs(by_query - sum) < 1e-9 * size);
        CHECK(std::abs(by_key - sum) < 1e-9 * size);
        const bool penalty = name == "bloom" || name == "mpt";  // ALiBi: for a distance of 2
        CHECK((penalty ? split->beyond < 0 : split->beyond == 0));
        CHECK(split->parts.size() + 1 == split->by_key.size());
      }
  }
}

TEST_CASE("averages over keys are those of the single scores, and the key's bias drops out of the softmax") {
  const auto trace = run_model(load_model("gpt2"));
  const HeadParts head = *anatomy_of(trace->graph()).find_head(1, 2);
  Progress progress;
  const int query = 4;
  std::vector<ScoreParts> all;
  for (int key = 0; key <= query; ++key) all.push_back(*split_score(*trace, head, query, key, progress));
  double whole = 0, without_bias = 0;
  for (size_t part = 0; part < all[0].by_key.size(); ++part) {
    double mean = 0;
    for (const ScoreParts& split : all) mean += split.by_key[part] / double(all.size());
    CHECK(all[2].key_average[part] == doctest::Approx(mean).epsilon(1e-9));
  }
  for (const ScoreParts& split : all) {
    CHECK(split.key_bias_drops_out);
    CHECK(split.by_key.back() == doctest::Approx(all[0].by_key.back()).epsilon(1e-9));
    whole += std::exp(split.sum);
    without_bias += std::exp(split.sum - split.by_key.back());
  }
  for (int key = 0; key <= query; ++key) {
    const double stored = trace->at({head.pattern, query, key});
    CHECK(std::exp(all[size_t(key)].sum) / whole == doctest::Approx(stored).epsilon(1e-5));
    CHECK(std::exp(all[size_t(key)].sum - all[size_t(key)].by_key.back()) / without_bias ==
          doctest::Approx(stored).epsilon(1e-5));
  }
  CHECK_FALSE(split_score(*trace, head, 2, 3, progress));
  progress.cancelled = true;
  CHECK_THROWS_AS(split_score(*trace, head, 3, 3, progress), Cancelled);
}

TEST_CASE("where something makes no sense for a model a sentence says why") {
  Progress progress;
  const auto recurrent = run_model(load_model("mamba"));
  CHECK(attention_rollout(*recurrent, anatomy_of(recurrent->graph()), 3).why_not.english() ==
        no_attention().english());
  const auto clipped = run_model(load_model("mpt_clip"));
  const auto split = split_score(*clipped, *anatomy_of(clipped->graph()).find_head(0, 0), 3, 1, progress);
  REQUIRE_FALSE(split);
  CHECK(split.why_not.english().find("is not a straight map of the residual stream") != std::string::npos);
}
