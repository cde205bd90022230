#!/usr/bin/env python3
"""Writes a model of GPT-2's shape with seeded random weights: for measuring, not for reading.

Usage: make_synthetic_gpt2.py FOLDER [--layers 12] [--heads 12] [--channels 768] [--context 1024] [--vocabulary 50257]
Needs numpy. The defaults are GPT-2 124M's (500 MB); the model has no tokenizer, so feed it with --ids."""
import argparse
import json
import os
import struct

import numpy

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("folder")
for name, default in (("layers", 12), ("heads", 12), ("channels", 768), ("context", 1024), ("vocabulary", 50257)):
    parser.add_argument("--" + name, type=int, default=default)
given = parser.parse_args()
channels = given.channels

shapes = {"wte.weight": (given.vocabulary, channels), "wpe.weight": (given.context, channels)}
for layer in range(given.layers):
    block = f"h.{layer}."
    for norm in ("ln_1", "ln_2"):
        shapes[block + norm + ".weight"] = shapes[block + norm + ".bias"] = (channels,)
    for part, rows, cols in (("attn.c_attn", channels, 3 * channels), ("attn.c_proj", channels, channels),
                             ("mlp.c_fc", channels, 4 * channels), ("mlp.c_proj", 4 * channels, channels)):
        shapes[block + part + ".weight"] = (rows, cols)
        shapes[block + part + ".bias"] = (cols,)
shapes["ln_f.weight"] = shapes["ln_f.bias"] = (channels,)

header, offset = {}, 0
for name, shape in shapes.items():
    size = 4 * int(numpy.prod(shape))
    header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, offset + size]}
    offset += size
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)

os.makedirs(given.folder, exist_ok=True)
random = numpy.random.default_rng(1)
with open(os.path.join(given.folder, "model.safetensors"), "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text)
    for name, shape in shapes.items():
        if name.endswith("weight") and len(shape) == 1:
            numbers = numpy.ones(shape, "<f4")
        else:
            numbers = 0.02 * random.standard_normal(shape, "f4")
        file.write(numbers.astype("<f4").tobytes())
with open(os.path.join(given.folder, "config.json"), "w") as file:
    json.dump({"model_type": "gpt2", "n_layer": given.layers, "n_head": given.heads, "n_embd": channels,
               "n_positions": given.context, "vocab_size": given.vocabulary}, file, indent=1)
