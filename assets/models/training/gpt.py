"""The GPT of nanoGPT in plain PyTorch, shared by the training scripts in this folder.

Pre-LN transformer, learned positions, exact GELU, layer norm epsilon 1e-5, and an output head that is
tied to the token embedding. Parameter names are nanoGPT's, so a file written from `state_dict()` loads
in nanoGPT too (after adding `lm_head.weight`, the copy of `transformer.wte.weight`).
"""
from dataclasses import dataclass
import math

import torch
from torch import nn
from torch.nn import functional


@dataclass
class GPTConfig:
    """The model arguments of nanoGPT."""
    n_layer: int
    n_head: int
    n_embd: int
    block_size: int
    vocab_size: int
    bias: bool = False
    dropout: float = 0.0


class LayerNorm(nn.Module):
    """Layer norm whose bias can be left out (PyTorch 1.13's own cannot)."""

    def __init__(self, width, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None

    def forward(self, x):
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, 1e-5)


class Dropout(nn.Module):
    """Dropout that cuts its masks from one pool of random bits: drawing new ones took 6 % of a CPU step."""
    POOL = 1 << 23

    def __init__(self, share):
        super().__init__()
        self.share, self.pool = share, None

    def forward(self, x):
        if not self.training or self.share == 0:
            return x
        if self.pool is None or self.pool.numel() < 2 * x.numel():
            size = max(self.POOL, 2 * x.numel())
            self.pool = (torch.rand(size) >= self.share).float() / (1 - self.share)
        start = int(torch.randint(self.pool.numel() - x.numel(), (1,)))
        return x * self.pool[start:start + x.numel()].view_as(x)


class CausalSelfAttention(nn.Module):
    """Multi-head self-attention where no position sees a later one."""

    def __init__(self, config):
        super().__init__()
        if config.n_embd % config.n_head:
            raise ValueError("n_embd must be a multiple of n_head")
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=config.bias)
        self.dropout = Dropout(config.dropout)
        self.n_head = config.n_head
        # Added to the scores: 0 where a position may look, -inf where it may not.
        hidden = torch.full((config.block_size, config.block_size), float("-inf")).triu(1)
        self.register_buffer("causal_mask", hidden, persistent=False)

    def forward(self, x):
        batch, time, width = x.shape
        head_width = width // self.n_head
        # [3, batch * head, time, head_width] in one copy: batched products need contiguous matrices.
        q, k, v = (self.c_attn(x).view(batch, time, 3, self.n_head, head_width)
                   .permute(2, 0, 3, 1, 4).reshape(3, batch * self.n_head, time, head_width))
        # baddbmm scales and masks inside the product, which saves two passes over the scores.
        scores = torch.baddbmm(self.causal_mask[:time, :time], q, k.transpose(1, 2),
                               alpha=1.0 / math.sqrt(head_width))
        mixed = torch.bmm(functional.softmax(scores, dim=-1), v)
        mixed = mixed.view(batch, self.n_head, time, head_width).transpose(1, 2).reshape(batch, time, width)
        return self.dropout(self.c_proj(mixed))


class MLP(nn.Module):
    """The two-layer perceptron of a block, four times as wide inside."""

    def __init__(self, config):
        super().__init__()
        self.c_fc = nn.Linear(config.n_embd, 4 * config.n_embd, bias=config.bias)
        self.c_proj = nn.Linear(4 * config.n_embd, config.n_embd, bias=config.bias)
        self.dropout = Dropout(config.dropout)

    def forward(self, x):
        return self.dropout(self.c_proj(functional.gelu(self.c_fc(x))))


class Block(nn.Module):
    """Attention and perceptron, each reading a normalised copy of the residual stream and adding to it."""

    def __init__(self, config):
        super().__init__()
        self.ln_1 = LayerNorm(config.n_embd, config.bias)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = LayerNorm(config.n_embd, config.bias)
        self.mlp = MLP(config)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    """Token ids [batch, time] in, logits [batch, time, vocab_size] out."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(config.vocab_size, config.n_embd),
            "wpe": nn.Embedding(config.block_size, config.n_embd),
            "drop": Dropout(config.dropout),
            "h": nn.ModuleList([Block(config) for _ in range(config.n_layer)]),
            "ln_f": LayerNorm(config.n_embd, config.bias),
        })
        for name, parameter in self.named_parameters():
            if name.endswith("c_proj.weight"):
                # 2 * n_layer branches add up in the residual stream: keep its variance at 1 layer's.
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * config.n_layer))
            elif parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, ids):
        body = self.transformer
        x = body.drop(body.wte(ids) + body.wpe.weight[:ids.shape[1]])
        for block in body.h:
            x = block(x)
        return functional.linear(body.ln_f(x), body.wte.weight)

    def parameter_count(self):
        """How many numbers the shipped file holds (the tied head counts once)."""
        return sum(parameter.numel() for parameter in self.parameters())

    @torch.no_grad()
    def generate(self, ids, count, temperature=1.0, top_k=0, stop=None, generator=None):
        """Continue the list `ids` by `count` tokens; temperature 0 takes the likeliest one each time."""
        ids = list(ids)
        for _ in range(count):
            window = torch.tensor([ids[-self.config.block_size:]])
            logits = self(window)[0, -1]
            if temperature == 0:
                ids.append(int(logits.argmax()))
            else:
                logits = logits / temperature
                if top_k:
                    logits[logits < torch.topk(logits, min(top_k, len(logits))).values[-1]] = float("-inf")
                ids.append(int(torch.multinomial(functional.softmax(logits, -1), 1, generator=generator)))
            if ids[-1] == stop:
                break
        return ids
