#include "model/analysis/attribution.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "model/analysis/neurons.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

namespace {

double magnitude(const Attribution& attribution) {
  double sum = std::abs(attribution.constant);
  for (double value : attribution.values) sum += std::abs(value);
  return sum;
}

using Weights = std::map<std::string, Matrix>;

/// A model of the same shape with the weights given; those that are missing as in `like`.
std::shared_ptr<const Model> with_weights(const Model& like, const Shape& shape, const Weights& weights) {
  return Model::make(shape.graph(), like.config(), [&](const Tensor& tensor, MutableView view) {
    const auto changed = weights.find(tensor.name);
    const MatrixView original = like.weight(like.graph().at(tensor.name));
    for (int row = 0; row < view.rows; ++row)
      for (int col = 0; col < view.cols; ++col)
        view(row, col) = changed == weights.end() ? original(row, col) : float(changed->second(row, col));
  });
}

/// TransformerLens' fold_ln, center_writing_weights and center_unembed, for a model without biases.
Weights folded(const Model& model) {
  const Graph& graph = model.graph();
  Weights result;
  for (const Tensor* tensor : graph.tensors()) {
    if (tensor->role != Role::weight) continue;
    const MatrixView view = model.weight(*tensor);
    Matrix matrix(view.rows, view.cols);
    for (int row = 0; row < view.rows; ++row)
      for (int col = 0; col < view.cols; ++col) matrix(row, col) = view(row, col);
    const std::string block = "blocks." + std::to_string(tensor->layer) + ".";
    std::string norm;
    for (const char* reads : {"W_Q", "W_K", "W_V"})
      if (tensor->name.find(reads) != std::string::npos) norm = block + "ln1.w";
    if (tensor->name.ends_with("W_in")) norm = block + "ln2.w";
    if (tensor->name == "unembed.W_U") norm = "ln_final.w";
    if (!norm.empty())
      for (int row = 0; row < matrix.rows; ++row)
        for (int col = 0; col < matrix.cols; ++col) matrix(row, col) *= model.weight(graph.at(norm))(0, row);
    const bool writes = tensor->name.find("W_O") != std::string::npos || tensor->name.ends_with("W_out") ||
                        tensor->kind == Kind::embedding;
    if (writes || tensor->name == "unembed.W_U")
      for (int row = 0; row < matrix.rows; ++row) {
        double mean = 0;
        for (int col = 0; col < matrix.cols; ++col) mean += matrix(row, col) / matrix.cols;
        for (int col = 0; col < matrix.cols; ++col) matrix(row, col) -= mean;
      }
    if (tensor->kind == Kind::norm) matrix.numbers.assign(matrix.numbers.size(), 1);
    result[tensor->name] = matrix;
  }
  return result;
}

}  // namespace

TEST_CASE("direct attributions sum to the logit, and for two tokens to the difference") {
  for (const std::string& name : transformers()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name));
    const int vocabulary = trace->model().vocabulary_size();
    for (int row : {0, 3, 7})
      for (int token : {0, vocabulary - 1}) {
        const auto single = attribute_logit(*trace, row, token);
        REQUIRE(single);
        REQUIRE(single->values.size() == single->parts.size());
        CHECK(std::abs(single->sum - single->stored) <= 1e-6 * (1 + magnitude(*single)));
        CHECK(single->stored == trace->at({&trace->graph().logits(), row, token}));
        const auto pair = attribute_logit(*trace, row, token, 1);
        REQUIRE(pair);
        CHECK(std::abs(pair->sum - pair->stored) <= 1e-6 * (1 + magnitude(*pair)));
        const auto other = attribute_logit(*trace, row, 1);
        for (size_t part = 0; part < pair->values.size(); ++part)
          CHECK(pair->values[part] ==
                doctest::Approx(single->values[part] - other->values[part]).epsilon(1e-9));
      }
  }
}

TEST_CASE("a part's attribution is the published formula's") {
  const auto trace = run_model(load_model("sort-abc"));
  const Graph& graph = trace->graph();
  const int row = 5, token = 2;
  const auto found = attribute_logit(*trace, row, token);
  REQUIRE(found);
  for (size_t p = 0; p < found->parts.size(); ++p) {
    const std::vector<double> c = part_vector(*trace, found->parts[p], row);
    double mean = 0, sum = 0;
    for (double number : c) mean += number / double(c.size());
    for (size_t i = 0; i < c.size(); ++i)
      sum += (c[i] - mean) / trace->at({&graph.at("ln_final.hook_scale"), row, 0}) *
             trace->at({&graph.at("ln_final.w"), 0, int(i)}) *
             trace->at({&graph.at("embed.W_E"), token, int(i)});
    CHECK(found->values[p] == doctest::Approx(sum).epsilon(1e-9));
  }
  double constant = 0;
  for (int i = 0; i < 48; ++i)
    constant += trace->at({&graph.at("ln_final.b"), 0, i}) * trace->at({&graph.at("embed.W_E"), token, i});
  CHECK(found->constant == doctest::Approx(constant).epsilon(1e-9));
}

TEST_CASE("folding norms and centring weights keep probabilities and attributions of differences") {
  const Shape shape{"three layers", 3, 4, 32, 96, 24, 61, false, false};
  const auto model = random_model(shape);
  const auto folded_model = with_weights(*model, shape, folded(*model));
  const auto trace = run_model(model), again = run_model(folded_model);
  const MatrixView logits = trace->view(model->graph().logits()),
                   other = again->view(folded_model->graph().logits());
  for (int row = 0; row < 6; ++row) {
    const auto before = softmax({logits.row(row), size_t(logits.cols)}),
               after = softmax({other.row(row), size_t(other.cols)});
    for (size_t v = 0; v < before.size(); ++v) CHECK(before[v] == doctest::Approx(after[v]).epsilon(1e-4));
    const auto first = attribute_logit(*trace, row, 5, 9), second = attribute_logit(*again, row, 5, 9);
    REQUIRE(first);
    REQUIRE(second);
    for (size_t part = 0; part < first->values.size(); ++part) {
      CAPTURE(first->parts[part].name);
      CHECK(std::abs(first->values[part] - second->values[part]) < 1e-4);
    }
  }
}

TEST_CASE("neurons sum to their MLP's attribution, and to what they give to each word") {
  for (const std::string& name : transformers()) {
    CAPTURE(name);
    const auto trace = run_model(load_model(name));
    const int row = 4, token = 1, layer = 1;
    const auto whole = attribute_logit(*trace, row, token, 0);
    const auto neurons = attribute_neurons(*trace, layer, row, token, 0);
    REQUIRE(neurons);
    REQUIRE(int(neurons->values.size()) == trace->graph().at("blocks.1.mlp.hook_post").cols.size);
    double sum = neurons->bias;
    for (double value : neurons->values) sum += value;
    for (size_t part = 0; part < whole->parts.size(); ++part)
      if (whole->parts[part].name == "1_mlp_out")
        CHECK(std::abs(sum - whole->values[part]) < 2e-6 * (1 + magnitude(*whole)));
    const auto words = neuron_words(*trace, layer, 3, row, trace->model().vocabulary_size());
    REQUIRE(words);
    double raised = 0, base = 0;
    for (const auto* list : {&words->raised, &words->lowered})
      for (const auto& [id, value] : *list) {
        CHECK((value > 0) == (list == &words->raised));
        if (id == token) raised = value;
        if (id == 0) base = value;
      }
    CHECK(raised - base == doctest::Approx(neurons->values[3]).epsilon(1e-6));
    for (size_t i = 1; i < words->raised.size(); ++i)
      CHECK(words->raised[i].second <= words->raised[i - 1].second);
  }
}

TEST_CASE("the most active neurons, and one neuron over the text") {
  const auto trace = run_model(load_model("shakespeare"));
  const auto active = most_active_neurons(*trace, 5, 8);
  REQUIRE(active);
  REQUIRE(active->size() == 8);
  for (size_t i = 0; i < active->size(); ++i) {
    const NeuronActivity& found = (*active)[i];
    if (i > 0) CHECK(found.written <= (*active)[i - 1].written);
    const auto text = neuron_over_text(*trace, found.layer, found.neuron, 7);
    REQUIRE(text);
    REQUIRE(text->size() == 7);
    CHECK((*text)[5] == found.activation);
    const std::string block = "blocks." + std::to_string(found.layer) + ".mlp.";
    double squares = 0;
    for (int c = 0; c < 168; ++c)
      squares += std::pow(trace->at({&trace->graph().at(block + "W_out"), found.neuron, c}), 2);
    CHECK(found.written == doctest::Approx(std::abs(found.activation) * std::sqrt(squares)));
  }
  CHECK_FALSE(neuron_over_text(*trace, 0, 1 << 20, 7));
  CHECK_FALSE(neuron_over_text(*trace, 17, 0, 7));
  CHECK_FALSE(attribute_neurons(*trace, -1, 0, 0));
}
