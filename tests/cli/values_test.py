#!/usr/bin/env python3
"""What the commands print and write is what the reference implementations computed."""
import json
import shutil

from support import GPT2, ProgramTest, main, read_safetensors


class Values(ProgramTest):
    def setUp(self):
        super().setUp()
        self.expected, _ = read_safetensors(GPT2 / "expected.safetensors")
        self.prompt = list(self.expected["p0.input_ids"][2])
        self.greedy = list(self.expected["p0.greedy_ids"][2])
        self.ids = ",".join(map(str, self.prompt))

    def test_generate_writes_the_greedy_ids(self):
        new = self.greedy[len(self.prompt):]
        out = self.succeeds("generate", "-m", GPT2, "--ids", self.ids, "-n", len(new), "--temp", 0, "--ignore-eos")
        self.assertEqual([int(word) for word in out.split()], new)
        out = self.succeeds("generate", "-m", GPT2, "--ids", self.ids, "-n", len(new), "--temp", 0, "--ignore-eos",
                            "--json")
        self.assertEqual(json.loads(out)["ids"], new)
        self.assertEqual(json.loads(out)["stop"], "length")

    def test_a_text_ends_where_the_files_or_the_options_say(self):
        new = self.greedy[len(self.prompt):]
        folder = self.folder / "ends"
        shutil.copytree(GPT2, folder)
        start = ("generate", "-m", folder, "--ids", self.ids, "-n", len(new), "--temp", 0)
        generation, config = folder / "generation_config.json", json.loads((folder / "config.json").read_text())

        def written(*options):
            """The ids, and why it stopped; what is printed is the same but for the id that ended it."""
            out = json.loads(self.succeeds(*start, *options, "--json"))
            printed = [int(word) for word in self.succeeds(*start, *options).split()]
            self.assertEqual(printed, out["ids"][:-1] if out["stop"] == "eos" else out["ids"])
            return out["ids"], out["stop"]

        def until(*ends):
            return new[:min(new.index(end) for end in ends) + 1], "eos"

        first, later = new[0], next(id for id in new if id != new[0])
        (folder / "config.json").write_text(json.dumps(config | {"eos_token_id": later}))
        self.assertEqual(written(), until(later))
        generation.write_text(json.dumps({"eos_token_id": [later, first]}))
        self.assertEqual(written(), until(first))
        self.assertEqual(written("--eos", later), until(later))
        self.assertEqual(written("--ignore-eos"), (new, "length"))
        generation.write_text(json.dumps({"eos_token_id": None}))
        self.assertEqual(written(), (new, "length"))
        generation.write_text(json.dumps({"eos_token_id": "end"}))
        self.fails(*start, words=["generation_config.json", "eos_token_id"])
        generation.write_text(json.dumps({"eos_token_id": [1, 2.5]}))
        self.fails(*start, words=["generation_config.json", "eos_token_id"])
        generation.unlink()
        full = json.loads(self.succeeds(*start[:5], "-n", 99, "-c", len(self.prompt) + 1, "--ignore-eos", "--json"))
        self.assertEqual((len(full["ids"]), full["stop"]), (2, "context"))

    def test_trace_holds_the_logits_and_every_hook(self):
        file = self.folder / "run.safetensors"
        self.succeeds("trace", "-m", GPT2, "--ids", self.ids, "-o", file)
        tensors, metadata = read_safetensors(file)
        self.assertEqual(tensors["input_ids"], ("I64", [len(self.prompt)], tuple(self.prompt)))
        self.close("logits", tensors["logits"], self.expected["p0.logits"], 1e-4)
        self.close("attention", tensors["blocks.0.attn.hook_pattern"], self.expected["p0.attentions.0"], 1e-5)
        self.close("residual stream", tensors["blocks.1.hook_resid_pre"], self.expected["p0.hidden_states.1"], 1e-4)
        self.assertEqual(tensors["blocks.1.hook_resid_pre"], tensors["blocks.0.hook_resid_post"])
        scores = tensors["blocks.0.attn.hook_attn_scores"]
        self.assertEqual(scores[1][1:], [len(self.prompt)] * 2)
        self.assertEqual(scores[2][1], float("-inf"))
        self.assertEqual(len(metadata["weights_sha256"]), 64)
        self.assertEqual(metadata["seed"], "1")
        listed = dict(line.split(" ", 1) for line in
                      self.succeeds("hooks", "-m", GPT2).decode().splitlines())
        self.assertEqual(set(listed), set(tensors) - {"input_ids"})
        for name, shape in listed.items():
            self.assertEqual(json.loads(shape.replace("T", str(len(self.prompt)))), tensors[name][1], name)

    def test_trace_of_new_tokens_and_some_hooks(self):
        file = self.folder / "run.safetensors"
        self.succeeds("trace", "-m", GPT2, "--ids", self.ids, "-n", 3, "--hooks", "blocks.0.attn.hook_[qk]", "-o", file)
        tensors, _ = read_safetensors(file)
        self.assertEqual(list(tensors["input_ids"][2]), self.greedy[:len(self.prompt) + 3])
        self.assertEqual(set(tensors), {"input_ids", "logits", "blocks.0.attn.hook_q", "blocks.0.attn.hook_k"})

    def test_sorting_and_tokens(self):
        out = self.succeeds("generate", "-p", "CBABBC", "-n", 5, "--temp", 0)
        self.assertEqual(out, b"ABBBC\n")
        out = json.loads(self.succeeds("tokenize", "-p", "CAB", "--json"))
        self.assertEqual(out["ids"], [2, 0, 1])
        self.assertEqual([token["text"] for token in out["tokens"]], ["C", "A", "B"])

    def test_the_same_seed_gives_the_same_text(self):
        first, again, other = (self.succeeds("generate", "-m", GPT2, "--ids", self.ids, "-n", 12, "-s", seed, "--temp", 2)
                               for seed in (5, 5, 6))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_filters_against_repetition(self):
        def drawn(*options):
            out = self.succeeds("generate", "-m", GPT2, "--ids", self.ids, "-n", 12, "--temp", 0, *options)
            return [int(word) for word in out.split()]
        plain = drawn()
        self.assertEqual(drawn("--repeat-penalty", 1, "--no-repeat-ngram", 0, "--typical", 1, "--epsilon", 0), plain)
        once = drawn("--no-repeat-ngram", 1)
        self.assertEqual(len(set(self.prompt + once)), len(set(self.prompt)) + len(once))
        # The largest penalty there is does the same, over so many tokens as it looks at.
        self.assertEqual(drawn("--repeat-penalty", 100, "--repeat-last-n", 0), plain)
        last = drawn("--repeat-penalty", 100, "--repeat-last-n", 1)
        self.assertTrue(all(a != b for a, b in zip(last, last[1:])), last)
        # Behind a temperature of 0 only one token is left for the penalties to choose from.
        order = "temp;top_k;top_p;min_p;typ_p;epsilon;penalties;no_repeat_ngram"
        self.assertEqual(drawn("--repeat-penalty", 100, "--samplers", order), plain)

    def test_beam_search_finds_the_reference_hypotheses(self):
        meta = json.loads((GPT2 / "meta.json").read_text())
        searches = {"beam": [], "beam_eos_lp2": ["--length-penalty", 2],
                    "beam_eos_lp0_5_early": ["--length-penalty", 0.5, "--early-stopping"]}
        for name, options in searches.items():
            with self.subTest(name):
                if not options:
                    options = ["--ignore-eos"]
                else:
                    options += ["--eos", meta["cases"][0]["beam_eos_token_id"]]
                arguments = ["generate", "-m", GPT2, "--ids", self.ids, "-n", 8, "--beams", 3, *options]
                out = json.loads(self.succeeds(*arguments, "--json"))
                _, (rows, cols), ids = self.expected[f"p0.{name}_ids"]
                scores = self.expected[f"p0.{name}_scores"][2]
                self.assertEqual(len(out["hypotheses"]), rows)
                for i, found in enumerate(out["hypotheses"]):
                    row = self.prompt + found["ids"]
                    self.assertEqual(row + [0] * (cols - len(row)), list(ids[i * cols:(i + 1) * cols]))
                    self.assertAlmostEqual(found["score"], scores[i], delta=1e-4)
                    self.assertEqual(found["finished"], len(options) > 1 and found["ids"][-1] == int(options[-1]))
                self.assertEqual(out["ids"], out["hypotheses"][0]["ids"])
                finished = out["hypotheses"][0]["finished"]
                self.assertEqual(out["stop"], "eos" if finished else "length")
                self.assertEqual([int(word) for word in self.succeeds(*arguments).split()],
                                 out["ids"][:-1] if finished else out["ids"])

    def test_one_beam_is_greedy_and_beams_stop_at_the_end_of_the_context(self):
        new = self.greedy[len(self.prompt):]
        out = self.succeeds("generate", "-m", GPT2, "--ids", self.ids, "-n", len(new), "--beams", 1, "--ignore-eos")
        self.assertEqual([int(word) for word in out.split()], new)
        out = self.succeeds("generate", "-m", GPT2, "--ids", self.ids, "-n", 9, "--beams", 2, "-c", len(self.prompt) + 2)
        self.assertEqual(len(out.split()), 3)
        self.assertEqual(self.succeeds("generate", "-p", "CBABBC", "-n", 5, "--beams", 2), b"ABBBC\n")

    def test_where_every_token_would_repeat_one_the_most_probable_stays(self):
        start = ("generate", "-p", "CBABBC", "-n", 5, "--temp", 0)  # all three letters are there already
        self.assertEqual(self.succeeds(*start, "--no-repeat-ngram", 1), self.succeeds(*start))
        self.assertIn(b"the most probable one stays", b" ".join(self.succeeds("generate", "--help").split()))

    def test_info_and_models(self):
        info = json.loads(self.succeeds("info", "sort-abc", "--json"))
        self.assertEqual((info["layers"], info["heads"], info["context"], info["vocabulary"]), (3, 3, 11, 3))
        self.assertIn(b"sort-abc", self.succeeds("models"))
        self.assertTrue(self.succeeds("--version").startswith(b"orrery "))

    def close(self, name, found, expected, tolerance):
        self.assertEqual(len(found[2]), len(expected[2]), name)
        for a, b in zip(found[2], expected[2]):
            self.assertLessEqual(abs(a - b), tolerance + tolerance * abs(b), name)


main()
