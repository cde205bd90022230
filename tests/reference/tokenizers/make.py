#!/usr/bin/env python3
"""Makes small tokenizer.json files of every kind that Orrery reads, and the texts that oracle.mjs has encoded by
Hugging Face's own tokenizers (the Rust library behind the npm package @anush008/tokenizers 0.6.0):

    python3 make.py && npm install @anush008/tokenizers@0.6.0 && node oracle.mjs .
"""
import base64
import collections
import json
import math
import pathlib
import random
import struct

CORPUS = (
    "The orrery shows how the planets move around the sun, and we'll see that they're never at rest. "
    "It's the same with a model: the numbers move, the words move, and nothing is hidden from the reader. "
    "A reader who's patient can stop the machine, turn it back, and look into every wheel of it. "
    "春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。 白日依山盡，黃河入海流。 café naïve "
    "In 1781 William Herschel found Uranus; in 1846 Galle found Neptune, 2 hours after he began to look. ")
GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|"
        r"\s*[\r\n]+|\s+(?!\S)|\s+")
visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
hidden = [byte for byte in range(256) if byte not in visible]
BYTES = {byte: chr(byte) for byte in visible} | {byte: chr(256 + i) for i, byte in enumerate(hidden)}


def train(words, merge_count):
    """Pairs of neighbours, the most frequent first; the smallest pair among equals."""
    words = collections.Counter(tuple(word) for word in words)
    merges = []
    for _ in range(merge_count):
        pairs = collections.Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        changed = collections.Counter()
        for word, count in words.items():
            result, i = [], 0
            while i < len(word):
                both = word[i:i + 2] == best
                result.append(word[i] + word[i + 1] if both else word[i])
                i += 1 + both
            changed[tuple(result)] += count
        words = changed
    return merges


def added(content, number, **options):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True} | options


def tokenizer(model, normalizer=None, pre_tokenizer=None, decoder=None, post_processor=None, added_tokens=()):
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": list(added_tokens),
            "normalizer": normalizer, "pre_tokenizer": pre_tokenizer, "post_processor": post_processor,
            "decoder": decoder, "model": model}


def sequence(name, *steps):
    return {"type": "Sequence", name: list(steps)}


def bpe(vocabulary, merges, **options):
    return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "vocab": vocabulary,
            "merges": [" ".join(pair) for pair in merges]} | options


def byte_level(add_prefix_space=False, use_regex=True):
    return {"type": "ByteLevel", "add_prefix_space": add_prefix_space, "trim_offsets": True, "use_regex": use_regex}


def beginning(token, number):
    return {"type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}}}


def byte_level_model(count):
    merges = train(["".join(BYTES[byte] for byte in (" " + word).encode()) for word in CORPUS.split()], count)
    vocabulary = {character: i for i, character in enumerate(BYTES.values())}
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    return vocabulary, merges


def character_model(count):
    """SentencePiece's shape: <unk>, <s>, </s>, 256 bytes, then merged tokens, then characters."""
    words = ["▁" + word for word in CORPUS.split()]
    merges = train(words, count)
    vocabulary = {text: i for i, text in enumerate(["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256))])}
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    for character in sorted(set("".join(words)) - set("不覺é")):
        vocabulary.setdefault(character, len(vocabulary))
    merges = [pair for pair in merges if all(part in vocabulary for part in (*pair, "".join(pair)))]
    return vocabulary, merges


def unigram_pieces(count):
    pieces = collections.Counter()
    for word in CORPUS.split():
        word = "▁" + word
        for begin in range(len(word)):
            for end in range(begin + 1, min(len(word), begin + 6) + 1):
                pieces[word[begin:end]] += 1 if end - begin == 1 else (end - begin) * 2
    total = sum(pieces.values())
    best = [piece for piece, n in pieces.most_common(count)]
    rest = [piece for piece in pieces if len(piece) == 1 and piece not in best and piece not in "不覺é"]
    return [[piece, round(math.log(pieces[piece] / total), 6)] for piece in best + rest]


def charsmap(table):
    """SentencePiece's precompiled_charsmap: a double-array trie (darts-clone's units) and the replacements."""
    texts, places = b"", {}
    for key in sorted(table):
        places[key.encode()] = len(texts)
        texts += table[key].encode() + b"\0"
    units, used = {0: 0}, {0}

    def place(keys, depth, index):
        labels = collections.defaultdict(list)
        for key in keys:
            labels[key[depth] if depth < len(key) else 0].append(key)
        offset = 1
        while any((index ^ offset ^ label) in used for label in labels) or offset ^ index == 0:
            offset += 1
        assert offset < 1 << 21
        units[index] |= offset << 10
        for label in labels:
            used.add(index ^ offset ^ label)
        for label, inner in labels.items():
            child = index ^ offset ^ label
            if label == 0:
                units[index] |= 1 << 8
                units[child] = places[inner[0]] | 1 << 31
            else:
                units[child] = label
                place(inner, depth + 1, child)

    place(list(places), 0, 0)
    array = [units.get(i, 0) for i in range((max(units) | 255) + 1)]
    trie = struct.pack(f"<{len(array)}I", *array)
    return base64.b64encode(struct.pack("<I", len(trie)) + trie + texts).decode()


def tokenizers():
    vocabulary, merges = byte_level_model(150)
    size = len(vocabulary)
    end = added("<|endoftext|>", size)
    yield "neox", tokenizer(bpe(vocabulary, merges), {"type": "NFC"}, byte_level(), byte_level(), byte_level(), [
        end, added("  ", size + 1, normalized=True, special=False), added("word", size + 2, single_word=True),
        added("[M]", size + 3, lstrip=True, rstrip=True)])
    split = {"type": "Split", "pattern": {"Regex": GPT4}, "behavior": "Isolated", "invert": False}
    yield "llama3", tokenizer(bpe(vocabulary, merges[10:], ignore_merges=True), None,
                              sequence("pretokenizers", split, byte_level(use_regex=False)), byte_level(),
                              beginning("<|begin|>", size), [added("<|begin|>", size)])
    qwen = {"type": "Split", "pattern": {"Regex": GPT4.replace("{1,3}", "")}, "behavior": "Isolated", "invert": False}
    yield "qwen2", tokenizer(bpe(vocabulary, merges), {"type": "NFC"},
                             sequence("pretokenizers", qwen, byte_level(use_regex=False)), byte_level(), byte_level(),
                             [end])
    yield "digits", tokenizer(bpe(vocabulary, merges), {"type": "NFD"}, sequence(
        "pretokenizers", {"type": "Digits", "individual_digits": True},
        {"type": "Punctuation", "behavior": "MergedWithPrevious"}, byte_level(True)), byte_level(), None, [end])

    vocabulary, merges = character_model(150)
    specials = [added(token, i) for i, token in enumerate(["<unk>", "<s>", "</s>"])]
    llama = sequence("normalizers", {"type": "Prepend", "prepend": "▁"},
                     {"type": "Replace", "pattern": {"String": " "}, "content": "▁"})
    llama_decoder = sequence("decoders", {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                             {"type": "ByteFallback"}, {"type": "Fuse"},
                             {"type": "Strip", "content": " ", "start": 1, "stop": 0})
    yield "llama", tokenizer(bpe(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True), llama,
                             None, llama_decoder, beginning("<s>", 1), specials)
    yield "fused", tokenizer(bpe(vocabulary, merges, unk_token="<unk>", fuse_unk=True),
                             sequence("normalizers", {"type": "NFKC"}, {"type": "Lowercase"}, {"type": "Strip",
                                      "strip_left": True, "strip_right": True}),
                             {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
                             {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}, None, specials)
    yield "unfused", tokenizer(bpe(vocabulary, merges, unk_token="<unk>"),
                               sequence("normalizers", {"type": "NFKD"}, {"type": "StripAccents"},
                                        {"type": "Replace", "pattern": {"Regex": r"\s+"}, "content": " "}),
                               {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithNext",
                                "invert": False}, llama_decoder, None, specials)

    pieces = [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], *unigram_pieces(300)]
    ends = [added("<pad>", 0), added("</s>", 1), added("<unk>", 2)]
    table = {"\u00a0": " ", "\u3000": " ", "Ａ": "A", "ﬁ": "fi", "²": "2", "\u200b": "", "é": "é", "e\u0301": "é",
             "\n": " ", "\t": " ", "½": "1⁄2"}
    yield "t5", tokenizer({"type": "Unigram", "unk_id": 2, "vocab": pieces},
                          {"type": "Precompiled", "precompiled_charsmap": charsmap(table)},
                          sequence("pretokenizers", {"type": "WhitespaceSplit"},
                                   {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True}),
                          {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True},
                          {"type": "TemplateProcessing",
                           "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
                           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                           "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}}}, ends)
    pieces += [[f"<0x{i:02X}>", -20.0] for i in range(256)]
    yield "unigram_bytes", tokenizer({"type": "Unigram", "unk_id": 2, "byte_fallback": True, "vocab": pieces}, llama,
                                     None, llama_decoder, None, ends)

    words = collections.Counter(CORPUS.lower().replace(",", " ").replace(".", " ").replace("é", "e").split())
    vocabulary = {token: i for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])}
    for token in [*sorted(set(CORPUS) - set(" ") - set("曉")), *sorted(words)[::2],
                  *("##" + character for character in "abcdefghilmnoprstuvwy189"), "##er", "##ing", "##ets", "'"]:
        vocabulary.setdefault(token, len(vocabulary))
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
             "max_input_chars_per_word": 20, "vocab": vocabulary}
    marks = [added(token, i) for i, token in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])]
    for name, lower in (("bert", True), ("bert_cased", False)):
        yield name, tokenizer(model, {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                                      "strip_accents": None, "lowercase": lower}, {"type": "BertPreTokenizer"},
                              {"type": "WordPiece", "prefix": "##", "cleanup": True}, None, marks)
    yield "whitespace", tokenizer(model, None, {"type": "Whitespace"},
                                  {"type": "WordPiece", "prefix": "##", "cleanup": False}, None, marks)


def texts():
    result = ["", " ", "the", " the", "The reader's words", "they're we'll I'd it'S", CORPUS, "a  b   c \n d\t\te  ",
              "春眠不覺曉", "planets 1781x46 ²Ⅳ½ 12345", "e\u0301 \u3000\u00a0x\u2028\u2028y", "🪐🌞 orrery🪐", "\u0001\u001f\u007f",
              "thethethethe" * 40, "\u200b\ufeff", "'s's 't'", "a'lll", "....!!!! ---", "naïve café ÀÉ İi ǅ ẞ", "مرحبا नमस्ते",
              "the<|endoftext|>the <s> </s>x", "a [M]  b swordfish word wordy word", "[CLS] the [MASK]ed sun [SEP]", "ｶﾞ ﬁ ℌ Ａ ①",
              "한국어 ￦", "don't do not, he 's .", "▁x ▁▁", "  \r\n\r\n  z", "A" * 30 + " b", "wheels\tof <0x41> fire", "\ufb1d\u0323\u0307\u0323q"]
    alphabet = [*" \n\tthenrs'.,17é春夜🪐\u00a0", "the", "  ", "e\u0301", "[M]", "word", "er"]
    choice = random.Random(7)
    return result + ["".join(choice.choice(alphabet) for _ in range(choice.randint(1, 40))) for _ in range(30)]


here = pathlib.Path(__file__).parent
for name, file in tokenizers():
    (here / f"{name}.json").write_text(json.dumps(file, ensure_ascii=False), encoding="utf-8")
(here / "texts.json").write_text(json.dumps(texts(), indent=0), encoding="utf-8")
