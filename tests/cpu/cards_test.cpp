#include "app/cards.h"

#include <doctest/doctest.h>

#include "app/card_place.h"
#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("a card tells the stored number, how it came about and who reads it") {
  const auto trace = short_recording();
  const Tensor& q = trace->graph().at("blocks.0.attn.hook_q.head1");
  const CellFacts facts = facts_of(trace->model(), trace.get(), trace->published(), {&q, 3, 2});
  CHECK(facts.state == CellFacts::State::known);
  CHECK(facts.stored == trace->view(q)(3, 2));
  REQUIRE(facts.derivation);
  CHECK(facts.difference() < 1e-5);
  CHECK(facts.readers.size() == 1);
  CHECK(place_line(facts, english) ==
        "layer 0, head 1, token 3 '" + trace->model().token_text(1) + "', channel 2 of the head");
}

TEST_CASE("the text of a card holds its terms and their total, and reads back to the number") {
  const auto trace = short_recording();
  const Tensor& q = trace->graph().at("blocks.0.attn.hook_q.head1");
  const CellFacts facts = facts_of(trace->model(), trace.get(), trace->published(), {&q, 3, 2});
  const std::string text = card_text(facts, english);
  CHECK(text.starts_with("blocks.0.attn.hook_q.head1 [3, 2] (Queries)\n"));
  CHECK(text.find("blocks.0.ln1.out [3, 0] × blocks.0.attn.W_Q.head1 [0, 2]") != std::string::npos);
  CHECK(text.find("blocks.0.attn.b_Q.head1 [0, 2]") != std::string::npos);
  CHECK(text.find("Read by blocks.0.attn.hook_attn_scores.head1 [3, 0..3]") != std::string::npos);
  // The terms that are listed and what is folded add up to the number.
  double total = 0;
  for (size_t at = text.find("\n  "); at != std::string::npos; at = text.find("\n  ", at + 1)) {
    const size_t equals = text.find(" = ", at), together = text.find("together ", at);
    total += std::stod(text.substr(equals < together ? equals + 3 : together + 9));
  }
  CHECK(total == doctest::Approx(facts.stored).epsilon(1e-3));
}

TEST_CASE("weights, masked cells and cells to come have cards too") {
  const auto trace = short_recording();
  const Graph& graph = trace->graph();
  const Tensor& weight = graph.at("blocks.1.mlp.W_in");
  const CellFacts learned = facts_of(trace->model(), trace.get(), trace->published(), {&weight, 2, 7});
  CHECK(learned.stored == trace->view(weight)(2, 7));
  CHECK_FALSE(learned.derivation);
  REQUIRE(learned.readers.size() == 1);
  CHECK(reader_text(learned.readers[0]) == "blocks.1.mlp.hook_pre [0..5, 7]");
  CHECK(facts_of(trace->model(), nullptr, 0, {&weight, 2, 7}).stored == learned.stored);
  const Tensor& pattern = graph.at("blocks.0.attn.hook_pattern.head0");
  CHECK(facts_of(trace->model(), trace.get(), trace->published(), {&pattern, 1, 3}).state ==
        CellFacts::State::masked);
  const Tensor& logits = graph.logits();
  CHECK(facts_of(trace->model(), trace.get(), 3, {&logits, 0, 0}).state == CellFacts::State::not_computed);
  CHECK(card_text(facts_of(trace->model(), trace.get(), 3, {&logits, 0, 0}), english)
            .find("Not computed yet.") != std::string::npos);
}

TEST_CASE("pinned cards stay and follow the cursor: a cell to come gets its number when the step is done") {
  const auto trace = short_recording();
  const Tensor& logits = trace->graph().logits();
  Cards cards;
  const int id = cards.pin({&logits, 2, 1}).id;
  CHECK(cards.pin({&logits, 2, 1}).id == id);  // no second one for the same cell
  const std::uint64_t done = trace->step_number({0, logits.step + 1});
  CHECK(cards.refresh(trace->model(), trace.get(), done - 1));
  CHECK(cards.find(id)->facts.state == CellFacts::State::not_computed);
  CHECK(cards.refresh(trace->model(), trace.get(), done));
  CHECK(cards.find(id)->facts.stored == trace->view(logits)(2, 1));
  CHECK_FALSE(cards.refresh(trace->model(), trace.get(), done + 3));  // nothing of it has changed
  CHECK(cards.refresh(trace->model(), trace.get(), done - 1));        // and back
  CHECK(cards.find(id)->facts.state == CellFacts::State::not_computed);
  // With the newest token: its row moves on.
  cards.find(id)->newest = true;
  cards.touch();
  cards.refresh(trace->model(), trace.get(), trace->published());
  CHECK(cards.find(id)->cell.row == 5);
  CHECK(cards.find(id)->facts.stored == trace->view(logits)(5, 1));
}

TEST_CASE("a walk goes upstream to a weight, downstream again, and back the way it came") {
  const auto trace = short_recording();
  Cards cards;
  Card& card = cards.pin({&trace->graph().at("blocks.0.attn.hook_attn_scores.head0"), 2, 1});
  auto refresh = [&] { cards.refresh(trace->model(), trace.get(), trace->published()); };
  refresh();
  for (int step = 0; step < 10 && card.cell.tensor->op; ++step) {
    // The last operand of the first term: a key, then a weight.
    const Cell to = card.facts.derivation->why.acts[0].terms[0].cells.back();
    cards.walk(card, to);
    refresh();
  }
  CHECK(card.cell.tensor->role == Role::weight);
  CHECK(card.cell.tensor->name == "blocks.0.attn.W_K.head0");
  CHECK(card.trail.size() == 2);
  REQUIRE(card.facts.readers.size() == 1);
  cards.walk(card, card.facts.readers[0].nearest(card.cell));
  refresh();
  CHECK(card.cell.tensor->name == "blocks.0.attn.hook_k.head0");
  while (!card.trail.empty()) cards.back(card);
  refresh();
  CHECK(card.cell.tensor->name == "blocks.0.attn.hook_attn_scores.head0");
  CHECK(card.cell.row == 2);
}

TEST_CASE("as many cards as fit; the oldest goes first; what is hovered is explained") {
  const auto trace = short_recording();
  const Tensor& logits = trace->graph().logits();
  Cards cards;
  for (int col = 0; col < Cards::most + 2; ++col) cards.pin({&logits, 0, col});
  CHECK(int(cards.pinned().size()) == Cards::most);
  CHECK(cards.pinned().front().cell.col == 2);
  const std::uint64_t steps = trace->published();
  CHECK(cards.showing(Cell{&logits, 0, 4}));
  CHECK_FALSE(cards.showing(Cell{&logits, 1, 4}));
  REQUIRE(cards.hover(Cell{&logits, 1, 4}, trace->model(), trace.get(), steps));
  CHECK_FALSE(cards.hover(std::nullopt, trace->model(), trace.get(), steps));
  cards.clear();
  CHECK(cards.pinned().empty());
}

TEST_CASE("a replay runs once through the cell's derivation and rests at its end") {
  const auto trace = short_recording();
  Cards cards;
  Card& card = cards.pin({&trace->graph().at("blocks.0.hook_resid_mid"), 1, 1});
  cards.refresh(trace->model(), trace.get(), trace->published());
  CHECK_FALSE(cards.moment());
  cards.replay(card.id);
  REQUIRE(cards.moment());
  CHECK(cards.moment()->progress == 0);
  CHECK(cards.advance(1));  // three moments, one and a half a second
  CHECK(cards.progress == doctest::Approx(0.5));
  CHECK(cards.advance(1));
  CHECK(cards.progress == 1);
  CHECK_FALSE(cards.advance(1));
  cards.replay(card.id);
  CHECK_FALSE(cards.moment());
}

TEST_CASE("a card stands beside its cell, in view, off what it explains") {
  const Box area{0, 0, 800, 600};
  const Box cell{400, 300, 410, 310};
  const Box beside = place_card(200, 150, area, cell, {});
  CHECK((beside.left >= cell.right || beside.right <= cell.left || beside.top >= cell.bottom ||
         beside.bottom <= cell.top));
  // A row of operands on the left and a column above leave the right or the room below.
  const Box operands[] = {{50, 290, 380, 320}, {390, 20, 420, 280}};
  const Box free = place_card(200, 150, area, cell, operands);
  for (const Box& box : operands)
    CHECK((free.left >= box.right || free.right <= box.left || free.top >= box.bottom ||
           free.bottom <= box.top));
  for (const Box& corner : {Box{0, 0, 5, 5}, Box{790, 590, 800, 600}, Box{-300, 700, -290, 710}}) {
    const Box box = place_card(200, 150, area, corner, {});
    CHECK(box.left >= area.left);
    CHECK(box.top >= area.top);
    CHECK(box.right <= area.right);
    CHECK(box.bottom <= area.bottom);
  }
}

TEST_CASE("a card says what a weight was dequantised from") {
  CellFacts facts;
  facts.stored_as = NumberType::Q4_K;
  CHECK(weight_words(facts).english() ==
        "A weight: learned in training, the same for every text; dequantised from Q4_K.");
  for (NumberType exact : {NumberType::F32, NumberType::BF16, NumberType::other}) {
    facts.stored_as = exact;
    CHECK(weight_words(facts).english() == "A weight: learned in training, the same for every text.");
  }
}
