"""What the scripts beside this one share: tiny random models, their weights and outputs as safetensors.

The scripts hold independent implementations in plain PyTorch, written from the papers' equations, for
architectures of which no other reference outputs are here. Nothing in them knows Orrery.
"""
import json
import pathlib
import struct

import torch

HERE = pathlib.Path(__file__).resolve().parent.parent


def save(path, tensors):
    """Writes a safetensors file of F32 and I64 tensors."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        kind = "I64" if tensor.dtype == torch.int64 else "F32"
        flat = tensor.contiguous() if kind == "I64" else tensor.float().contiguous()
        raw = flat.numpy().tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def write(folder, config, weights, expected):
    """One folder of tests/reference. Weights become float32 before the outputs are computed, so both agree."""
    place = HERE / folder
    place.mkdir(exist_ok=True)
    (place / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    save(place / "model.safetensors", weights)
    if expected:
        save(place / "expected.safetensors", expected)


def random_weights(shapes, seed):
    """Float32 numbers as double: norms near 1, everything else spread so that every part has its say."""
    generator = torch.Generator().manual_seed(seed)
    weights = {}
    for name, (shape, centre, spread) in shapes.items():
        numbers = centre + spread * torch.randn(shape, generator=generator, dtype=torch.float64)
        weights[name] = numbers.float().double()
    return weights


def outputs(forward, prompts, greedy_new):
    """Runs forward(ids) -> dict of [T, ...] tensors with "logits" over the prompts and greedily on from them."""
    expected = {}
    for index, ids in enumerate(prompts):
        prefix = f"p{index}."
        expected[prefix + "input_ids"] = torch.tensor([ids])
        for name, tensor in forward(ids).items():
            expected[prefix + name] = tensor[None]
        text, gap = list(ids), 1e9
        for _ in range(greedy_new):
            logits = forward(text)["logits"][-1]
            best = torch.topk(logits, 2).values
            gap = min(gap, float(best[0] - best[1]))
            text.append(int(torch.argmax(logits)))
        assert gap > 2e-3, f"two tokens are nearly equal: {gap}"
        expected[prefix + "greedy_ids"] = torch.tensor([text])
    return expected
