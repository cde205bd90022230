#include "renderer/value_pool.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "model/executor.h"
#include "renderer/headless.h"
#include "tests/support/fixture.h"

using namespace orrery;
using namespace orrery::test;

namespace {

struct Pool {
  Headless headless{8, 8};
  std::shared_ptr<const Model> model;
  std::shared_ptr<Trace> trace;
  Layout layout;
  ValuePool pool;

  Pool() {
    Progress progress;
    model = Model::load(reference("gpt2"), progress);
    Executor executor = Executor::start(model, {1, 2, 3, 4, 5}, 1, {});
    while (executor.step()) {
    }
    trace = executor.trace();
    for (const Tensor* tensor : model->graph().tensors())
      layout.blocks.push_back({tensor, 0, tensor->rows.size, 0, tensor->cols.size});
  }
  size_t cells() const {
    size_t sum = 0;
    for (const Block& block : layout.blocks) sum += size_t(block.rows) * size_t(block.cols);
    return sum;
  }
};

}  // namespace

TEST_CASE("all levels are kept while there is memory; without, the largest tensors lose their finest") {
  Pool p;
  p.pool.plan(p.model->graph(), p.layout, size_t(1) << 30);
  for (const Block& block : p.layout.blocks) CHECK(p.pool.of(*block.tensor).first_level == 0);
  p.pool.plan(p.model->graph(), p.layout, p.cells() * 2);  // half of what the finest levels alone need
  int coarse = 0;
  size_t texels = 0;
  for (const Block& block : p.layout.blocks) {
    const PooledTensor& pooled = p.pool.of(*block.tensor);
    coarse += pooled.first_level > 0;
    for (int level = pooled.first_level; level < pooled.levels; ++level)
      texels += size_t((pooled.rows + (1 << level) - 1) >> level) *
                size_t((pooled.cols + (1 << level) - 1) >> level);
  }
  CHECK(coarse > 0);
  CHECK(texels * 4 <= p.cells() * 2);
}

TEST_CASE("uploads go in slices until all is there, and then nothing more") {
  Pool p;
  p.pool.plan(p.model->graph(), p.layout, size_t(1) << 30);
  size_t total = 0;
  int frames = 0;
  do {
    size_t bytes = p.pool.update(*p.trace, p.trace->published(), 4096);
    CHECK(bytes > 0);
    total += bytes;
  } while (p.pool.waiting() && ++frames < 10000);
  CHECK(frames > 1);
  CHECK(total > 4 * 64);
  CHECK(p.pool.update(*p.trace, p.trace->published(), 4096) == 0);
  for (const Block& block : p.layout.blocks) {
    const PooledTensor& pooled = p.pool.of(*block.tensor);
    CHECK(pooled.uploaded == std::min(pooled.rows, p.trace->rows_known(*block.tensor, p.trace->published())));
  }
  p.pool.forget_activations();
  CHECK(p.pool.update(*p.trace, p.trace->published(), SIZE_MAX) > 0);
}

TEST_CASE("a range holds 99 of 100 numbers and is not led astray by the largest") {
  Pool p;
  p.pool.plan(p.model->graph(), p.layout, size_t(1) << 30);
  p.pool.update(*p.trace, p.trace->published(), SIZE_MAX);
  int checked = 0;
  for (const Block& block : p.layout.blocks) {
    const Tensor& tensor = *block.tensor;
    if (tensor.role != Role::weight || tensor.rows.size * tensor.cols.size < 1000) continue;
    MatrixView view = p.trace->view(tensor);
    std::vector<float> sizes;
    for (int row = 0; row < view.rows; ++row)
      for (int col = 0; col < view.cols; ++col) sizes.push_back(std::abs(view(row, col)));
    auto place = sizes.begin() + std::ptrdiff_t(sizes.size() * 99 / 100);
    std::nth_element(sizes.begin(), place, sizes.end());
    float limit = p.pool.of(tensor).range.limit;
    CHECK(limit >= *place * 0.97f);
    CHECK(limit <= *place * 1.08f);
    ++checked;
  }
  CHECK(checked > 0);
}
