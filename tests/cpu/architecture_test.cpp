#include "model/architecture.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "model/executor.h"
#include "model/formats/json.h"
#include "model/formats/mapped_file.h"
#include "model/ops.h"
#include "tests/support/fixture.h"
#include "tests/support/temporary_folder.h"

using namespace orrery;
using orrery::test::error_of;

namespace {

Graph build(const std::string& json) {
  const Config config(nlohmann::json::parse(json), "config.json");
  return find_architecture(config.text("model_type", ""))->build(config, {});
}

std::string refusal(const std::string& json) {
  return error_of([&] { build(json); });
}

}  // namespace

TEST_CASE("every architecture is listed once, with a sentence") {
  std::set<std::string> names;
  for (const Architecture& architecture : architectures()) {
    CHECK(names.insert(architecture.name).second);
    CHECK(architecture.blurb.ends_with("."));
    CHECK(find_architecture(architecture.name) == &architecture);
  }
  CHECK(names.size() >= 14);
  CHECK(find_architecture("bert") == nullptr);
}

TEST_CASE("configurations that cannot be are refused with the field's name") {
  CHECK(refusal(R"({"model_type": "llama", "num_attention_heads": 6, "num_key_value_heads": 4})") ==
        "config.json: num_attention_heads = 6 cannot be divided by num_key_value_heads = 4");
  CHECK(refusal(R"({"model_type": "llama", "hidden_size": 10, "num_attention_heads": 4})") ==
        "config.json: hidden_size = 10 cannot be divided by num_attention_heads = 4");
  CHECK(refusal(R"({"model_type": "llama", "head_dim": 7})") ==
        "config.json: head_dim = 7 must be even, so that channels can turn in pairs");
  CHECK(refusal(R"({"model_type": "llama", "rms_norm_eps": 0})") ==
        "config.json: 'rms_norm_eps' must be positive");
  CHECK(
      refusal(R"({"model_type": "llama", "num_hidden_layers": 4096, "num_attention_heads": 4096,
                    "hidden_size": 8192})") ==
      "config.json: num_hidden_layers = 4096 with num_attention_heads = 4096 are more parts than Orrery can "
      "show");
  CHECK(refusal(R"({"model_type": "gpt_neox", "rotary_pct": 1.5})") ==
        "config.json: 'rotary_pct' must lie between 0 and 1");
  CHECK(refusal(R"({"model_type": "mpt", "attn_config": {"qk_ln": true}})") ==
        "config.json: attn_config: Orrery cannot run models with 'qk_ln': true");
  CHECK(refusal(R"({"model_type": "mixtral", "num_local_experts": 4, "num_experts_per_tok": 5})")
            .find("num_experts_per_tok must be a whole number from 1 to 4") != std::string::npos);
  CHECK(refusal(R"({"model_type": "mamba", "hidden_size": 131072, "expand": 16, "state_size": 1024})") ==
        "config.json: a state of 2147483648 numbers is larger than Orrery can show");
  CHECK(refusal(R"({"model_type": "ttt", "ttt_layer_type": "mlp"})") ==
        "config.json: Orrery cannot run models with 'ttt_layer_type': mlp");
  CHECK(refusal(R"({"model_type": "rwkv7"})") == "config.json: the field num_hidden_layers is missing.");
}

TEST_CASE("whatever stands in a field of a configuration, there is a network or a sentence") {
  const char* values[] = {"-1", "0", "3", "1000003", "2147483647", "1e300", "null", R"("x")", "[1]"};
  int networks = 0, sentences = 0;
  for (const auto& folder : std::filesystem::directory_iterator(test::reference(""))) {
    const std::filesystem::path file = folder.path() / "config.json";
    if (!std::filesystem::exists(file)) continue;
    const nlohmann::json whole = parse_json(read_text_file(file.string(), 1 << 20), file.string());
    const nlohmann::json fields = whole.flatten();  // those of inner objects, too
    for (const auto& field : fields.items())
      for (const char* value : values) {
        INFO(file.string(), " ", field.key(), " = ", value);
        nlohmann::json changed = whole;
        changed[nlohmann::json::json_pointer(field.key())] = nlohmann::json::parse(value);
        const Config config(changed, "config.json");
        try {
          const Architecture* architecture = find_architecture(config.text("model_type", "gpt2"));
          if (!architecture) continue;
          const Graph graph = architecture->build(config, {});
          ++networks;
          CHECK(std::ranges::all_of(graph.tensors(), [](const Tensor* tensor) {
            return tensor->rows.size > 0 && tensor->cols.size > 0;
          }));
        } catch (const Error& error) {
          ++sentences;
          CHECK(error.message.english().starts_with("config.json: "));
        }
      }
  }
  CHECK(networks > 1000);
  CHECK(sentences > 1000);
}

TEST_CASE("a model without a longest text is given as many tokens as a recording of 16 GiB holds") {
  const Graph small = build(R"({"model_type": "mamba", "num_hidden_layers": 1, "hidden_size": 16,
                                "vocab_size": 10})");
  CHECK(small.capacity() == 2048);
  const Graph large = build(R"({"model_type": "mamba", "num_hidden_layers": 64, "hidden_size": 2560,
                                "vocab_size": 10})");
  double numbers = 0;
  for (const Tensor* tensor : large.steps()) numbers += tensor->cols.size;
  CHECK(large.capacity() < 2048);
  CHECK(numbers * large.capacity() <= 4294967296.0);
  CHECK(numbers * (large.capacity() + 1) > 4294967296.0);
}

TEST_CASE("steps of a loop take turns, so that one may read what a later one made of the token before") {
  // a_t = b_{t-1} · 2 + 1, b_t = a_t: the classic recurrence 1, 3, 7, 15, ...
  struct Double : Op {
    std::string name() const override { return "double"; }
    Message sentence(const Tensor&) const override { return {}; }
    Shape shape(std::span<const Tensor* const> inputs) const override {
      return {inputs[0]->rows, inputs[0]->cols};
    }
    void run(const Tensor& out, Rows rows, MutableView result, const Values& values) const override {
      for (int t = rows.begin; t < rows.end; ++t)
        result(t, 0) = t == 0 ? 1 : 2 * values.view(*out.inputs[0])(t - 1, 0) + 1;
    }
    std::vector<Region> reads(const Tensor&, const Cell&, const Values&) const override { return {}; }
    Explanation explain(const Tensor&, const Cell&, const Values&) const override { return {}; }
    double cost(const Tensor&, int) const override { return 1; }
    bool reads_history(int) const override { return true; }
  };
  Graph graph;
  graph.input("tokens", 4);
  const Tensor& b = graph.declare("b", Kind::activation, {Axis::unit, 1});
  const Tensor* a = nullptr;
  {
    auto loop = graph.loop();
    a = &graph.apply("a", Kind::activation, std::make_unique<Double>(), {&b});
    graph.define(b, ops::scale(1), {a});
  }
  CHECK(a->loop == b.loop);
  CHECK(a->step == 0);
  CHECK(b.step == 1);
  graph.apply("after", Kind::activation, ops::scale(3), {&b});
  CHECK(graph.at("after").loop == -1);

  const auto model = Model::make(std::move(graph), Config(), [](const Tensor&, MutableView) {});
  Executor run = Executor::start(model, {0, 0, 0}, 1, {});
  CHECK(run.step());
  CHECK(run.trace()->rows_known(model->graph().at("a"), run.trace()->published()) == 3);
  CHECK(run.trace()->rows_known(model->graph().at("b"), run.trace()->published()) == 0);
  CHECK(run.step());
  CHECK(run.step());
  for (int row = 0; row < 3; ++row)
    CHECK(run.trace()->view(model->graph().at("after"))(row, 0) == 3 * ((2 << row) - 1));
}
