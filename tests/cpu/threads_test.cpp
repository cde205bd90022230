#include <doctest/doctest.h>

#include <cstring>

#include "model/parallel.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

/// Every number of a run on that many threads: a prompt, whose products are shared by outputs and, where
/// these are few, by rows; and tokens one by one.
std::vector<float> numbers_of_run(const std::shared_ptr<const Model>& model, int threads) {
  set_thread_count(threads);
  const auto trace = run_model(model, 200, 2);
  set_thread_count(0);
  std::vector<float> all;
  for (const Tensor* tensor : model->graph().steps()) {
    const MatrixView view = trace->view(*tensor);
    for (int row = 0; row < trace->token_count(trace->published()); ++row)
      for (int col = 0; col < std::min(view.cols, 4096); ++col) all.push_back(view(row, col));
  }
  return all;
}

}  // namespace

TEST_CASE("a run's numbers are the same, bit for bit, on any number of threads") {
  const auto model = random_model({"wide enough to be shared", 1, 2, 384, 1536, 256, 700});
  const std::vector<float> alone = numbers_of_run(model, 1);
  REQUIRE(alone.size() > 100000);
  for (int threads : {2, 3, 7}) {
    CAPTURE(threads);
    const std::vector<float> shared = numbers_of_run(model, threads);
    REQUIRE(shared.size() == alone.size());
    CHECK(std::memcmp(shared.data(), alone.data(), alone.size() * sizeof(float)) == 0);
  }
}
