#!/usr/bin/env python3
"""`orrery bench` measures everything that it promises, and what does not depend on the machine is within its limits."""
import json

from support import ProgramTest, main, read_safetensors


class Bench(ProgramTest):
    def check_speed(self, found):
        for way in ("traced", "plain"):
            self.assertGreater(found[way]["prefill_tokens_per_second"], 0)
            self.assertGreater(found[way]["decode_tokens_per_second"], 0)
        self.assertAlmostEqual(found["trace_cost_of_decode"],
                               1 - found["traced"]["decode_tokens_per_second"] /
                               found["plain"]["decode_tokens_per_second"])

    def test_what_is_measured(self):
        found = json.loads(self.succeeds("bench", "-m", "sort-abc", "--shapes", "S,M", "--json", timeout=280))
        self.assertEqual(found["model"], "sort-abc")
        self.assertIn(found["kernels"], ("AVX2", "baseline"))
        self.check_speed(found)
        self.assertEqual([(s["shape"], s["layers"], s["heads"], s["channels"], s["prompt_tokens"], s["new_tokens"])
                          for s in found["shapes"]], [("S", 3, 3, 48, 1, 10), ("M", 6, 6, 192, 32, 96)])
        for shape, context in zip(found["shapes"], (11, 128)):
            self.check_speed(shape)
            channels = shape["channels"]
            layer = 12 * channels ** 2 + 13 * channels  # of GPT-2, biases and norms too
            self.assertEqual(shape["parameters"], shape["layers"] * layer + 2 * channels +
                             (shape["vocabulary"] + context) * channels)
        for way in ("alone", "beside"):
            self.assertGreater(found["decode_beside_instruments"][way + "_tokens_per_second"], 0)
        self.assertEqual([(f["width"], f["height"], f["generating"], f["instruments"]) for f in found["frames"]],
                         [(width, height, generating, instruments) for width, height in ((1280, 720), (768, 688))
                          for generating, instruments in ((False, False), (True, False), (True, True))])
        for frames in found["frames"]:
            self.assertLess(frames["draw_calls"], 30)
            if not frames["generating"]:
                self.assertLess(frames["bytes_uploaded"], 50_000)

    def test_a_run_is_the_same_with_the_kernels_of_every_processor(self):
        runs = []
        for kernels in ("baseline", ""):
            file = self.folder / f"run{kernels}.safetensors"
            self.succeeds("trace", "-m", "shakespeare", "-p", "To be, or not", "-o", file, env={"ORRERY_KERNELS": kernels})
            runs.append(read_safetensors(file)[0])
        self.assertEqual(runs[0].keys(), runs[1].keys())
        for name, (kind, shape, numbers) in runs[0].items():
            self.assertEqual((kind, shape), runs[1][name][:2])
            for one, other in zip(numbers, runs[1][name][2]):
                if one != other:  # infinities are equal
                    self.assertLess(abs(one - other), 1e-4 * (1 + abs(one)), name)


main()
