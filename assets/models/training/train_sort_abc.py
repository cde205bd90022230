"""Train `sort-abc`: a GPT of 3 layers that sorts six letters out of A, B and C.

The task and the sizes are those of minGPT's sorting demo, which LLM Visualization draws. The data are the
729 possible inputs themselves. A sequence is six letters followed by the same six sorted; the loss counts
only where a sorted letter is predicted. Checkpoints from the untrained model to the end are kept, so that
the training itself can be shown.
"""
import argparse
import itertools
import json
import os

import torch
from torch.nn import functional

import export
import safetensors_io
import training
from gpt import GPT, GPTConfig

LETTERS = ["A", "B", "C"]
CHECKPOINT_STEPS = [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384]


def every_sequence():
    """All 729 inputs with their sorted letters behind them, [729, 12]."""
    return torch.tensor([list(letters) + sorted(letters) for letters in itertools.product(range(3), repeat=6)])


def split(sequences):
    """Inputs and targets; the positions that would have to guess the input letters do not count."""
    targets = sequences[:, 1:].clone()
    targets[:, :5] = -100
    return sequences[:, :-1], targets


@torch.no_grad()
def loss_of(model, sequences):
    """Mean loss in nats over the six sorted letters of all sequences."""
    inputs, targets = split(sequences)
    return functional.cross_entropy(model(inputs).flatten(0, 1), targets.flatten()).item()


@torch.no_grad()
def count_right(model, sequences):
    """How many of the 729 inputs come out sorted when the model writes all six letters by itself."""
    ids = sequences[:, :6]
    for _ in range(6):
        ids = torch.cat([ids, model(ids)[:, -1].argmax(-1, keepdim=True)], 1)
    return int((ids == sequences).all(1).sum())


def write_checkpoint(folder, model, step, sequences, index):
    """Write the rounded weights of a step and measure what was written, not what was trained."""
    name = f"step-{step:06d}.safetensors"
    safetensors_io.save(os.path.join(folder, name), model.state_dict(), {"step": step})
    rounded = GPT(model.config).eval()
    rounded.load_state_dict(safetensors_io.load(os.path.join(folder, name)))
    entry = {"step": step, "file": name, "loss": round(loss_of(rounded, sequences), 7),
             "right": count_right(rounded, sequences)}
    index.append(entry)
    print(json.dumps(entry), flush=True)
    return rounded


def card(arguments, model, index, examples):
    """The text of MODEL_CARD.md."""
    last = index[-1]
    rows = "\n".join(f"| {entry['step']} | {entry['loss']:.6f} | {entry['right']} |" for entry in index)
    shown = "\n".join(f"{before} -> {after}" for before, after in examples)
    return f"""# sort-abc

A GPT of {model.parameter_count():,} parameters that sorts six letters out of A, B and C: after `CBABBC` it writes
`ABBBCC`. It is small enough that every number in it can be looked at.

| | |
|---|---|
| architecture | nanoGPT: n_layer 3, n_head 3, n_embd 48, block_size 11, bias, tied output head |
| weights | float16, {os.path.getsize(os.path.join(arguments.out, 'model.safetensors')):,} bytes |
| vocabulary | A, B, C |
| data | the 729 possible inputs; nothing was downloaded, so no licence applies to them |
| licence of the weights | the project's own |
| task | that of minGPT's sorting demo, which LLM Visualization draws; the weights are our own |

## How it was trained
{last['step']} steps of {arguments.batch} random inputs each, seed {arguments.seed}, Muon for the matrices of the blocks (peak rate
{arguments.muon_rate}) and AdamW for the rest (peak rate {arguments.adam_rate}), weight decay {arguments.weight_decay}, no dropout. The rates follow the step
count here. The loss counts only where a sorted letter is predicted (positions 5 to 10). The model saw all 729 inputs: it
shows how sorting is done, and says nothing about inputs it has not seen.

    python3 assets/models/training/train_sort_abc.py

## Measured after rounding to float16
Greedy output is right on **{last['right']} of 729** inputs; mean loss {last['loss']:.6f} nats a sorted letter. The table is also the
loss curve, over all 729 inputs; each row is a file in `checkpoints/` (`checkpoints/index.json` holds the same numbers).

| step | loss (nats a letter) | right of 729 |
|---|---|---|
{rows}

## Samples (greedy, the first ones of a random draw, none left out)
```
{shown}
```

## Limits
It sorts exactly six letters; it knows no other length and no other letter. Other prompts give letters without meaning.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    training.add_arguments(parser, minutes=10, batch=256, dropout=0.0, out="work-sort-abc")
    parser.set_defaults(muon_rate=0.0015, adam_rate=0.001, weight_decay=0.01, threads=1)
    parser.add_argument("--steps", type=int, default=768, help="steps; here they, not --minutes, set the rates")
    parser.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "..", "sort-abc"),
                        help="the model's folder")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    model = GPT(GPTConfig(n_layer=3, n_head=3, n_embd=48, block_size=11, vocab_size=3, bias=True,
                          dropout=arguments.dropout))
    sequences, index = every_sequence(), []
    folder = os.path.join(arguments.out, "checkpoints")
    os.makedirs(folder, exist_ok=True)

    trainer = training.Trainer(model, arguments)
    rounded = write_checkpoint(folder, model, 0, sequences, index)
    for step in range(arguments.steps):
        batch = sequences[torch.randint(len(sequences), (arguments.batch,))]
        trainer.train_step(*split(batch), (step + 1) / (arguments.steps + 1))
        if step + 1 in CHECKPOINT_STEPS or step + 1 == arguments.steps:
            rounded = write_checkpoint(folder, model, step + 1, sequences, index)
    with open(os.path.join(folder, "index.json"), "w") as file:
        file.write("[\n" + ",\n".join(" " + json.dumps(entry) for entry in index) + "\n]\n")

    export.write_model(arguments.out, rounded, LETTERS, name="sort-abc", prompt="CBABBC",
                       description="Sorts six letters: after six of A, B and C it writes the same six in order.",
                       description_zh_hant="排序六個字母：讀入六個 A、B、C，再依順序寫出來。")
    examples = []
    for row in torch.randperm(len(sequences))[:8]:
        text = "".join(LETTERS[i] for i in rounded.generate(sequences[row, :6].tolist(), 6, temperature=0))
        examples.append((text[:6], text[6:]))
    export.write_text(os.path.join(arguments.out, "MODEL_CARD.md"), card(arguments, rounded, index, examples))


if __name__ == "__main__":
    main()
