"""Makes tests/reference/rwkv7 and rwkv7_layers: a tiny random RWKV-7 and its outputs.

An independent recurrence in double precision, token by token, from the equations of RWKV-7 (Peng et al. 2025,
arXiv 2503.14456). Needs PyTorch. The second folder holds the same weights under the names of the other spelling
that checkpoints use.
"""
import torch
from torch.nn import functional as F

from oracle import outputs, random_weights, write

V, D, H, L, FF, RANK = 29, 16, 2, 3, 40, 4
N = D // H


def shapes():
    found = {"emb.weight": ((V, D), 0, 1), "head.weight": ((V, D), 0, 0.8)}
    norm = lambda name: found.update({name + "weight": ((D,), 1, 0.2), name + "bias": ((D,), 0, 0.2)})
    norm("blocks.0.ln0.")
    norm("ln_out.")
    for i in range(L):
        block, att, ffn = f"blocks.{i}.", f"blocks.{i}.att.", f"blocks.{i}.ffn."
        norm(block + "ln1.")
        norm(block + "ln2.")
        norm(att + "ln_x.")
        for letter in "rwkvag":
            found[att + "x_" + letter] = ((1, 1, D), 0.5, 0.3)
        for letter in "wav":
            if letter == "v" and i == 0:
                continue
            found[att + letter + "0"] = ((1, 1, D), 0, 1)
            found[att + letter + "1"] = ((D, RANK), 0, 0.4)
            found[att + letter + "2"] = ((RANK, D), 0, 0.6)
        found[att + "g1"] = ((D, RANK), 0, 0.4)
        found[att + "g2"] = ((RANK, D), 0, 1)
        found[att + "k_k"] = ((1, 1, D), 0.8, 0.2)
        found[att + "k_a"] = ((1, 1, D), 0.9, 0.3)
        found[att + "r_k"] = ((H, N), 0, 0.3)
        for name in ["receptance", "key", "value", "output"]:
            found[att + name + ".weight"] = ((D, D), 0, 0.35)
        found[ffn + "x_k"] = ((1, 1, D), 0.5, 0.3)
        found[ffn + "key.weight"] = ((FF, D), 0, 0.3)
        found[ffn + "value.weight"] = ((D, FF), 0, 0.25)
    return found


W = random_weights(shapes(), 7)


def norm(x, name):
    return F.layer_norm(x, (D,), W[name + "weight"], W[name + "bias"], 1e-5)


def forward(ids, head_epsilon=64e-5):
    before = {}  # the normed input of each part at the token before
    state = torch.zeros(L, H, N, N, dtype=torch.float64)
    rows = {"logits": [], **{f"hidden_states.{i}": [] for i in range(L + 1)}}
    for token in ids:
        x = norm(W["emb.weight"][token], "blocks.0.ln0.")
        first_v = None
        for i in range(L):
            att, ffn = f"blocks.{i}.att.", f"blocks.{i}.ffn."
            y = norm(x, f"blocks.{i}.ln1.")
            past = before.get(att, torch.zeros(D, dtype=torch.float64))
            before[att] = y
            mix = {c: y + (past - y) * W[att + "x_" + c].view(D) for c in "rwkvag"}
            r = W[att + "receptance.weight"] @ mix["r"]
            k = W[att + "key.weight"] @ mix["k"]
            v = W[att + "value.weight"] @ mix["v"]
            low = lambda c, squash: W[att + c + "0"].view(D) + squash(mix[c] @ W[att + c + "1"]) @ W[att + c + "2"]
            decay = torch.exp(-0.606531 * torch.sigmoid(low("w", torch.tanh)))
            a = torch.sigmoid(low("a", lambda z: z))
            if i == 0:
                first_v = v
            else:
                v = v + (first_v - v) * torch.sigmoid(low("v", lambda z: z))
            gate = torch.sigmoid(mix["g"] @ W[att + "g1"]) @ W[att + "g2"]
            kk = F.normalize((k * W[att + "k_k"].view(D)).view(H, N), dim=-1)
            k = k * (1 + (a - 1) * W[att + "k_a"].view(D))
            r, k, v, a, decay = (z.view(H, N) for z in (r, k, v, a, decay))
            out = torch.zeros(H, N, dtype=torch.float64)
            for h in range(H):
                old = state[i, h]
                state[i, h] = old * decay[h][None, :] - torch.outer(old @ kk[h], kk[h] * a[h]) + torch.outer(v[h], k[h])
                out[h] = state[i, h] @ r[h]
            out = F.group_norm(out.view(1, D), H, W[att + "ln_x.weight"], W[att + "ln_x.bias"], head_epsilon).view(H, N)
            out = out + (r * k * W[att + "r_k"]).sum(-1, keepdim=True) * v
            x = x + W[att + "output.weight"] @ (out.view(D) * gate)
            y = norm(x, f"blocks.{i}.ln2.")
            past = before.get(ffn, torch.zeros(D, dtype=torch.float64))
            before[ffn] = y
            mixed = y + (past - y) * W[ffn + "x_k"].view(D)
            x = x + W[ffn + "value.weight"] @ torch.relu(W[ffn + "key.weight"] @ mixed) ** 2
            rows[f"hidden_states.{i}"].append(x)
        x = norm(x, "ln_out.")
        rows[f"hidden_states.{L}"].append(x)
        rows["logits"].append(W["head.weight"] @ x)
    found = {name: torch.stack(tensors) for name, tensors in rows.items()}
    for i in range(L):
        found[f"state.{i}"] = state[i].clone()
    return found


def layer_names():
    """The same weights as Hugging Face folders of RWKV-7 name them."""
    renamed = {}
    plain = {"emb.weight": "model.embeddings.weight", "head.weight": "lm_head.weight",
             "blocks.0.ln0.weight": "model.layers.0.pre_norm.weight",
             "blocks.0.ln0.bias": "model.layers.0.pre_norm.bias",
             "ln_out.weight": "model.norm.weight", "ln_out.bias": "model.norm.bias"}
    parts = {"att.": "attn.", "ln1.": "attn_norm.", "ln2.": "ffn_norm.", "att.ln_x.": "attn.g_norm.",
             "att.receptance.": "attn.r_proj.", "att.key.": "attn.k_proj.", "att.value.": "attn.v_proj.",
             "att.output.": "attn.o_proj."}
    for name, tensor in W.items():
        if name in plain:
            renamed[plain[name]] = tensor
            continue
        _, layer, rest = name.split(".", 2)
        for old in sorted(parts, key=len, reverse=True):
            if rest.startswith(old):
                rest = parts[old] + rest[len(old):]
                break
        letter = rest.removeprefix("attn.")
        if len(letter) == 2 and letter[1] in "012":  # a narrow network's three parts
            rest = f"attn.{letter[0]}_lora.lora." + {"0": "2.bias", "1": "0.weight", "2": "2.weight"}[letter[1]]
            tensor = tensor.view(D) if letter[1] == "0" else tensor.t()
        if letter in ("k_k", "k_a"):
            tensor = tensor.view(D)
        renamed[f"model.layers.{layer}.{rest}"] = tensor
    return renamed


config = {"model_type": "rwkv7", "vocab_size": V, "hidden_size": D, "head_dim": N, "num_hidden_layers": L,
          "intermediate_size": FF, "decay_low_rank_dim": RANK, "a_low_rank_dim": RANK, "v_low_rank_dim": RANK,
          "gate_low_rank_dim": RANK, "norm_eps": 1e-5, "tie_word_embeddings": False}
prompts = [[3, 1, 4, 1, 5, 9, 2], [6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4]]
write("rwkv7", config, W, outputs(forward, prompts, 12))
# There the heads' norms add norm_eps times the head's size.
write("rwkv7_layers", config, layer_names(), outputs(lambda ids: forward(ids, N * 1e-5), prompts, 12))
