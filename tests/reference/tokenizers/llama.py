#!/usr/bin/env python3
"""LLaMA 1 and 2's tokenizer out of the npm package llama-tokenizer-js 1.2.2 (MIT), as tokenizer.json and llama2.c's
tokenizer.bin: python3 llama.py PACKAGE/llama-tokenizer.js FOLDER. Not kept in the repository; a test reads it where
ORRERY_TOKENIZERS names the folder above FOLDER, and FOLDER is llama_spm."""
import base64
import json
import pathlib
import re
import struct
import sys

source = pathlib.Path(sys.argv[1]).read_text()
folder = pathlib.Path(sys.argv[2])
tokens = base64.b64decode(re.search(r'llama_vocab_base64 = "([^"]+)"', source)[1]).decode().split("\n")
pairs = base64.b64decode(re.search(r'llama_merges_binary = "([^"]+)"', source)[1])
numbers = struct.unpack(f"<{len(pairs) // 2}H", pairs)
merges = [f"{tokens[left]} {tokens[right]}" for left, right in zip(numbers[::2], numbers[1::2])]
special = [{"id": i, "content": tokens[i], "special": True} for i in range(3)]
json.dump({
    "added_tokens": special,
    "normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
    "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
                       "special_tokens": {"<s>": {"ids": [1]}}},
    "decoder": {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
    "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True,
              "vocab": {token: i for i, token in enumerate(tokens)}, "merges": merges}},
    open(folder / "tokenizer.json", "w", encoding="utf-8"), ensure_ascii=False)
order = {}  # of the tokens by their first merge: what stands for their scores
for left, right in zip(numbers[::2], numbers[1::2]):
    order.setdefault(tokens[left] + tokens[right], len(order))
with open(folder / "tokenizer.bin", "wb") as file:
    file.write(struct.pack("<i", max(len(token.encode()) for token in tokens)))
    for i, token in enumerate(tokens):
        text = (f"\n{token}\n" if i in (1, 2) else token.replace("▁", " ")).encode()
        file.write(struct.pack("<fi", float(-order.get(token, len(order))), len(text)) + text)
