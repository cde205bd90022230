"""Write a trained model as the folder that the program opens."""
import dataclasses
import json
import os

import torch

import safetensors_io
from gpt import GPT


def write_text(path, text):
    """Write a text file as UTF-8."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write_model(folder, model, tokens, **keys):
    """Write config.json, model.safetensors and tokenizer.json; `keys` go into config.json."""
    os.makedirs(folder, exist_ok=True)
    config = {"model_type": "nanogpt", **dataclasses.asdict(model.config), "dropout": 0.0, **keys}
    write_text(os.path.join(folder, "config.json"), json.dumps(config, ensure_ascii=False, indent=1) + "\n")
    tokenizer = {"type": "char", "tokens": tokens}
    write_text(os.path.join(folder, "tokenizer.json"), json.dumps(tokenizer, ensure_ascii=False) + "\n")
    safetensors_io.save(os.path.join(folder, "model.safetensors"), model.state_dict(), {"format": "pt"})


def write_best(arguments, model, tokens, **keys):
    """Write the best weights of a run as a model folder.

    Returns the model as read back from that folder, rounded as it ships, and the run's log.
    """
    best = torch.load(os.path.join(arguments.work, "best.pt"))
    model.load_state_dict(best["model"])
    write_model(arguments.out, model, tokens, **keys)
    rounded = GPT(model.config).eval()
    rounded.load_state_dict(safetensors_io.load(os.path.join(arguments.out, "model.safetensors")))
    with open(os.path.join(arguments.work, "log.json"), encoding="utf-8") as file:
        log = [row for row in json.load(file) if row["step"] <= best["step"]]
    return rounded, log


def recipe(arguments):
    """The sentence of a model card about how the weights were moved."""
    return (f"Muon moved the matrices of the blocks (peak rate {arguments.muon_rate}, weight decay "
            f"{arguments.weight_decay}), AdamW the embeddings and norms\n(peak rate {arguments.adam_rate}); the rates rise "
            f"over the first 2 % of the time, stay until 25 %, then fall linearly to zero. Dropout\n{arguments.dropout} "
            f"on the embedding and on both branches of every block (not on the attention pattern). What ships is an\n"
            f"exponential moving average of the weights (decay {arguments.average}), seed {arguments.seed}.")


def loss_table(log, rows=16):
    """A Markdown table of the loss curve with bars, thinned to about `rows` rows."""
    kept = log[::max(1, len(log) // rows)]
    if kept[-1] is not log[-1]:
        kept.append(log[-1])
    low = min(row["validation_loss"] for row in kept)
    high = max(row["validation_loss"] for row in kept)
    lines = ["| step | training loss | validation loss | |", "|---|---|---|---|"]
    for row in kept:
        bar = "#" * (1 + round(30 * (row["validation_loss"] - low) / max(high - low, 1e-9)))
        lines.append(f"| {row['step']} | {row['train_loss']:.3f} | {row['validation_loss']:.3f} | `{bar}` |")
    return "\n".join(lines)
