#!/usr/bin/env python3
"""Every bad input ends in one clear sentence that names what is wrong, and exit status 1 (2: wrong usage)."""
import json
import os
import pickle
import shutil
import struct
import zipfile

import model_files as files
from support import GPT2, ROOT, ProgramTest, bound_by_permissions, main, raw_safetensors, run

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

    def test_folders_that_may_not_be_entered(self):
        locked = self.copy()
        more = bound_by_permissions(self)
        locked.chmod(0)
        self.addCleanup(locked.chmod, 0o700)
        for name in ("", "model.safetensors", "inner"):
            self.fails("info", locked / name, words=[str(locked), "cannot be read: Permission denied"], **more)
        for name in ("", "tokenizer.json", "vocab.json", "inner"):
            self.fails("tokenize", "--tokenizer", locked / name, "-p", "A",
                       words=[str(locked), "cannot be read: Permission denied"], **more)

    def test_files_that_are_taken_for_the_whole(self):
        folder = self.copy()
        self.fails("info", folder / "config.json", words=[f"{folder / 'config.json'} ", "name its folder"])
        words = self.folder / "words.json"
        words.write_text(json.dumps({"the": 0, "model": 1, "type": 2}))
        self.fails("tokenize", "--tokenizer", words, "-p", "a", words=["words.json", "merges"])

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

    def refuses(self, name, content, *words):
        """A file of that content is refused with a sentence that names it."""
        file = self.folder / name
        file.write_bytes(content)
        self.fails("info", file, words=[name, *words])

    def test_gguf(self):
        keys, tensors = files.gguf_of_llama(*files.read_model(ROOT / "tests" / "reference" / "llama"))
        whole = files.f32(tensors)
        good = files.gguf(keys, whole)
        head = struct.pack("<4sI", b"GGUF", 3)
        one_key = head + struct.pack("<QQ", 0, 1)
        for content in (good[:5], good[:100], good[:-1], head, head + struct.pack("<QQ", 2 ** 60, 1),
                        head + struct.pack("<QQ", 0, 2 ** 60),
                        one_key + struct.pack("<Q", 2 ** 63) + b"a" * 99,
                        one_key + files.gguf_text("a") + struct.pack("<IIQ", 9, 0, 2 ** 50) + b"a" * 99,
                        one_key + files.gguf_text("a") + struct.pack("<IIQ", 9, 9, 1) * 99 + b"a" * 99,
                        one_key + files.gguf_text(b"\xff") + b"a" * 99):
            self.refuses("bad.gguf", content)
        self.refuses("bad.gguf", good[:4] + b"\1" + good[5:], "version 1")
        for change, *words in (
                ({"general.architecture": "mammoth"}, "mammoth", "llama"), ({"general.architecture": 7},),
                ({"llama.block_count": "two"}, "llama.block_count"), ({"llama.block_count": 3}, "layers.2"),
                ({"llama.attention.head_count": 0}, "head_count"),
                ({"llama.attention.head_count": [4, 4]}, "head_count"),
                ({"general.alignment": 0}, "alignment"), ({"llama.rope.scaling.type": "longrope"}, "longrope"),
                ({"tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": ["a"]}, "scores"),
                ({"tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": [1]}, "tokens"),
                ({"tokenizer.ggml.model": "unheard"}, "unheard"),
                ({"llama.rope.dimension_count": 4}, "dimension_count"),
                ({"split.count": 2}, "several")):
            file = self.folder / "bad.gguf"
            file.write_bytes(files.gguf({**keys, **change}, whole))
            self.assertIn("bad.gguf", self.fails("generate", "-m", file, "--ids", 0, "-n", 1, words=words))
        name = "blk.0.attn_q.weight"
        raw = whole[name][2]
        for change, *words in (({name: (99, [32, 32], raw)}, name, "99"),
                               ({name: ("F32", [1 << 40, 1 << 40], raw)}, name),
                               ({name: ("Q8_0", [1, 31], raw)}, name, "Q8_0", "31"),
                               ({name: ("Q2_K", [32, 32], raw)}, "Q2_K", "q_proj"),
                               ({name: ("F32", [32, 16], raw)}, "q_proj", "[32, 16]", "[32, 32]"),
                               ({"blk.0.attn_q_norm.weight": ("F32", [8], bytes(32))}, "attn_q_norm"),
                               ({"rope_freqs.weight": ("F32", [4], struct.pack("<4f", 1, 2, 3, 9))}, "rope_freqs"),
                               ({name: ("F32", [32, 32], b"\0\0\xc0\x7f" * 1024)}, "finite")):
            self.refuses("bad.gguf", files.gguf(keys, {**whole, **change}), *words)
        twice = files.gguf(keys, {**whole, "blk.0.attn_w.weight": whole[name]}).replace(b"attn_w", b"attn_q")
        self.refuses("bad.gguf", twice, "twice")
        keys, tensors = files.gguf_of_gpt_neox(*files.read_model(ROOT / "tests" / "reference" / "gpt_neox"))
        keys["gptneox.rope.dimension_count"] = 2 ** 24  # more than a head has: once an endless search
        self.refuses("bad.gguf", files.gguf(keys, files.f32(tensors)), "dimension_count")

    def test_pytorch(self):
        good = (ROOT / "tests" / "reference" / "nanogpt" / "ckpt.pt").read_bytes()
        for content in (b"", b"PK\3\4", good[:1000], good[:-1], good[:-22], pickle.dumps({"model": {}})):
            self.refuses("bad.pt", content)
        for place in range(0, len(good) - 1, len(good) // 40):  # damage anywhere ends in a sentence or does not matter
            damaged = bytearray(good)
            damaged[place:place + 9] = b"\xff" * 9
            (self.folder / "bad.pt").write_bytes(damaged)
            result = run("info", self.folder / "bad.pt")
            self.assertIn(result.returncode, (0, 1), result.stderr)
        arguments = {"n_layer": 1, "n_head": 1, "n_embd": 2, "block_size": 4, "bias": False, "vocab_size": 3}
        tensor = files.torch_tensor

        def archive(weights, storages, more=None):
            return files.torch_archive({"model": weights, "model_args": {**arguments, **(more or {})}}, storages)

        for weights, *words in (({"wte": tensor("0", 6, (3, 2))}, "wte"),
                                ({"wte": tensor("1", 4, (2, 2))}, "wte", "storage"),
                                ({"wte": tensor("0", 4, (2, 3))}, "wte"),
                                ({"wte": tensor("0", 4, (2, 2), (2, 2))}, "wte"),
                                ({"wte": tensor("0", 4, (2, 2), offset=1)}, "wte", "stride"),
                                ({"wte": tensor("0", 4, (2, 2), offset=-1)}, "wte", "stride"),
                                ({"wte": tensor("0", 4, (1 << 30, 2), (0, 0))}, "wte"),
                                ({"wte": tensor("0", 4, (2, 2), (1 << 30, 1 << 30))}, "wte"),
                                ({"wte": tensor("0", 4, (-2, 2))}, "wte", "shape"),
                                ({"wte": files.Call("os", "system", "true")}, "os system", "nothing was executed"),
                                ({"wte": files.Call("builtins", "print", "x")}, "builtins print"),
                                ({"wte": files.Call("torch._utils", "_rebuild_tensor_v2", 1)}, "wte"),
                                ({1: tensor("0", 4, (2, 2))}, "dictionary")):
            self.refuses("bad.pt", archive(weights, {"0": bytes(16)}), *words)
        self.refuses("bad.pt", archive({}, {}, {"n_head": 0}), "n_head")
        self.refuses("bad.pt", files.torch_archive(b"\x80\2N.", {}), "dictionary")
        self.refuses("bad.pt", files.torch_archive(b"\x80\2" + b"]" * 50 + b"\x93.", {}), "0x93")
        packed = self.folder / "packed.pt"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
            new.writestr("archive/data.pkl", bytes(1000))
        self.fails("info", packed, words=["compressed", "data.pkl"])

    def test_llama2c_and_json(self):
        config, tensors = files.read_model(ROOT / "tests" / "reference" / "llama")
        for version in (0, 1):
            good = files.llama2c(config, tensors, version)
            for content in (good[:3], good[:27], good[:200], good[:-1], good + b"\0"):
                self.refuses("bad.bin", content)
        for sizes in ((0, 1, 1, 1, 1, 1, 1), (-1,) * 7, (2 ** 31 - 1,) * 7, (4, 4, 1, 3, 1, 3, 4),
                      (4, 4, 1, 2, 3, 3, 4), (4, 4, 2 ** 31 - 1, 2, 2, 3, 4), (4, 4, 1, 2, 2, -2 ** 31, 4)):
            self.refuses("bad.bin", struct.pack("<7i", *sizes) + bytes(1000))
        self.refuses("bad.bin", struct.pack("<Ii", 0x616b3432, 2) + bytes(1000), "version 2")
        viz = json.loads(files.llm_viz_json(*files.read_model(GPT2)))
        name = "transformer.ln_f.bias"
        for fields, *words in (({"data": "AA"}, name), ({"data": "!" * 172}, name), ({"data": 1}, name),
                               ({"shape": [-1]}, name), ({"shape": [31]}, name), ({"dtype": "torch.int8"}, name)):
            self.refuses("bad.json", json.dumps({**viz, name: {**viz[name], **fields}}).encode(), *words)
        self.refuses("bad.json", b"[]")
        self.refuses("bad.json", b"{}", "config")
        self.refuses("bad.json", json.dumps({"config": {"n_layer": "x"}}).encode(), "n_layer")

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
                          ["generate", "--beams", "2", "-n", "1", "--temp", "1"], ["generate", "--eos", "-1"],
                          ["generate", "--eos", "1", "--ignore-eos"],
                          ["generate", "--beams", "65", "-n", "1"],
                          ["generate", "-s", "-1"], ["generate", "--ids", "a"], ["trace", "-p", "A"], ["info"],
                          ["generate", "-p", "A", "--ids", "1"]):
            with self.subTest(arguments):
                self.fails(*arguments, status=2)

    def test_lists_of_ids(self):
        for ids in ("", ",", "1,,2", "1,2,", ",1", "a,1", "1;2", "[]", "[1,,2]", "{}", "1.5", "99999999999"):
            for command in ("generate", "trace", "tokenize", "render"):
                output = {"trace": ["-o", "t"], "render": ["-o", "t.png"]}.get(command, [])
                with self.subTest(ids, command=command):
                    self.fails(command, "--ids", ids, *output, status=2, words=["--ids: '", "token ids like 1,2,3"],
                               cwd=self.folder)
            self.fails("generate", "-p", "A", "--eos", ids, status=2, words=["--eos: '"])
        taken = [self.succeeds("generate", *ids, "-n", 1, "--temp", 0)
                 for ids in (["--ids", "2,1,0"], ["--ids", "[2, 1, 0]"], ["--ids", "2", "1", "0"], ["-p", "CBA"])]
        self.assertEqual(len({line.strip() for line in taken}), 1, taken)

    def test_empty_names(self):
        for option, arguments in (("--model", ["generate", "-m", "", "-p", "A"]), ("--model", ["-m", ""]),
                                  ("--file", ["generate", "-f", ""]), ("MODEL", ["info", ""]),
                                  ("MODEL", ["convert", "", "out"]), ("OUT", ["convert", "sort-abc", ""]),
                                  ("--output", ["trace", "-p", "A", "-o", ""]),
                                  ("--file", ["tokenizer", "train", "-f", "", "-o", "out"]),
                                  ("--output", ["tokenizer", "train", "-f", SORT / "config.json", "-o", ""]),
                                  ("--tokenizer", ["tokenize", "--tokenizer", "", "-p", "A"])):
            with self.subTest(arguments):
                self.fails(*arguments, status=2, words=[f"{option}: the name is empty"], cwd=self.folder)
        self.fails("render", "-p", "A", "-o", "", status=2, words=["--output"], cwd=self.folder)
        self.assertEqual(list(self.folder.iterdir()), [])


main()
