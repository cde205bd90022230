"""Write a trained model as the folder that the program opens."""
import dataclasses
import json
import os

import safetensors_io


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
