#!/usr/bin/env python3
"""Makes a small byte-level BPE and what it encodes, as an oracle that shares no code with Orrery.

Pre-tokenizer: GPT-2's pattern, followed by hand over unicodedata's categories instead of a regular expression.
Merges: the plain loop of the published encoder: find the pair of lowest rank, merge all its occurrences, again.
Run it in this folder: python3 make.py writes vocab.json, merges.txt and vectors.json.
"""
import collections
import json
import random
import unicodedata

SPACES = set(map(chr, [*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000]))
visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
hidden = [byte for byte in range(256) if byte not in visible]
BYTES = {byte: chr(byte) for byte in visible} | {byte: chr(256 + i) for i, byte in enumerate(hidden)}


def kind(character):
    if character in SPACES:
        return "space"
    return {"L": "letter", "N": "number"}.get(unicodedata.category(character)[0], "other")


def pieces(text):
    result, i = [], 0
    while i < len(text):
        end = 0
        for ending in ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d"):
            if text.startswith(ending, i):
                end = i + len(ending)
                break
        start = i + (text[i] == " ")
        if not end and start < len(text) and kind(text[start]) != "space":
            end = start + 1
            while end < len(text) and kind(text[end]) == kind(text[start]):
                end += 1
        if not end:
            end = i + 1
            while end < len(text) and text[end] in SPACES:
                end += 1
            if end < len(text) and end - i > 1:
                end -= 1  # the last one belongs to what follows
        result.append(text[i:end])
        i = end
    return result


def merged(word, pair):
    result, i = [], 0
    while i < len(word):
        both = tuple(word[i:i + 2]) == pair
        result.append(word[i] + word[i + 1] if both else word[i])
        i += 1 + both
    return result


def spelled(piece):
    return [BYTES[byte] for byte in piece.encode()]


def train(text, count):
    words = collections.Counter(map(tuple, map(spelled, pieces(text))))
    merges = []
    for _ in range(count):
        pairs = collections.Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        merges.append(best)
        words = collections.Counter({tuple(merged(word, best)): times for word, times in words.items()})
    return merges


def encode(text, vocabulary, ranks):
    ids = []
    for piece in pieces(text):
        word = spelled(piece)
        while len(word) > 1:
            best = min(zip(word, word[1:]), key=lambda pair: ranks.get(pair, len(ranks)))
            if best not in ranks:
                break
            word = merged(word, best)
        ids += [vocabulary[part] for part in word]
    return ids


def main():
    corpus = (
        "The orrery shows how the planets move around the sun, and we'll see that they're never at rest. "
        "It's the same with a model: the numbers move, the words move, and nothing is hidden from the reader. "
        "A reader who's patient can stop the machine, turn it back, and look into every wheel of it. "
        "春眠不覺曉，處處聞啼鳥。夜來風雨聲，花落知多少。 白日依山盡，黃河入海流。 "
        "In 1781 William Herschel found Uranus; in 1846 Galle found Neptune, 2 hours after he began to look.\n\n") * 2
    merges = train(corpus, 200)
    vocabulary = {character: i for i, character in enumerate(BYTES[byte] for byte in [*visible, *hidden])}
    for left, right in merges:
        vocabulary[left + right] = len(vocabulary)
    vocabulary["<|endoftext|>"] = len(vocabulary)
    ranks = {pair: i for i, pair in enumerate(merges)}
    texts = ["", " ", "the", " the", "The reader's words", "they're we'll I'd it'S", corpus, "a  b   c \n d\t\te  ",
             "春眠不覺曉", "planets 1781x46 ²Ⅳ½", "e\u0301 \u3000\u00a0x\u2028\u2028y", "🪐🌞 orrery🪐", "\u0000\u0001\u001f\u007f",
             "thethethethe" * 40, "\u180e \u200b\ufeff", "'s's 't'", "a'lll", "....!!!! ---", "naïve café ÀÉ", "مرحبا नमस्ते"]
    rng = random.Random(7)
    alphabet = " \n\tthenrs'.,17é春夜🪐\u00a0" + "the"
    texts += ["".join(rng.choice(alphabet) for _ in range(rng.randint(1, 60))) for _ in range(60)]
    with open("vocab.json", "w", encoding="utf-8") as file:
        json.dump(vocabulary, file, ensure_ascii=False, indent=0)
    with open("merges.txt", "w", encoding="utf-8") as file:
        file.write("#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in merges))
    with open("vectors.json", "w", encoding="utf-8") as file:
        json.dump([{"text": text, "ids": encode(text, vocabulary, ranks)} for text in texts], file, indent=0)


main()
