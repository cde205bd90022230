#pragma once
#include "model/executor.h"
#include "tests/support/fixture.h"
#include "tests/support/runs.h"

namespace orrery::test {

/// The model of tests/reference/`name`.
std::shared_ptr<const Model> load_reference(const std::string& name);
/// A run whose first pass, over `ids`, is complete.
Executor run_over(const std::shared_ptr<const Model>& model, const std::vector<int>& ids);
/// The largest |a - b| / (1 + |b|) between columns [first, first + expected.cols()) of a tensor and the rows
/// of `expected`; the tolerance 1e-4 is that of the fixtures' README.
double difference(const Trace& trace, const Tensor& tensor, const OracleTensor& expected, int first = 0);

// What every architecture must fulfil; each fails the test that calls it. `folder` is one of tests/reference.

/// Logits, hidden states and attention equal the reference implementation's. `first_is_embedding`: whether
/// hidden_states.0 is the stream before the first block.
void check_outputs(const std::string& folder, bool first_is_embedding = true);
/// Greedy continuations equal the reference implementation's. `afresh`: every token is computed from the
/// whole text, as a model needs whose earlier rows depend on the length of the text.
void check_greedy(const std::string& folder, bool afresh = false);
/// Row by row, the same numbers come out as from the whole sequence; without a recording, too, and where rows
/// of another recording are taken over.
void check_rows(const std::string& folder);
/// Every cell's explanation reproduces the number that the kernel stored, and its summands add up to it.
void check_explanations(const std::string& folder);

}  // namespace orrery::test
