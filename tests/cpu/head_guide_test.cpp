#include "model/analysis/head_guide.h"

#include <doctest/doctest.h>

#include <set>
#include <sstream>

#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("scores of patterns made by hand") {
  constexpr int length = 3, rows = 6;
  Matrix previous(rows, rows), induction(rows, rows), duplicate(rows, rows), even(rows, rows);
  for (int i = 0; i < rows; ++i) {
    previous(i, i > 0 ? i - 1 : 0) = 1;
    induction(i, i >= length ? i - length + 1 : 0) = 1;
    duplicate(i, i >= length ? i - length : i) = 1;
    for (int j = 0; j <= i; ++j) even(i, j) = 1.0 / (i + 1);
  }
  CHECK(score_pattern(previous, 0, length).previous == doctest::Approx(1));
  CHECK(score_pattern(previous, 0, length).self ==
        doctest::Approx(1.0 / 6));  // the first token has no choice
  CHECK(score_pattern(previous, 0, length).first == doctest::Approx(0.2));
  CHECK(score_pattern(induction, 0, length).induction == doctest::Approx(1));
  CHECK(score_pattern(induction, 0, length).first == doctest::Approx(0.4));
  CHECK(score_pattern(duplicate, 0, length).duplicate == doctest::Approx(1));
  CHECK(score_pattern(duplicate, 0, length).self == doctest::Approx(0.5));
  CHECK(score_pattern(even, 0, length).entropy == doctest::Approx(1));
  CHECK(score_pattern(even, 0, length).first ==
        doctest::Approx((1 / 2. + 1 / 3. + 1 / 4. + 1 / 5. + 1 / 6.) / 5));
  CHECK(score_pattern(induction, 0, length).duplicate == doctest::Approx(0));
  // A token for the beginning moves everything by one.
  Matrix later(rows + 1, rows + 1);
  for (int i = 0; i <= rows; ++i) later(i, i >= 1 + length ? i - length + 1 : 0) = 1;
  CHECK(score_pattern(later, 1, length).induction == doctest::Approx(1));
  CHECK(head_kind(score_pattern(induction, 0, length)) == HeadKind::induction);
  CHECK(head_kind(score_pattern(previous, 0, length)) == HeadKind::previous);
  CHECK(head_kind(HeadScores{}) == HeadKind::none);
}

TEST_CASE("the random text is repeated, has no word twice where there are enough, and depends on the seed") {
  const auto ids = repeated_text(1000, 50, 7, 3, 0);
  REQUIRE(ids.size() == 101);
  CHECK(ids[0] == 7);
  for (int i = 1; i <= 50; ++i) CHECK(ids[size_t(i)] == ids[size_t(i + 50)]);
  CHECK(std::set<int>(ids.begin(), ids.end()).size() == 51);
  CHECK(ids == repeated_text(1000, 50, 7, 3, 0));
  CHECK(ids != repeated_text(1000, 50, 7, 4, 0));
  CHECK(ids != repeated_text(1000, 50, 7, 3, 1));
  const auto few = repeated_text(3, 5, -1, 1, 0);
  CHECK(few.size() == 10);
  for (int id : few) CHECK((id >= 0 && id < 3));
}

TEST_CASE("the field guide is what the model's patterns on those texts say") {
  for (const std::string name : {"shakespeare", "sort-abc", "gpt2"}) {
    CAPTURE(name);
    const auto model = load_model(name);
    Progress progress;
    const auto guide = head_field_guide(model, 5, 2, progress);
    REQUIRE(guide);
    CHECK(guide->heads.size() == size_t(model->graph().layer_count() * model->graph().head_count()));
    CHECK(guide->texts == 2);
    HeadScores expected;
    const int begin = guide->begins ? model->config().integer("bos_token_id", 0, 1 << 20) : -1;
    CHECK(guide->begins == (name == "gpt2"));
    for (int text = 0; text < 2; ++text) {
      const auto ids = repeated_text(model->vocabulary_size(), guide->length, begin, 5, text);
      Executor run = Executor::start(model, ids, 1, greedy_sampling());
      run.run_pass();
      const MatrixView view = run.trace()->view(model->graph().at("blocks.1.attn.hook_pattern.head1"));
      Matrix pattern(int(ids.size()), int(ids.size()));
      for (int i = 0; i < pattern.rows; ++i)
        for (int j = 0; j <= i; ++j) pattern(i, j) = view(i, j);
      const HeadScores scores = score_pattern(pattern, begin >= 0, guide->length);
      expected.previous += scores.previous / 2;
      expected.induction += scores.induction / 2;
      expected.entropy += scores.entropy / 2;
    }
    for (const HeadScores& scores : guide->heads) {
      CHECK(scores.first >= 0);
      CHECK(scores.first <= 1.000001);
      CHECK(scores.entropy <= 1.000001);
      if (scores.layer != 1 || scores.head != 1) continue;
      CHECK(scores.previous == doctest::Approx(expected.previous));
      CHECK(scores.induction == doctest::Approx(expected.induction));
      CHECK(scores.entropy == doctest::Approx(expected.entropy));
    }
    const std::string csv = head_guide_csv(*guide);
    CHECK(size_t(std::count(csv.begin(), csv.end(), '\n')) == guide->heads.size() + 1);
    CHECK(csv.starts_with("layer,head,previous_token,induction,"));
  }
}

TEST_CASE("the field guide of a model that is being left stops") {
  Progress progress;
  progress.cancelled = true;
  CHECK_THROWS_AS(head_field_guide(load_model("sort-abc"), 1, 4, progress), Cancelled);
}

TEST_CASE("a model without attention has no field guide") {
  Progress progress;
  CHECK_FALSE(head_field_guide(load_model("rwkv4"), 1, 1, progress));
}
