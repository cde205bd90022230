#include "app/finder.h"

#include <doctest/doctest.h>

#include "tests/support/runs.h"

using namespace orrery;
using namespace orrery::test;

TEST_CASE("letters in order fit; together and at the starts of words they fit better") {
  CHECK(fuzzy_score("", "anything") == 0);
  CHECK(fuzzy_score("xyz", "axbycz") > 0);
  CHECK(fuzzy_score("zyx", "axbycz") < 0);
  CHECK(fuzzy_score("abcd", "abc") < 0);
  CHECK(fuzzy_score("PAT", "hook_pattern") == fuzzy_score("pat", "hook_pattern"));
  CHECK(fuzzy_score("pat", "hook_pattern") > fuzzy_score("pat", "hook_paxaxt"));
  CHECK(fuzzy_score("hp", "hook_pattern") > fuzzy_score("hp", "whelp"));
  CHECK(fuzzy_score("logits", "logits") > fuzzy_score("logits", "logits_of_old"));
  CHECK(fuzzy_score("層", "第 2 層") > 0);
  CHECK(fuzzy_score("頭", "第 2 層") < 0);
}

TEST_CASE("tensors, heads, layers and tokens of a model are found by what people type") {
  Progress progress;
  Executor run = Executor::start(Model::load(reference("gpt2"), progress), {3, 1, 4, 1, 5}, 1, {});
  run.run_pass();
  const Trace& trace = *run.trace();
  const auto entries = finder_entries(trace.graph(), &trace, 5, english);
  auto first = [&](const std::string& query) {
    const auto found = find_entries(query, entries);
    return found.empty() ? std::string() : entries[size_t(found[0])].title;
  };
  CHECK(first("logits") == "logits");
  CHECK(first("blocks.1.attn.hook_pattern.head2") == "blocks.1.attn.hook_pattern.head2");
  CHECK(first("1 pattern head2") == "blocks.1.attn.hook_pattern.head2");
  CHECK(first("layer 1") == "Layer 1");
  CHECK(first("token 4").starts_with("token 4"));
  CHECK(first("blocks.1.hook_resid_pre") == "blocks.1.hook_resid_pre");  // an alias
  CHECK(first("qqqqqq").empty());
  CHECK(find_entries("", entries).size() == entries.size());
  size_t groups = 0;
  for (const FinderEntry& entry : entries) groups += entry.kind == FinderEntry::Kind::group;
  CHECK(groups + 1 == trace.graph().groups().size());
}
