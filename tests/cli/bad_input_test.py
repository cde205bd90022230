#!/usr/bin/env python3
"""Every bad input ends in one clear sentence that names what is wrong, and exit status 1 (2: wrong usage)."""
import json
import os
import shutil
import struct

from support import GPT2, ROOT, ProgramTest, main, raw_safetensors

SORT = ROOT / "assets" / "models" / "sort-abc"


class BadInput(ProgramTest):
    def copy(self, source=SORT):
        folder = self.folder / "model"
        folder.mkdir()
        for name in ("config.json", "model.safetensors", "tokenizer.json"):
            if (source / name).exists():
                shutil.copy(source / name, folder / name)
        return folder

    def opens_not(self, folder, *words):
        self.fails("generate", "-m", folder, "--ids", "0", "-n", 1, words=words)
        self.fails("info", folder, words=words)

    def test_prompts(self):
        self.fails("generate", "-p", "", words=["prompt is empty"])
        self.fails("generate", "-p", "ABCABCABCABCABC", words=["15", "11"])
        self.fails("generate", "-p", "ABx", words=["x"])
        self.fails("generate", "-p", b"AB\xff", words=["UTF-8"])
        self.fails("tokenize", "-p", b"\xe4\xb8", words=["UTF-8"])
        self.fails("generate", "--ids", "0,3", words=["3"])
        self.fails("generate", "--ids", "-1", words=["-1"])
        self.fails("generate", "-m", GPT2, "-p", "text", words=["tokenizer", "--ids"])
        self.fails("generate", "-f", self.folder / "none", words=["none"])
        self.fails("trace", "-p", "A", "--hooks", "nothing*", "-o", self.folder / "t", words=["nothing*"])
        self.assertFalse((self.folder / "t").exists())

    def test_missing_parts(self):
        self.fails("generate", "-m", "no-such-model", words=["no-such-model"])
        empty = self.folder / "empty"
        empty.mkdir()
        self.opens_not(empty, "empty")
        folder = self.copy()
        (folder / "config.json").unlink()
        self.opens_not(folder, "config.json")
        shutil.copy(SORT / "config.json", folder)
        (folder / "model.safetensors").unlink()
        self.opens_not(folder, "model")

    def test_headers(self):
        folder = self.copy()
        file = folder / "model.safetensors"
        whole = file.read_bytes()
        entry = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
        for content in (
                b"", whole[:4], whole[:100], whole[:-1], whole + b"\0",
                struct.pack("<Q", 2 ** 64 - 1) + b"{}", struct.pack("<Q", 10 ** 9) + b"{}",
                raw_safetensors(b"{"), raw_safetensors(b"[]"), raw_safetensors(b"\xff\xff"),
                raw_safetensors(b"[" * 100000),
                raw_safetensors({"a": {**entry, "data_offsets": [0, 2 ** 62]}}, b"0000"),
                raw_safetensors({"a": {**entry, "data_offsets": [-4, 0]}}, b"0000"),
                raw_safetensors({"a": {**entry, "shape": [2 ** 40, 2 ** 40]}}, b"0000"),
                raw_safetensors({"a": {**entry, "shape": [-1]}}, b"0000"),
                raw_safetensors({"a": {**entry, "dtype": "F31"}}, b"0000"),
                raw_safetensors({"a": entry, "b": entry}, b"0000")):
            file.write_bytes(content)
            self.opens_not(folder, "model.safetensors")

    def test_shapes_and_numbers(self):
        folder = self.copy()
        config = json.loads((folder / "config.json").read_text())
        for field, value in (("n_embd", 51), ("n_embd", 2 ** 31), ("n_layer", -1), ("n_head", 0), ("n_head", 5),
                             ("block_size", 10 ** 12), ("vocab_size", "three"), ("n_layer", 2.5),
                             ("model_type", "no-such")):
            (folder / "config.json").write_text(json.dumps({**config, field: value}))
            self.opens_not(folder)
        (folder / "config.json").write_text("{")
        self.opens_not(folder, "config.json")
        shutil.copy(SORT / "config.json", folder)
        file = folder / "model.safetensors"
        data = bytearray(file.read_bytes())
        data[-2:] = b"\xff\x7f"  # NaN in BF16 and F16
        file.write_bytes(data)
        self.opens_not(folder)

    def test_outputs(self):
        self.fails("trace", "-p", "A", "-o", self.folder / "none" / "t.safetensors", words=["none"])
        self.fails("trace", "-p", "A", "-o", self.folder, words=[str(self.folder)])
        if os.path.exists("/dev/full"):
            self.fails("trace", "-p", "A", "-o", "/dev/full", words=["/dev/full"])
        kept = self.folder / "kept.safetensors"
        kept.write_text("before")
        self.fails("trace", "-p", "", "-o", kept)
        self.assertEqual(kept.read_text(), "before")

    def test_wrong_usage(self):
        for arguments in (["fly"], ["generate", "--temp", "hot"], ["generate", "--temp", "-1"],
                          ["generate", "--temp", "nan"], ["generate", "--top-p", "1.5"], ["generate", "-n", "-2"],
                          ["generate", "--top-k", "99999999999"], ["generate", "--samplers", "luck"],
                          ["generate", "--samplers", "typ_p;typical"], ["generate", "--typical", "-0.1"],
                          ["generate", "--epsilon", "2"], ["generate", "--repeat-penalty", "0"],
                          ["generate", "--repeat-last-n", "-2"], ["generate", "--no-repeat-ngram", "-1"],
                          ["generate", "--beams", "2"], ["generate", "--beams", "0", "-n", "1"],
                          ["generate", "--beams", "2", "-n", "1", "--temp", "1"], ["generate", "--eos", "1"],
                          ["generate", "--beams", "65", "-n", "1"],
                          ["generate", "-s", "-1"], ["generate", "--ids", "a"], ["trace", "-p", "A"], ["info"],
                          ["generate", "-p", "A", "--ids", "1"]):
            with self.subTest(arguments):
                self.fails(*arguments, status=2)


main()
