#!/usr/bin/env python3
"""The same weights in every format that opens: the logits are those of the reference implementations."""
import json
import pickle
import shutil
import struct
import zipfile
from random import Random

import model_files as files
import quantized_blocks
from support import ROOT, ModelTest, main, raw_safetensors, read_safetensors, run

REFERENCE = ROOT / "tests" / "reference"


class Formats(ModelTest):
    # ---- nanoGPT

    def test_nanogpt_checkpoints(self):
        for fixture in ("nanogpt", "nanogpt_bias"):
            self.agrees(REFERENCE / fixture / "ckpt.pt", fixture)
        folder = self.folder / "alone"
        folder.mkdir()
        shutil.copy(REFERENCE / "nanogpt" / "ckpt.pt", folder)
        self.agrees(folder, "nanogpt")

    def test_the_characters_of_meta_pkl(self):
        characters = "\n !Zäö水" + "".join(map(chr, range(0x61, 0x61 + 26)))
        meta = {"vocab_size": len(characters), "itos": dict(enumerate(characters)),
                "stoi": {character: i for i, character in enumerate(characters)}}
        folder = self.folder / "alone"
        folder.mkdir()
        shutil.copy(REFERENCE / "nanogpt" / "ckpt.pt", folder)
        for protocol in (2, 3, 4, 5):
            (folder / "meta.pkl").write_bytes(pickle.dumps(meta, protocol))
            out = json.loads(self.succeeds("tokenize", "-m", folder, "-p", "aäz水", "--json"))
            self.assertEqual(out["ids"], [characters.index(character) for character in "aäz水"])

    def test_archives_with_64_bit_fields(self):
        for wide_end in (False, True):
            path = self.folder / "wide.pt"
            with zipfile.ZipFile(REFERENCE / "nanogpt" / "ckpt.pt") as old, zipfile.ZipFile(path, "w") as new:
                for name in old.namelist():
                    with new.open(name, "w", force_zip64=True) as entry:
                        entry.write(old.read(name))
            if wide_end:
                data = path.read_bytes()
                end = data.rindex(b"PK\5\6")
                count, size, place = struct.unpack_from("<HII", data, end + 10)
                wide = struct.pack("<IQHHIIQQQQ", 0x06064b50, 44, 45, 45, 0, 0, count, count, size, place)
                locator = struct.pack("<IIQI", 0x07064b50, 0, end, 1)
                last = struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0)
                path.write_bytes(data[:end] + wide + locator + last)
            self.agrees(path, "nanogpt")

    # ---- several files

    def test_several_safetensors_files(self):
        config, tensors = files.read_model(REFERENCE / "llama")
        names = sorted(tensors)
        shards = {f"model-0000{i + 1}-of-00003.safetensors": names[i::3] for i in range(3)}
        folder = self.folder / "sharded"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config))
        for shard, own in shards.items():
            header, data = {}, b""
            for name in own:
                raw = tensors[name].raw()
                header[name] = {"dtype": "F32", "shape": tensors[name].shape,
                                "data_offsets": [len(data), len(data) + len(raw)]}
                data += raw
            (folder / shard).write_bytes(raw_safetensors(header, data))
        index = {"metadata": {"total_size": 0},
                 "weight_map": {name: shard for shard, own in shards.items() for name in own}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        self.agrees(folder, "llama")
        self.agrees(folder / "model.safetensors.index.json", "llama")

        def refused(changes, *words):
            changed = {**index, "weight_map": {**index["weight_map"], **changes}}
            (folder / "model.safetensors.index.json").write_text(json.dumps(changed))
            self.fails("info", folder, words=words)

        first, second = list(shards)[:2]
        for bad in ("../" + first, "/etc/passwd", "..", "a\\b", "", 3):
            refused({names[0]: bad}, names[0], "index.json")
        refused({names[0]: second}, names[0], second)
        refused({names[0]: "none.safetensors"}, "none.safetensors")
        refused({"no.such.tensor": first}, "no.such.tensor", first)
        (folder / second).write_bytes((folder / second).read_bytes()[:-1])
        refused({}, second)

    # ---- llama2.c

    def test_llama2c(self):
        for fixture in ("llama",):
            config, tensors = files.read_model(REFERENCE / fixture)
            for version in (0, 1):
                self.agrees(self.write(f"{version}/model.bin", files.llama2c(config, tensors, version)), fixture)
            # Ends as its own program's: the end of a text, and the token that stands before each.
            info = json.loads(self.succeeds("info", self.folder / "0/model.bin", "--json"))
            self.assertEqual(info["ends"], [2, 1])
        # A classifier that shares the embedding: the same model with the embedding for a head.
        config, tensors = files.read_model(REFERENCE / "llama")
        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
        untied = self.logits(self.write("untied.bin", files.llama2c(config, tensors, 0)), range(12))
        del tensors["lm_head.weight"]
        for version in (0, 1):
            tied = self.logits(self.write("tied.bin", files.llama2c(config, tensors, version)), range(12))
            self.close("tied", tied[2], untied[2], 1e-6)

    def test_llama2c_with_its_tokenizer(self):
        config, tensors = files.read_model(REFERENCE / "llama")
        tokens = [b"<unk>", b"\n<s>\n", b"\n</s>\n"] + [b"<0x%02X>" % byte for byte in range(256)]
        tokens += [b" ", b"a", b"b", b"ab", b" ab"]
        config["vocab_size"] = len(tokens)
        for name in ("model.embed_tokens.weight", "lm_head.weight"):
            shape = [len(tokens), config["hidden_size"]]
            tensors[name] = files.Matrix(shape, [0.5] * (shape[0] * shape[1]))
        folder = self.write("stories/model.bin", files.llama2c(config, tensors, 0)).parent
        scored = b"".join(struct.pack("<fI", -float(i), len(token)) + token for i, token in enumerate(tokens))
        self.write("stories/tokenizer.bin", struct.pack("<I", 6) + scored)
        self.succeeds("convert", folder, self.folder / "converted")
        for place in (folder, self.folder / "converted"):
            found = json.loads(self.succeeds("tokenize", "-m", place, "-p", "ab b\n", "--json"))
            self.assertEqual(found["ids"], [1, 263, 259, 261, 3 + 10])

    # ---- GGUF

    GGUF = {"llama": files.gguf_of_llama, "llama_rope_linear": files.gguf_of_llama,
            "llama_rope_yarn": files.gguf_of_llama, "llama_rope_llama3": files.gguf_of_llama,
            "mixtral": files.gguf_of_llama, "gpt2": files.gguf_of_gpt2, "gpt_neox": files.gguf_of_gpt_neox,
            "gpt_neox_serial": files.gguf_of_gpt_neox, "bloom": files.gguf_of_bloom, "mpt": files.gguf_of_mpt,
            "mamba": files.gguf_of_mamba,
            "gemma": lambda config, tensors: files.gguf_of_llama(config, tensors, "gemma")}

    def test_gguf_of_every_architecture(self):
        for fixture, convert in self.GGUF.items():
            with self.subTest(fixture):
                keys, tensors = convert(*files.read_model(REFERENCE / fixture))
                self.agrees(self.write(fixture + ".gguf", files.gguf(keys, files.f32(tensors))), fixture)

    def test_gguf_of_what_a_fixture_says_otherwise(self):
        """GGUF has no place for MPT's scale of scores and Qwen2's window: the same weights without them."""
        for fixture, convert, name, changes in (
                ("qwen2", lambda *model: files.gguf_of_llama(*model, "qwen2"), "use_sliding_window", False),
                ("mpt_clip", files.gguf_of_mpt, "attn_config", {"clip_qkv": 0.05})):
            config, tensors = files.read_model(REFERENCE / fixture)
            config[name] = changes
            shutil.copytree(REFERENCE / fixture, self.folder / fixture)
            (self.folder / fixture / "config.json").write_text(json.dumps(config))
            keys, converted = convert(config, tensors)
            model = self.write(fixture + ".gguf", files.gguf(keys, files.f32(converted)))
            found, expected = self.logits(model, range(20)), self.logits(self.folder / fixture, range(20))
            self.close(fixture, found[2], expected[2], 1e-6)

    def test_gguf_2_other_alignments_and_biases(self):
        keys, tensors = files.gguf_of_llama(*files.read_model(REFERENCE / "llama"))
        keys = {"general.alignment": 64, **keys, "some.list": [[1, 2], [3]], "some.text": "ö"}
        self.agrees(self.write("aligned.gguf", files.gguf(keys, files.f32(tensors), 2, 64)), "llama")
        config, tensors = files.read_model(REFERENCE / "llama_mha_bias_tied")
        keys, converted = files.gguf_of_llama(config, tensors)
        self.agrees(self.write("bias.gguf", files.gguf(keys, files.f32(converted))), "llama_mha_bias_tied")

    def quantized(self, name, random):
        """A model of LLaMA's whose matrices have one type: its GGUF file, and the numbers of its matrices."""
        width = quantized_blocks.TYPES[name][0]
        config = {"model_type": "llama", "hidden_size": width, "intermediate_size": width, "num_hidden_layers": 1,
                  "num_attention_heads": 4, "num_key_value_heads": 4, "max_position_embeddings": 16,
                  "rms_norm_eps": 1e-5, "vocab_size": 3}
        rows = {"token_embd": 3, **{f"blk.0.{part}": width for part in
                                    ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")}}
        tensors = {f"{norm}.weight": ("F32", [width], struct.pack(f"<{width}f", *[1] * width))
                   for norm in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm")}
        known = {}
        for part, count in rows.items():
            data = quantized_blocks.random_blocks(name, count, random)
            tensors[part + ".weight"] = (name, [count, width], data)
            known[part + ".weight"] = files.Matrix([count, width], quantized_blocks.numbers(name, data))
        keys = files.llama_keys(config, "llama")
        return self.write(name + ".gguf", files.gguf(keys, tensors)), known

    def test_quantized_blocks_are_the_numbers_they_stand_for(self):
        random = Random(3)
        for name in quantized_blocks.TYPES:
            with self.subTest(name):
                model, known = self.quantized(name, random)
                out = self.folder / name
                self.succeeds("convert", model, out)
                written, _ = read_safetensors(out / "model.safetensors")
                for plain, gguf_name in (("model.embed_tokens", "token_embd"),
                                         ("model.layers.0.mlp.up_proj", "blk.0.ffn_up"),
                                         ("model.layers.0.self_attn.v_proj", "blk.0.attn_v")):
                    found = written[plain + ".weight"]
                    self.assertEqual(found[1], known[gguf_name + ".weight"].shape)
                    for a, b in zip(found[2], known[gguf_name + ".weight"].numbers):
                        self.assertLessEqual(abs(a - b), 1e-6 * max(abs(b), 1e-3))  # the order of roundings
                turned = files.paired(files.Matrix(*written["model.layers.0.self_attn.q_proj.weight"][1:]), 4)
                self.assertEqual(len(turned.numbers), len(known["blk.0.attn_q.weight"].numbers))
                for a, b in zip(turned.numbers, known["blk.0.attn_q.weight"].numbers):
                    self.assertLessEqual(abs(a - b), 1e-6 * max(abs(b), 1e-3))
                info = self.succeeds("info", model).decode()
                self.assertIn(f"dequantised from {name}", info)
                self.assertEqual(self.logits(model, [0, 1, 2]), self.logits(out, [0, 1, 2]))

    def test_half_precision_in_gguf(self):
        keys, tensors = files.gguf_of_llama(*files.read_model(REFERENCE / "llama"))
        for name, pack in (("F16", lambda numbers: struct.pack(f"<{len(numbers)}e", *numbers)),
                           ("BF16", lambda numbers: b"".join(struct.pack("<f", n)[2:] for n in numbers))):
            stored = {key: (name, matrix.shape, pack(matrix.numbers)) for key, matrix in tensors.items()}
            model, out = self.write(name + ".gguf", files.gguf(keys, stored)), self.folder / name
            self.succeeds("convert", model, out)
            expected, _ = read_safetensors(REFERENCE / "llama" / "expected.safetensors")
            ids = expected["p0.input_ids"][2]
            found = self.logits(model, ids)
            self.assertEqual(found, self.logits(out, ids))
            self.close(name, found[2], expected["p0.logits"][2], 0.05)

    # ---- tokenizers inside of GGUF

    def check_tokens(self, keys, text, ids):
        config, tensors = files.read_model(REFERENCE / "llama")
        shape = [len(keys["tokenizer.ggml.tokens"]), config["hidden_size"]]
        for table in ("model.embed_tokens.weight", "lm_head.weight"):
            tensors[table] = files.Matrix(shape, [0.5] * (shape[0] * shape[1]))
        model_keys, converted = files.gguf_of_llama(config, tensors)
        model = self.write("tokens.gguf", files.gguf({**model_keys, **keys}, files.f32(converted)))
        shutil.rmtree(self.folder / "tokens", ignore_errors=True)
        self.succeeds("convert", model, self.folder / "tokens")
        prompt = self.write("prompt.txt", text)
        for place in (model, self.folder / "tokens"):
            found = json.loads(self.succeeds("tokenize", "-m", place, "-f", prompt, "--json"))
            self.assertEqual(found["ids"], ids, place)

    def test_the_tokenizers_of_gguf(self):
        pieces = ["<unk>", "<s>", "</s>", "<0xC3>", "<0xA4>", "▁", "a", "b", "ab", "▁ab", "c", "bc"]
        scores = [0.0, 0.0, 0.0, 0.0, 0.0, -9.0, -8.0, -7.0, -2.0, -3.0, -6.0, -1.0]
        llama = {"tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": pieces, "tokenizer.ggml.scores": scores,
                 "tokenizer.ggml.token_type": [2, 3, 3, 6, 6] + [1] * 7, "tokenizer.ggml.bos_token_id": 1,
                 "tokenizer.ggml.unknown_token_id": 0}
        # ▁abc: "bc" has the best score, so that "ab" cannot form; ä is two bytes.
        self.check_tokens(llama, "abc ab</s>ä", [1, 5, 6, 11, 9, 2, 5, 3, 4])
        self.check_tokens({**llama, "tokenizer.ggml.add_bos_token": False}, "ab", [9])
        letters = ["<|end|>", "a", "b", "c", "Ġ", "ab", "Ġab"]
        gpt2 = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "gpt-2", "tokenizer.ggml.tokens": letters,
                "tokenizer.ggml.token_type": [3] + [1] * 6, "tokenizer.ggml.merges": ["a b", "Ġ ab"]}
        self.check_tokens(gpt2, "ab abc<|end|>", [5, 6, 3, 0])

    def test_gguf_says_what_ends_a_text(self):
        keys, tensors = files.gguf_of_llama(*files.read_model(REFERENCE / "llama"))
        for said, ends in (({}, []), ({"eos": 7}, [7]), ({"eos": 7, "eot": 9, "eom": 7}, [7, 9]), ({"eot": 9}, [9])):
            more = {f"tokenizer.ggml.{name}_token_id": id for name, id in said.items()}
            model = self.write("ends.gguf", files.gguf({**keys, **more}, files.f32(tensors)))
            self.assertEqual(json.loads(self.succeeds("info", model, "--json"))["ends"], ends)
        (self.folder / "generation_config.json").write_text(json.dumps({"eos_token_id": 3}))
        self.assertEqual(json.loads(self.succeeds("info", model, "--json"))["ends"], [3])

    def gguf_tokenizer(self, name):
        """The keys of a GGUF file for one of Hugging Face's tokenizers."""
        source = json.loads((REFERENCE / "tokenizers" / f"{name}.json").read_text())
        tokens = {i: text for text, i in source["model"]["vocab"].items()}
        added = {token["id"]: token["content"] for token in source["added_tokens"]}
        tokens = [{**tokens, **added}[i] for i in range(len({**tokens, **added}))]
        merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in source["model"]["merges"]]
        if name == "llama3":
            return {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "llama-bpe", "tokenizer.ggml.tokens": tokens,
                    "tokenizer.ggml.token_type": [3 if i in added else 1 for i in range(len(tokens))],
                    "tokenizer.ggml.merges": merges,
                    "tokenizer.ggml.bos_token_id": next(i for i, text in added.items() if "begin" in text)}
        ranks = {}
        for rank, merge in enumerate(merges):
            ranks.setdefault(merge.replace(" ", ""), rank)
        kinds = [2 if text == "<unk>" else 3 if text in ("<s>", "</s>") else 6 if text.startswith("<0x") else 1
                 for text in tokens]
        return {"tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.token_type": kinds,
                "tokenizer.ggml.scores": [-float(ranks.get(text, 10000 + i)) for i, text in enumerate(tokens)],
                "tokenizer.ggml.bos_token_id": tokens.index("<s>"),
                "tokenizer.ggml.unknown_token_id": tokens.index("<unk>")}

    def test_the_tokenizers_of_gguf_give_hugging_face_s_tokens(self):
        for name in ("llama", "llama3"):
            keys = self.gguf_tokenizer(name)
            vectors = json.loads((REFERENCE / "tokenizers" / f"{name}.vectors").read_text())
            for vector in vectors[::8]:
                if vector["text"]:
                    self.check_tokens(keys, vector["text"], vector["special"])

    # ---- llm-viz

    def test_the_json_of_llm_viz(self):
        config, tensors = files.read_model(REFERENCE / "gpt2")
        self.agrees(self.write("model.json", files.llm_viz_json(config, tensors)), "gpt2")

    # ---- views of PyTorch

    def test_views_of_one_storage(self):
        """A transposed and a cut tensor are put in order; the numbers are those of the plain ones."""
        config, tensors = files.read_model(REFERENCE / "nanogpt")
        views, storages = {}, {}
        for i, (name, matrix) in enumerate(tensors.items()):
            key, raw = str(i), matrix.raw()
            views[name] = files.torch_tensor(key, len(matrix.numbers), matrix.shape)
            if name.endswith("c_fc.weight"):
                raw = matrix.transposed().raw()
                views[name] = files.torch_tensor(key, len(matrix.numbers), matrix.shape, (1, matrix.shape[0]))
            if name.endswith("c_proj.weight"):
                raw = bytes(12) + raw + bytes(8)
                views[name] = files.torch_tensor(key, len(matrix.numbers) + 5, matrix.shape, offset=3)
            storages[key] = raw
        arguments = {key: value for key, value in config.items() if key != "model_type"}
        for root in ({"model": views, "model_args": arguments, "iter_num": 1}, views):
            folder = self.folder / f"views{len(root)}"
            folder.mkdir()
            (folder / "pytorch_model.bin").write_bytes(files.torch_archive(root, storages))
            if root is views:
                (folder / "config.json").write_text(json.dumps(config))
            self.agrees(folder, "nanogpt")

    # ---- convert

    def test_convert_and_back(self):
        models = {"llama": self.write("llama.bin", files.llama2c(*files.read_model(REFERENCE / "llama"), 1)),
                  "nanogpt_bias": REFERENCE / "nanogpt_bias" / "ckpt.pt", "gpt2_hubnames": REFERENCE / "gpt2_hubnames"}
        for fixture in ("llama_rope_llama3", "mixtral", "gpt2", "gpt_neox", "bloom", "mpt", "mamba", "gemma"):
            keys, tensors = self.GGUF[fixture](*files.read_model(REFERENCE / fixture))
            models[fixture] = self.write(fixture + ".gguf", files.gguf(keys, files.f32(tensors)))
        for fixture, model in models.items():
            with self.subTest(fixture):
                out = self.folder / fixture / "out.safetensors"
                self.succeeds("convert", model, out)
                self.agrees(out, fixture)
                written, _ = read_safetensors(out)
                source, _ = read_safetensors(REFERENCE / fixture / "model.safetensors")
                for name, (kind, shape, numbers) in written.items():
                    known = source.get(name) or source[name.removeprefix("transformer.")]
                    self.assertEqual((kind, shape), known[:2], name)
                    self.close(name, numbers, known[2], 1e-6)
                known, found = (json.loads((folder / "config.json").read_text())
                                for folder in (REFERENCE / fixture, out.parent))
                for key in known.keys() & found.keys() - {"attn_config", "rope_scaling", "n_inner", "eos_token_id"}:
                    self.assertEqual(found[key], known[key], key)
                self.fails("convert", model, out, words=["already"])

    def test_convert_takes_tokenizer_and_settings_along(self):
        out = self.folder / "sort"
        self.succeeds("convert", "sort-abc", out)
        self.assertEqual(self.succeeds("generate", "-m", out, "-p", "CBABBC", "-n", 5, "--temp", 0), b"ABBBC\n")
        folder = self.folder / "characters"
        folder.mkdir()
        shutil.copy(REFERENCE / "nanogpt" / "ckpt.pt", folder)
        meta = {"itos": {0: "a", 1: "水", 2: " "}, "stoi": {"a": 0, "水": 1, " ": 2}}
        (folder / "meta.pkl").write_bytes(pickle.dumps(meta))
        (folder / "generation_config.json").write_text(json.dumps({"temperature": 0.5, "eos_token_id": 2}))
        self.succeeds("convert", folder, self.folder / "converted")
        out = json.loads(self.succeeds("tokenize", "-m", self.folder / "converted", "-p", "水 a", "--json"))
        self.assertEqual(out["ids"], [1, 2, 0])
        info = json.loads(self.succeeds("info", self.folder / "converted", "--json"))
        self.assertEqual(info["generation"], {"temperature": 0.5, "eos_token_id": 2})

    def test_generation_config_gives_the_defaults(self):
        folder = self.folder / "gpt2"
        shutil.copytree(REFERENCE / "gpt2", folder)
        (folder / "generation_config.json").write_text(json.dumps({"temperature": 3.0, "top_k": 1}))
        expected, _ = read_safetensors(REFERENCE / "gpt2" / "expected.safetensors")
        prompt, greedy = expected["p0.input_ids"][2], expected["p0.greedy_ids"][2]
        start = ("generate", "-m", folder, "--ids", ",".join(map(str, prompt)), "-n", len(greedy) - len(prompt))
        new = " ".join(map(str, greedy[len(prompt):])).encode() + b"\n"
        self.assertEqual(self.succeeds(*start), new)  # top_k 1 leaves one token
        self.assertNotEqual(self.succeeds(*start, "--top-k", 0), new)
        self.assertIn("top_k = 1", self.succeeds("info", folder).decode())
        (folder / "generation_config.json").write_text(json.dumps({"temperature": 3.0, "do_sample": False}))
        self.assertEqual(self.succeeds(*start), new)
        self.assertNotEqual(self.succeeds(*start, "--temp", 3), new)
        # The largest penalty over all tokens, as Hugging Face's: no token comes twice.
        (folder / "generation_config.json").write_text(json.dumps({"do_sample": False, "repetition_penalty": 100}))
        ids = list(prompt) + [int(word) for word in self.succeeds(*start).split()]
        self.assertEqual(len(set(ids[len(prompt):])), len(ids) - len(prompt))
        self.assertEqual(self.succeeds(*start, "--repeat-penalty", 1), new)
        (folder / "generation_config.json").write_text(json.dumps({"temperature": -1}))
        self.fails(*start, words=["generation_config.json", "temperature"])

    # ---- info

    def test_info_tells_what_was_read_ignored_and_missing(self):
        config, tensors = files.read_model(REFERENCE / "gpt2")
        info = json.loads(self.succeeds("info", REFERENCE / "gpt2_hubnames", "--json"))
        states = {entry["name"]: entry["state"] for entry in info["files"]}
        self.assertEqual(states["h.0.attn.bias"], "ignored")
        self.assertEqual(states["wte.weight"], "read")
        self.assertEqual(info["format"], "safetensors")
        keys, converted = files.gguf_of_gpt2(config, tensors)
        del converted["blk.1.ffn_up.weight"], converted["output_norm.bias"]
        result = run("info", self.write("less.gguf", files.gguf(keys, files.f32(converted))))
        self.assertEqual(result.returncode, 1)
        table, error = result.stdout.decode(), result.stderr.decode()
        self.assertIn("missing  h.1.mlp.c_fc.weight\n", table)
        self.assertIn("missing  ln_f.bias\n", table)
        self.assertIn("read  F32 [61, 32] wte.weight\n", table)
        self.assertIn("2 tensors", error)
        converted["output_norm.bias"] = files.Matrix([31], [0] * 31)
        converted["blk.1.ffn_up.weight"] = files.Matrix([128, 32], [0] * 4096)
        model = self.write("short.gguf", files.gguf(keys, files.f32(converted)))
        self.fails("info", model, words=["ln_f.bias", "[31]", "[32]"])


main()
