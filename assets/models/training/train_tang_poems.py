"""Train `tang-poems`: a GPT that writes regulated Tang poems, character by character, in Traditional Chinese.

The poems are those of the npm package chinese-poetry 2.0.1 (MIT licence): `npm pack chinese-poetry@2.0.1`,
unpack, and give the path of `package/dist/quantangshi`. Of the files poet.tang.*.json the poems of the strict
forms are used (4 or 8 lines of 5 or 7 characters) whose characters are all among the 3,000 commonest.
"""
import argparse
from collections import Counter
import glob
import json
import math
import os
import random
import re

import torch
from torch.nn import functional

import export
import training
from gpt import GPT, GPTConfig

BLOCK = 66
HAN = "[\u3400-\u9fff\U00020000-\U0003ffff]"
FORMS = {(width, lines): re.compile(f"(?:{HAN}{{{width}}}，{HAN}{{{width}}}。){{{lines // 2}}}")
         for width in (5, 7) for lines in (4, 8)}
TOKENS_A_STEP = 3072
WITHOUT_START = 0.15  # share of batches that begin with the poem itself


def lines_of(poem):
    """The lines of a poem without their punctuation."""
    return re.findall(HAN + "+", poem)


def read_poems(folder):
    """Every poem of a strict form once, in the package's order, and the alphabet they are written in."""
    paths = glob.glob(os.path.join(folder, "poet.tang.*.json"))
    poems = []
    for path in sorted(paths, key=lambda path: int(path.split(".")[-2])):
        with open(path, encoding="utf-8") as file:
            poems += ["".join(poem["paragraphs"]) for poem in json.load(file)]
    if not poems:
        raise SystemExit(f"no poet.tang.*.json in {folder}")
    poems = [poem for poem in dict.fromkeys(poems) if any(form.fullmatch(poem) for form in FORMS.values())]
    counts = Counter(character for poem in poems for character in poem if character not in "，。")
    common = sorted(character for character, _ in counts.most_common(3000))
    alphabet = ["\n", "，", "。"] + common
    known = set(alphabet)
    return [poem for poem in poems if known.issuperset(poem)], alphabet


def split_poems(poems, share=0.05, seed=7):
    """Training and held-out poems. A held-out poem that shares a line with a training poem is dropped:
    the collection holds variants of one poem, and knowing those by heart must not count."""
    shuffled = list(poems)
    random.Random(seed).shuffle(shuffled)
    border = int(share * len(shuffled))
    held_out, train = shuffled[:border], shuffled[border:]
    seen = {line for poem in train for line in lines_of(poem)}
    return train, [poem for poem in held_out if seen.isdisjoint(lines_of(poem))]


def by_length(poems, alphabet):
    """Stacks of equally long sequences: a newline, the poem, a newline."""
    index = {character: i for i, character in enumerate(alphabet)}
    groups = {}
    for poem in poems:
        groups.setdefault(len(poem), []).append([index[character] for character in "\n" + poem + "\n"])
    return [torch.tensor(groups[length]) for length in sorted(groups)]


@torch.no_grad()
def held_out_loss(model, groups, han_only=False):
    """Mean nats a character over all predictions of all poems: the poem and the newline that ends it.
    With `han_only` punctuation and newline, which the form fixes, do not count."""
    total, count = 0.0, 0
    for group in groups:
        for rows in group.split(64):
            targets = rows[:, 1:].clone()
            if han_only:
                targets[targets < 3] = -100
            logits = model(rows[:, :-1])
            total += functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
            count += int((targets != -100).sum())
    return total / count


class Batches:
    """Batches of one form each, forms drawn by their share of the text, every poem once an epoch."""

    def __init__(self, groups):
        self.groups = groups
        self.weights = torch.tensor([float(group.numel()) for group in groups])
        self.queues = [torch.empty(0, dtype=torch.long) for _ in groups]

    def __call__(self):
        which = int(torch.multinomial(self.weights, 1))
        group = self.groups[which]
        size = TOKENS_A_STEP // (group.shape[1] - 1)
        if len(self.queues[which]) < size:
            self.queues[which] = torch.cat([self.queues[which], torch.randperm(len(group))])
        rows, self.queues[which] = group[self.queues[which][:size]], self.queues[which][size:]
        # People type a prompt without a newline before it: some batches begin with the poem itself.
        if float(torch.rand(1)) < WITHOUT_START:
            rows = rows[:, 1:]
        return rows[:, :-1], rows[:, 1:]


@torch.no_grad()
def write_poems(model, alphabet, prompt, count, temperature, seed=1):
    """Let the model write `count` poems after `prompt`; each is cut at its closing newline."""
    index = {character: i for i, character in enumerate(alphabet)}
    generator = torch.Generator().manual_seed(seed)
    ids = torch.tensor([[index[character] for character in prompt]] * count)
    while ids.shape[1] < BLOCK:
        weights = functional.softmax(model(ids)[:, -1] / temperature, -1)
        ids = torch.cat([ids, torch.multinomial(weights, 1, generator=generator)], 1)
    texts = ["".join(alphabet[i] for i in row) for row in ids.tolist()]
    return [text.lstrip("\n").split("\n")[0] for text in texts]


def examine(poems, train):
    """How many poems keep a strict form, and how many of all lines stand in a training poem."""
    seen = {line for poem in train for line in lines_of(poem)}
    lines = [line for poem in poems for line in lines_of(poem)]
    return {"strict": sum(any(form.fullmatch(poem) for form in FORMS.values()) for poem in poems),
            "poems": len(poems), "lines": len(lines), "known": sum(line in seen for line in lines)}


def card(arguments, model, log, facts):
    """The text of MODEL_CARD.md."""
    config, last = model.config, log[-1]
    free, typed = facts["free"], facts["typed"]
    shown = "\n\n".join(f"Prompt {label}, temperature 0.8:\n```\n" + "\n".join(poems) + "\n```"
                        for label, poems in facts["samples"])
    return f"""# tang-poems

A GPT of {model.parameter_count():,} parameters that writes regulated Tang poems, character by character, in Traditional Chinese.

| | |
|---|---|
| architecture | nanoGPT: n_layer {config.n_layer}, n_head {config.n_head}, n_embd {config.n_embd}, block_size {config.block_size}, no bias, tied output head |
| weights | float16, {os.path.getsize(os.path.join(arguments.out, 'model.safetensors')):,} bytes |
| vocabulary | newline, `，`, `。` and the 3,000 commonest characters of the poems |
| data | {facts['poems']:,} poems, {facts['characters']:,} characters: `dist/quantangshi/poet.tang.*.json` of the npm package chinese-poetry 2.0.1 (Complete Tang Poems) |
| licence of the data | MIT, Copyright (c) 2016 JackeyGao (the collection; the poems are more than a thousand years old) |
| licence of the weights | the project's own |

Of the collection's poems those are used that keep a strict form (4 or 8 lines of 5 or 7 characters), each once, and whose
characters are all among the 3,000 commonest of such poems; so there is no unknown-character token. A sequence is a newline,
the poem with its punctuation, and a newline; {100 * facts['without_start']:.0f} % of the training batches begin without the newline, so that a prompt
can be typed with or without it.

## How well it predicts
5 % of the poems, drawn at random, were held out; those that share a line with a training poem were dropped, because the
collection holds variants of one poem. {facts['held_out']:,} poems are left. Measured on them with the shipped float16 weights and float32
arithmetic; each prediction sees the poem from its beginning:

| what counts | nats a character |
|---|---|
| **every character, punctuation and the closing newline** | **{facts['loss']:.4f}** |
| Chinese characters alone (the form fixes the rest) | {facts['han_loss']:.4f} |

The second number means that the model is as unsure as if it chose among {math.exp(facts['han_loss']):.0f} characters.

Of {free['poems']} poems written after a newline at temperature 0.8, {free['strict']} keep one of the four strict forms; after the typed prompt
`{facts['prompt']}` {typed['strict']} of {typed['poems']} do. Of their {free['lines'] + typed['lines']:,} lines {free['known'] + typed['known']} stand in a training poem word for word.

## How it was trained
{last['step']:,} steps of about {TOKENS_A_STEP:,} characters, poems of one form a batch ({last['step'] * TOKENS_A_STEP / 1e6:.1f} M characters, {last['step'] * TOKENS_A_STEP / facts['train_characters']:.0f} times the
training poems), {last['minutes']:.0f} minutes on one processor core.
{export.recipe(arguments)}
The measurements below, on a third of the held-out poems, chose the weights that ship.

    npm pack chinese-poetry@2.0.1 && tar xzf chinese-poetry-2.0.1.tgz
    python3 assets/models/training/train_tang_poems.py package/dist/quantangshi

The rates follow the clock, so a run on a faster machine takes more steps.

## Loss curve (nats a character; the training loss is measured with dropout on)
{export.loss_table(log)}

## Samples (the first draws of seed 1, nothing picked)
{shown}

## Limits
It keeps the form and the vocabulary of the poems; rhyme, tone pattern and parallel couplets come only by chance or in part,
and a poem as a whole seldom says something. Characters outside the 3,000 cannot be given to it, Simplified ones among them.
"""


def export_best(arguments, model, alphabet, poems, train, held_out):
    """Write the model's folder and measure what was written."""
    prompt = "春風"
    rounded, log = export.write_best(
        arguments, model, alphabet, name="tang-poems", prompt=prompt,
        description="Writes Tang-style poems in Traditional Chinese, one character at a time.",
        description_zh_hant="寫唐詩風格的五言、七言詩，一次寫一個字。")
    groups = by_length(held_out, alphabet)
    facts = {"poems": len(poems), "characters": sum(map(len, poems)), "held_out": len(held_out), "prompt": prompt,
             "train_characters": sum(len(poem) + 1 for poem in train), "without_start": WITHOUT_START,
             "loss": held_out_loss(rounded, groups), "han_loss": held_out_loss(rounded, groups, han_only=True)}
    free, typed = (write_poems(rounded, alphabet, start, 200, 0.8) for start in ("\n", prompt))
    facts["free"], facts["typed"] = examine(free, train), examine(typed, train)
    facts["samples"] = [("a newline", free[:5]), (f"`{prompt}`", typed[:3])]
    print(facts)
    export.write_text(os.path.join(arguments.out, "MODEL_CARD.md"), card(arguments, rounded, log, facts))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("poems", help="path of package/dist/quantangshi of the npm package chinese-poetry 2.0.1")
    training.add_arguments(parser, minutes=57, batch=None, dropout=0.15, out="work-tang-poems")
    parser.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "..", "tang-poems"),
                        help="the model's folder")
    parser.add_argument("--export-only", action="store_true", help="write the best weights of --work, do not train")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    poems, alphabet = read_poems(arguments.poems)
    train, held_out = split_poems(poems)
    print(f"{len(poems)} poems, {len(train)} train, {len(held_out)} are held out", flush=True)
    model = GPT(GPTConfig(n_layer=4, n_head=4, n_embd=192, block_size=BLOCK, vocab_size=len(alphabet),
                          dropout=arguments.dropout))
    if not arguments.export_only:
        held_out_groups = by_length(held_out, alphabet)
        trainer = training.Trainer(model, arguments)
        trainer.run(Batches(by_length(train, alphabet)),
                    lambda average: held_out_loss(average, [group[::3] for group in held_out_groups]), 240)
    export_best(arguments, model, alphabet, poems, train, held_out)


if __name__ == "__main__":
    main()
