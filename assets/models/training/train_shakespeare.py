"""Train `shakespeare`: a character-level GPT on the text of nanoGPT's shakespeare_char.

The text is Shakespeare (public domain) in the selection of Andrej Karpathy's char-rnn: the file
data/tinyshakespeare/input.txt of github.com/karpathy/char-rnn, 1,115,394 characters, 65 distinct. It is not
part of this project: get it there and give its path. As in nanoGPT the first 90 % train, the rest validates.
"""
import argparse
import math
import os

import torch
from torch.nn import functional

import export
import training
from gpt import GPT, GPTConfig

BLOCK = 128


def read_text(path):
    """The characters as ids, split as nanoGPT does, and the sorted alphabet."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    alphabet = sorted(set(text))
    index = {character: i for i, character in enumerate(alphabet)}
    ids = torch.tensor([index[character] for character in text])
    border = int(0.9 * len(ids))
    return ids[:border], ids[border:], alphabet


@torch.no_grad()
def validation_loss(model, ids, stride=BLOCK, skip_windows=1):
    """Mean nats a character over `ids`, every prediction counted once.

    Windows of 128 characters start every `stride`; from the second on only the last `stride` predictions of
    a window count, so each has at least 128 - stride characters before it. stride 128 gives plain blocks.
    `skip_windows` above 1 takes only every n-th window: a quick estimate.
    """
    total, count, batch = 0.0, 0, []
    starts = list(range(0, len(ids) - BLOCK, stride))
    if skip_windows == 1 and starts[-1] != len(ids) - BLOCK - 1:
        starts.append(len(ids) - BLOCK - 1)  # the rest of the text, in a window that reaches further back
    covered, windows = 0, []
    for start in starts[::skip_windows]:
        first = max(covered - start, 0) if skip_windows == 1 else (0 if start == 0 else BLOCK - stride)
        windows.append((start, first))
        covered = start + BLOCK
    for begin in range(0, len(windows), 24):
        batch = windows[begin:begin + 24]
        inputs = torch.stack([ids[start:start + BLOCK] for start, _ in batch])
        targets = torch.stack([ids[start + 1:start + BLOCK + 1] for start, _ in batch])
        for row, (_, first) in enumerate(batch):
            targets[row, :first] = -100
        logits = model(inputs)
        total += functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum").item()
        count += int((targets != -100).sum())
    return total / count


def random_block_loss(model, ids, blocks=500, seed=1):
    """nanoGPT's own estimate: the mean over random blocks, most predictions with less than 128 before them."""
    generator = torch.Generator().manual_seed(seed)
    total = 0.0
    with torch.no_grad():
        for _ in range(blocks // 20):
            starts = torch.randint(len(ids) - BLOCK, (20,), generator=generator)
            inputs = torch.stack([ids[start:start + BLOCK] for start in starts])
            targets = torch.stack([ids[start + 1:start + BLOCK + 1] for start in starts])
            total += functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten()).item()
    return total / (blocks // 20)


def card(arguments, model, log, numbers, samples, train_length):
    """The text of MODEL_CARD.md."""
    config, last = model.config, log[-1]
    shown = "\n\n".join(f"Temperature {temperature}:\n```\n{text}\n```" for temperature, text in samples)
    return f"""# shakespeare

A character-level GPT of {model.parameter_count():,} parameters that writes in the manner of Shakespeare's plays: the model that
"Let's build GPT" and nanoGPT train, in a size that a processor can train.

| | |
|---|---|
| architecture | nanoGPT: n_layer {config.n_layer}, n_head {config.n_head}, n_embd {config.n_embd}, block_size {config.block_size}, no bias, tied output head |
| weights | float16, {os.path.getsize(os.path.join(arguments.out, 'model.safetensors')):,} bytes |
| vocabulary | the {config.vocab_size} characters of the text |
| data | 1,115,394 characters of Shakespeare's plays, the selection of char-rnn (`data/tinyshakespeare/input.txt` of github.com/karpathy/char-rnn); the first 90 % trained, the last 10 % validate, as in nanoGPT |
| licence of the data | public domain (Shakespeare's text) |
| licence of the weights | the project's own |

## How well it predicts
Measured on the shipped float16 weights with float32 arithmetic, on the whole validation split (the last 10 % of the text):

| how | nats a character |
|---|---|
| **every character once, with at least 64 characters before it** (windows of 128 every 64 characters, the last 64 predictions of each count) | **{numbers['long']:.4f}** |
| every character once, in plain blocks of 128 one after the other (0 to 127 characters before it) | {numbers['blocks']:.4f} |
| nanoGPT's estimate: 500 random blocks of 128, all predictions | {numbers['random']:.4f} |

For comparison, nanoGPT's 10.7 M parameters reach 1.47 with 256 positions, and its recipe for a processor (0.8 M) 1.88; both
are its random-block estimates, so compare them with the last row.
A loss of {numbers['long']:.2f} nats means that the model is as unsure as if it chose among {numbers['choices']:.1f} characters.

## How it was trained
{last['step']:,} steps of {arguments.batch} random blocks of 128 characters ({last['step'] * arguments.batch * 128 / 1e6:.1f} M characters, {last['step'] * arguments.batch * 128 / train_length:.0f} times the training text), \
{last['minutes']:.0f} minutes on one processor core.
{export.recipe(arguments)}
The measurements below, on a quarter of the validation split in plain blocks, chose the weights that ship.

    python3 assets/models/training/train_shakespeare.py input.txt

The rates follow the clock, so a run on a faster machine takes more steps and gets better.

## Loss curve (nats a character; the training loss is measured with dropout on)
{export.loss_table(log)}

## Samples (prompt `ROMEO:` and a newline, the first draw of seed 1, nothing picked)
{shown}

## Limits
It knows spelling, names, the layout of a play and short phrases; it has no idea what it says. It sees 128 characters, so
it forgets who speaks after a few lines. Characters outside its {config.vocab_size} cannot be given to it: digits other than 3, for example.
"""


def export_best(arguments, model, train_ids, validation_ids, alphabet):
    """Write the model's folder and measure what was written."""
    prompt = "ROMEO:\n"
    rounded, log = export.write_best(
        arguments, model, alphabet, name="shakespeare", prompt=prompt,
        description="Writes in the manner of Shakespeare's plays, one character at a time.",
        description_zh_hant="模仿莎士比亞的劇本，一次寫一個字元。")
    long = validation_loss(rounded, validation_ids, stride=64)
    numbers = {"long": long, "choices": math.exp(long), "blocks": validation_loss(rounded, validation_ids),
               "random": random_block_loss(rounded, validation_ids)}
    print(numbers)
    index, samples = {character: i for i, character in enumerate(alphabet)}, []
    for temperature in (0.8, 0.5):
        ids = rounded.generate([index[character] for character in prompt], 500, temperature,
                               generator=torch.Generator().manual_seed(1))
        samples.append((temperature, "".join(alphabet[i] for i in ids)))
    text = card(arguments, rounded, log, numbers, samples, len(train_ids))
    export.write_text(os.path.join(arguments.out, "MODEL_CARD.md"), text)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", help="path of char-rnn's data/tinyshakespeare/input.txt")
    training.add_arguments(parser, minutes=82, batch=24, dropout=0.1, out="work-shakespeare")
    parser.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "..", "shakespeare"),
                        help="the model's folder")
    parser.add_argument("--export-only", action="store_true", help="write the best weights of --work, do not train")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    train_ids, validation_ids, alphabet = read_text(arguments.text)
    model = GPT(GPTConfig(n_layer=6, n_head=6, n_embd=168, block_size=BLOCK, vocab_size=len(alphabet),
                          dropout=arguments.dropout))
    offsets = torch.arange(BLOCK + 1)

    def next_batch():
        starts = torch.randint(len(train_ids) - BLOCK, (arguments.batch, 1))
        rows = train_ids[starts + offsets]
        return rows[:, :-1], rows[:, 1:]

    if not arguments.export_only:
        trainer = training.Trainer(model, arguments)
        trainer.run(next_batch, lambda average: validation_loss(average, validation_ids, skip_windows=4), 240)
    export_best(arguments, model, train_ids, validation_ids, alphabet)


if __name__ == "__main__":
    main()
