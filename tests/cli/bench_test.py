#!/usr/bin/env python3
"""`orrery bench` measures everything that it promises, and what does not depend on the machine is within its limits."""
import json

from support import ProgramTest, main


class Bench(ProgramTest):
    def test_what_is_measured(self):
        found = json.loads(self.succeeds("bench", "-m", "sort-abc", "--json", timeout=280))
        self.assertEqual(found["model"], "sort-abc")
        for way in ("traced", "plain"):
            self.assertGreater(found[way]["prefill_tokens_per_second"], 0)
            self.assertGreater(found[way]["decode_tokens_per_second"], 0)
        self.assertEqual([(f["width"], f["height"], f["generating"]) for f in found["frames"]],
                         [(1280, 720, False), (1280, 720, True), (768, 688, False), (768, 688, True)])
        for frames in found["frames"]:
            self.assertLess(frames["draw_calls"], 30)
            if not frames["generating"]:
                self.assertLess(frames["bytes_uploaded"], 50_000)


main()
