#include "app/tour.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("every architecture has a tour of five stops that stand in its graph, in the order of the work") {
  for (const char* name : {"sort-abc", "gpt2", "llama", "mistral", "bloom", "mpt", "gpt_neox", "mixtral",
                           "mamba", "rwkv4", "rwkv7", "ttt_linear"}) {
    INFO(name);
    const auto trace = run_model(load_model(name));
    REQUIRE(ready_for_tour(*trace));
    const auto stops = tour_stops(*trace);
    REQUIRE(stops.size() == 5);
    const Graph& graph = trace->graph();
    for (const TourStop& stop : stops) {
      INFO(stop.title.english());
      CHECK(stop.group >= 0);
      CHECK(stop.group < int(graph.groups().size()));
      CHECK(stop.first_step <= stop.last_step);
      CHECK(stop.last_step < int(graph.steps().size()));
      CHECK((stop.fact.has_value() || stop.topic == TourStop::Topic::alone));
    }
    CHECK(stops[0].group == 0);
    CHECK(stops[0].last_step == int(graph.steps().size()) - 1);
    CHECK(graph.tokens().group == stops[1].group);
    CHECK(stops[1].last_step < stops[2].last_step);
    CHECK(stops[2].last_step < stops[4].first_step);
    CHECK(stops[4].last_step == graph.logits().step);
  }
}

TEST_CASE("a model without attention is told what it has instead") {
  const auto words = [](const char* name, int stop) {
    return tour_stops(*run_model(load_model(name)))[size_t(stop)].words.english();
  };
  CHECK(words("gpt2", 2).find("query") != std::string::npos);
  for (const char* name : {"mamba", "rwkv4", "rwkv7"})
    CHECK(words(name, 2).find("state") != std::string::npos);
  CHECK(words("mixtral", 3).find("experts") != std::string::npos);
  CHECK(words("mamba", 3).find("none") != std::string::npos);
  CHECK(words("gpt2", 3).find("neurons") != std::string::npos);
  CHECK(words("gpt2", 1).find("second table") != std::string::npos);
  CHECK(words("llama", 1).find("second table") == std::string::npos);
}

TEST_CASE("the facts are those of the recording") {
  const auto model = load_model("sort-abc");
  Executor run = Executor::start(model, {2, 1, 0, 1, 1, 2}, 1, greedy_sampling());
  while (run.run_pass()) {
  }
  const auto stops = tour_stops(*run.trace());
  CHECK(stops[1].fact->arguments[0] == "6");
  // What is most probable is what greedy sampling takes.
  CHECK(stops[4].fact->arguments[0] == model->token_text(run.trace()->pass(0).chosen));
  // The head looks at the token that it is said to look at, as much as it is said.
  const auto& looks = stops[2].fact->arguments;
  const int layer = looks[0][1] - '0', head = looks[0][3] - '0', before = std::stoi(looks[4]);
  const Tensor& pattern =
      model->graph().at("blocks." + std::to_string(layer) + ".attn.hook_pattern.head" + std::to_string(head));
  CHECK(double(run.trace()->view(pattern)(5, 5 - before)) * 100 ==
        doctest::Approx(std::stod(looks[2])).epsilon(0.01));
}

TEST_CASE("a person goes on and back, and a new recording is told at the same stop") {
  const auto model = load_model("sort-abc");
  const auto first = run_model(model, 4, 1), second = run_model(model, 6, 1);
  Tour tour;
  CHECK_FALSE(tour.open());
  tour.wanted = true;
  tour.begin(*first);
  CHECK(tour.open());
  CHECK_FALSE(tour.wanted);
  CHECK_FALSE(tour.arrived);
  CHECK(tour.at() == 0);
  tour.go(-3);
  CHECK(tour.at() == 0);
  tour.go(1);
  tour.arrived = true;
  tour.begin(*second);
  CHECK(tour.at() == 1);
  CHECK_FALSE(tour.arrived);
  CHECK(tour.told() == second->id());
  CHECK(tour.stop().fact->arguments[0] == "6");
  tour.go(9);
  CHECK(tour.last());
  tour.end();
  CHECK_FALSE(tour.open());
  CHECK(tour.told() == 0);
}
