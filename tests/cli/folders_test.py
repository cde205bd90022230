#!/usr/bin/env python3
"""Folders as they are found on disk: other spellings of fields, weights in several files, older layouts."""
import json
import shutil
import struct

import model_files as files
from support import REFERENCE, ModelTest, main, raw_safetensors, run


def safetensors(tensors):
    header, data = {}, b""
    for name, matrix in tensors.items():
        raw = matrix.raw()
        header[name] = {"dtype": "F32", "shape": matrix.shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    return raw_safetensors(header, data)


class Folders(ModelTest):
    def copy_of(self, fixture, **changes):
        """A fixture's folder with other fields; None takes one out."""
        folder = self.folder / fixture
        folder.mkdir(exist_ok=True)
        shutil.copy(REFERENCE / fixture / "model.safetensors", folder)
        config = json.loads((REFERENCE / fixture / "config.json").read_text())
        config.update(changes)
        config = {field: value for field, value in config.items() if value is not None}
        (folder / "config.json").write_text(json.dumps(config))
        return folder

    # ---- fields

    def test_fields_under_their_usual_names(self):
        def renamed(fixture, names):
            config = json.loads((REFERENCE / fixture / "config.json").read_text())
            changes = {usual: config[own] for own, usual in names.items() if own in config}
            self.assertTrue(changes)
            return self.copy_of(fixture, **changes, **{own: None for own in names})

        self.agrees(renamed("bloom", {"n_head": "num_attention_heads", "n_layer": "num_hidden_layers"}), "bloom")
        self.agrees(renamed("mpt", {"n_heads": "num_attention_heads", "n_layers": "num_hidden_layers",
                                    "d_model": "hidden_size"}), "mpt")
        self.agrees(renamed("gpt2", {"n_head": "num_attention_heads", "n_layer": "num_hidden_layers",
                                     "n_embd": "hidden_size", "n_positions": "max_position_embeddings"}), "gpt2")

    def test_errors_name_the_field_that_the_file_has(self):
        folder = self.copy_of("gpt2", n_head=None, num_attention_heads=7)
        self.fails("info", folder, words=["cannot be divided by num_attention_heads = 7"])

    def test_a_partial_rotation_beside_the_rest_of_the_rotation(self):
        config = json.loads((REFERENCE / "gpt_neox_serial" / "config.json").read_text())
        share, base = config["rotary_pct"], config.get("rotary_emb_base", 10000)
        self.assertNotEqual(share, 0.25)
        folder = self.copy_of("gpt_neox_serial", rotary_pct=None, rotary_emb_base=None, rope_scaling=None,
                              rope_parameters={"rope_type": "default", "rope_theta": base,
                                               "partial_rotary_factor": share})
        self.agrees(folder, "gpt_neox_serial")
        folder = self.copy_of("gpt_neox_serial", rotary_pct=None, rope_parameters={"partial_rotary_factor": 2})
        self.fails("info", folder, words=["rope_parameters: 'partial_rotary_factor' must lie between 0 and 1"])

    def test_a_stretched_rotation_without_its_factor(self):
        folder = self.copy_of("llama", rope_scaling={"type": "linear"})
        self.fails("info", folder, words=["config.json: rope_scaling: the field factor is missing."])

    # ---- weights

    def test_pytorch_in_several_files(self):
        config, tensors = files.read_model(REFERENCE / "llama")
        folder = self.folder / "llama"
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(config))
        place = {}
        names = list(tensors)
        for number, part in enumerate((names[::2], names[1::2])):
            shard = f"pytorch_model-0000{number + 1}-of-00002.bin"
            root = {name: files.torch_tensor(name, len(tensors[name].numbers), tensors[name].shape)
                    for name in part}
            storages = {name: tensors[name].raw() for name in part}
            (folder / shard).write_bytes(files.torch_archive(root, storages))
            place.update({name: shard for name in part})
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": place}))
        self.agrees(folder, "llama")
        place[names[1]] = "pytorch_model-00001-of-00002.bin"
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": place}))
        self.fails("info", folder, words=["pytorch_model.bin.index.json: the tensor", "should lie in"])

    def test_pytorch_from_before_its_archives(self):
        folder = self.copy_of("llama")
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_bytes(b"\x80\2\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19." + b"\0" * 100)
        self.fails("info", folder, words=["is no ZIP archive, as which PyTorch saves since 1.6"])

        (folder / "pytorch_model.bin").rename(folder / "part.bin")
        index = {"weight_map": {"model.norm.weight": "part.bin"}}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
        self.fails("info", folder, words=["part.bin is no ZIP archive, as which PyTorch saves since 1.6"])

    def test_views_that_overlap_without_end(self):
        folder = self.copy_of("llama")
        (folder / "model.safetensors").unlink()
        size = 256
        raw = struct.pack("<f", 1) * (size * size)
        root = {f"w{i}": files.torch_tensor("0", size * size, (size, size), (1, size)) for i in range(60)}
        (folder / "pytorch_model.bin").write_bytes(files.torch_archive(root, {"0": raw}))
        self.fails("info", folder, words=["its tensors overlap too much to be rearranged"])

    def test_rwkv7_with_its_mixers_in_one_tensor(self):
        config, tensors = files.read_model(REFERENCE / "rwkv7_layers")
        for layer in range(config["num_hidden_layers"]):
            att = f"model.layers.{layer}.attn."
            rows = [tensors.pop(f"{att}x_{letter}") for letter in "rwkvag"]
            shape = [6, config["hidden_size"]] if layer else [6, 1, 1, config["hidden_size"]]
            tensors[att + "x_x"] = files.Matrix(shape, [number for row in rows for number in row.numbers])
        folder = self.copy_of("rwkv7_layers")
        (folder / "model.safetensors").write_bytes(safetensors(tensors))
        self.agrees(folder, "rwkv7_layers")

    def test_rwkv7_as_its_authors_save_it(self):
        config, tensors = files.read_model(REFERENCE / "rwkv7")
        for letter in "012":  # files have these in the first layer, too, where nothing reads them
            tensors[f"blocks.0.att.v{letter}"] = tensors[f"blocks.1.att.v{letter}"]
        root = {name: files.torch_tensor(name, len(matrix.numbers), matrix.shape) for name, matrix in tensors.items()}
        storages = {name: matrix.raw() for name, matrix in tensors.items()}
        folder = self.folder / "authors"
        folder.mkdir()
        path = folder / "RWKV-x070-World.pth"
        path.write_bytes(files.torch_archive(root, storages))
        self.agrees(path, "rwkv7")
        self.agrees(folder, "rwkv7")
        info = json.loads(self.succeeds("info", path, "--json"))
        self.assertEqual(info["format"], "PyTorch")
        found = {use["name"]: use["state"] for use in info["files"]}
        self.assertEqual(found["blocks.0.att.v1"], "ignored")

        self.succeeds("convert", path, self.folder / "converted")
        written = json.loads((self.folder / "converted" / "config.json").read_text())
        self.assertEqual({name: config[name] for name in written}, written)
        self.agrees(self.folder / "converted", "rwkv7")

        added = "blocks.0.ffn.s_emb.weight"
        path.write_bytes(files.torch_archive(root | {added: root["emb.weight"]}, storages))
        self.fails("info", path, words=[f"the tensor {added} belongs to a kind of RWKV-7 that is not supported"])
        for name in ("blocks.2.att.w1", "blocks.0.att.w1"):
            root.pop(name)
            path.write_bytes(files.torch_archive(root, storages))
            self.fails("generate", "-m", path, "--ids", "1", "-n", 1, words=[f"the tensor {name} is missing"])

    def test_tensors_that_nothing_reads(self):
        _, tensors = files.read_model(REFERENCE / "llama")

        def said(more, **changes):
            folder = self.copy_of("llama", **changes)
            (folder / "model.safetensors").write_bytes(safetensors(tensors | more))
            result = run("generate", "-m", folder, "--ids", "1,2", "-n", 1)
            self.assertEqual(result.returncode, 0)
            return result.stderr.decode()
        one = files.Matrix([4], [1, 2, 3, 4])
        self.assertEqual(said({"model.layers.0.self_attn.rotary_emb.inv_freq": one}), "")
        name = "model.layers.0.self_attn.q_norm.weight"
        self.assertIn(f"tensors that are not read (1 in all, such as {name})", said({name: one}))
        self.assertIn("(9 in all, such as model.layers.1.input_layernorm.weight)", said({}, num_hidden_layers=1))

    # ---- tokenizers

    def test_a_token_that_was_added_after_the_training(self):
        tokenizer = json.loads((REFERENCE / "tokenizers" / "neox.json").read_text())
        ids = [*tokenizer["model"]["vocab"].values(), *(token["id"] for token in tokenizer["added_tokens"])]
        config, tensors = files.read_model(REFERENCE / "llama")
        channels, vocabulary = config["hidden_size"], max(ids) + 1
        for name in ("model.embed_tokens.weight", "lm_head.weight"):
            numbers = tensors[name].numbers
            tensors[name] = files.Matrix([vocabulary, channels], (numbers * vocabulary)[:vocabulary * channels])
        folder = self.copy_of("llama", vocab_size=vocabulary)
        (folder / "model.safetensors").write_bytes(safetensors(tensors))

        def tokens(text):
            return json.loads(self.succeeds("tokenize", "-m", folder, "-p", text, "--json"))["ids"]

        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        plain = tokens("one [PAD] two")
        tokenizer["added_tokens"].append({"id": vocabulary, "content": "[PAD]", "special": True})
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        self.assertEqual(tokens("one [PAD] two"), plain)
        self.assertIn(b"tokenizer.json: [PAD]", self.succeeds("info", folder))
        tokenizer["model"]["vocab"]["more"] = vocabulary
        tokenizer["added_tokens"].pop()
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        self.fails("info", folder, words=[f"vocab_size is {vocabulary}, but the tokenizer has {vocabulary + 1}"])

    def test_a_word_piece_model_writes_spaces_between_words(self):
        tokenizer = json.loads((REFERENCE / "tokenizers" / "bert.json").read_text())
        words = {id: word for word, id in tokenizer["model"]["vocab"].items()}
        special = {token["id"] for token in tokenizer["added_tokens"]}
        vocabulary = max(words) + 1
        config, tensors = files.read_model(REFERENCE / "llama")
        for name in ("model.embed_tokens.weight", "lm_head.weight"):
            numbers = [((i * 37) % 101 - 50) / 100 for i in range(vocabulary * config["hidden_size"])]
            tensors[name] = files.Matrix([vocabulary, config["hidden_size"]], numbers)
        folder = self.copy_of("llama", vocab_size=vocabulary)
        (folder / "model.safetensors").write_bytes(safetensors(tensors))
        (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
        seen = set()
        for seed in range(20):
            out = json.loads(self.succeeds("generate", "-m", folder, "-p", "the", "-n", "12", "--temp", "3", "--seed",
                                           str(seed), "--json"))
            if special & set(out["ids"]):
                continue
            expected, kinds = "", set()
            for id in out["ids"]:
                word = words[id]
                chinese = "\u3000" <= word[0] <= "\u9fff" or "\uff00" <= word[0] <= "\uffef"
                expected += word[2:] if word.startswith("##") else word if chinese else " " + word
                kinds.add("piece" if word.startswith("##") else "chinese" if chinese else "word")
            for sign in ".?!,":
                expected = expected.replace(" " + sign, sign)
            if "'" not in expected:
                self.assertEqual(out["text"], expected)
                seen |= kinds
        self.assertEqual({"word", "piece", "chinese"}, seen)


if __name__ == "__main__":
    main()
