"""Makes tests/reference/{mistral,qwen2,gemma}: tiny random relatives of LLaMA and their outputs.

An independent forward pass in double precision from the published equations: Mistral's sliding window (Jiang et
al. 2023), Qwen2's biases (Yang et al. 2024), Gemma's scaled embeddings, norms of 1 + w and tanh GELU (Gemma Team
2024). Needs PyTorch.
"""
import math

import torch
from torch.nn import functional as F

from oracle import outputs, random_weights, write

V, D, H, K, FF, L = 31, 16, 4, 2, 24, 2


def make(folder, config, d, window=None, first_window_layer=0, qkv_bias=False, gemma=False, tied=False, seed=0):
    shapes = {"model.embed_tokens.weight": ((V, D), 0, 1 if not gemma else 0.3)}
    centre = 0 if gemma else 1
    for i in range(L):
        layer = f"model.layers.{i}."
        for name in ["input_layernorm", "post_attention_layernorm"]:
            shapes[layer + name + ".weight"] = ((D,), centre, 0.2)
        for name, out, into in [("q", H * d, D), ("k", K * d, D), ("v", K * d, D), ("o", D, H * d)]:
            shapes[layer + f"self_attn.{name}_proj.weight"] = ((out, into), 0, 0.35)
            if qkv_bias and name != "o":
                shapes[layer + f"self_attn.{name}_proj.bias"] = ((out,), 0, 0.5)
        for name, out, into in [("gate", FF, D), ("up", FF, D), ("down", D, FF)]:
            shapes[layer + f"mlp.{name}_proj.weight"] = ((out, into), 0, 0.3)
    shapes["model.norm.weight"] = ((D,), centre, 0.2)
    if not tied:
        shapes["lm_head.weight"] = ((V, D), 0, 0.8)
    w = random_weights(shapes, seed)

    def norm(x, name):
        unit = x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-6)
        return unit * (1 + w[name]) if gemma else unit * w[name]

    def turn(x):  # [T, d] by the position
        half = d // 2
        angle = torch.arange(len(x), dtype=torch.float64)[:, None] * 10000.0 ** (
            -2 * torch.arange(half, dtype=torch.float64) / d)[None, :]
        a, b = x[:, :half], x[:, half:]
        return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], 1)

    def forward(ids):
        x = w["model.embed_tokens.weight"][torch.tensor(ids)]
        if gemma:
            x = x * math.sqrt(D)
        found = {"hidden_states.0": x}
        steps = torch.arange(len(ids))
        distance = steps[:, None] - steps[None, :]
        for i in range(L):
            layer = f"model.layers.{i}."
            unseen = distance < 0
            if window and i >= first_window_layer:
                unseen = unseen | (distance >= window)
            y = norm(x, layer + "input_layernorm.weight")
            project = lambda name: F.linear(y, w[layer + f"self_attn.{name}_proj.weight"],
                                            w.get(layer + f"self_attn.{name}_proj.bias"))
            q, k, v = project("q"), project("k"), project("v")
            patterns, mixed = [], []
            for h in range(H):
                kv = h * K // H
                one = lambda z, index: z[:, index * d:(index + 1) * d]
                scores = turn(one(q, h)) @ turn(one(k, kv)).t() / math.sqrt(d)
                patterns.append(torch.softmax(scores.masked_fill(unseen, -math.inf), -1))
                mixed.append(patterns[-1] @ one(v, kv))
            found[f"attentions.{i}"] = torch.stack(patterns)
            x = x + torch.cat(mixed, 1) @ w[layer + "self_attn.o_proj.weight"].t()
            y = norm(x, layer + "post_attention_layernorm.weight")
            gate, up = (y @ w[layer + f"mlp.{name}_proj.weight"].t() for name in ("gate", "up"))
            if gemma:
                gate = 0.5 * gate * (1 + torch.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate ** 3)))
            else:
                gate = F.silu(gate)
            x = x + (gate * up) @ w[layer + "mlp.down_proj.weight"].t()
            found[f"hidden_states.{i + 1}"] = x
        x = norm(x, "model.norm.weight")
        found[f"hidden_states.{L}"] = x
        found["logits"] = x @ w["model.embed_tokens.weight" if tied else "lm_head.weight"].t()
        return found

    config = {"vocab_size": V, "hidden_size": D, "num_attention_heads": H, "num_key_value_heads": K,
              "intermediate_size": FF, "num_hidden_layers": L, "max_position_embeddings": 64,
              "rms_norm_eps": 1e-6, **config}
    prompts = [[3, 1, 4, 1, 5, 9, 2], [6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4]]
    write(folder, config, w, outputs(forward, prompts, 12))


make("mistral", {"model_type": "mistral", "sliding_window": 4}, 4, window=4, seed=11)
make("qwen2", {"model_type": "qwen2", "use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1}, 4,
     window=3, first_window_layer=1, qkv_bias=True, seed=12)
make("gemma", {"model_type": "gemma", "head_dim": 6, "hidden_act": "gelu"}, 6, gemma=True, tied=True, seed=14)
